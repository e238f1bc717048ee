"""Requests with invalid items: the search for them, and the wildcards that replace them."""

from dataclasses import replace

import pytest

from purgemap.delivery import (
    Accepted,
    Deferred,
    FailureKind,
    InvalidationError,
    Outcome,
    Rejected,
)
from purgemap.jobs import PendingJob
from purgemap.routemap import Distribution
from support.delivery import SITE, build_job, build_rate_limit, deliver
from support.doubles.memory import MemoryCloudFront
from support.ids import NOW


class PickyCloudFront(MemoryCloudFront):
    """Refuses a whole request for one invalid item without naming it, as CloudFront does."""

    def __init__(self, *bad: str) -> None:
        super().__init__()
        self.bad = set(bad)

    def create_invalidation(self, distribution: Distribution, items: tuple[str, ...], caller_reference: str) -> str:
        accepted = super().create_invalidation(distribution, items, caller_reference)
        if self.bad & set(items):
            raise InvalidationError(
                FailureKind.INVALID_ARGUMENT, "InvalidArgument: one or more invalid invalidation paths"
            )
        return accepted


def test_attempt_replaces_invalid_item_by_wildcard_of_scope() -> None:
    cloudfront = PickyCloudFront("/blog/bad")
    items = [f"/blog/{name}" for name in ("a", "b", "bad", "c", "d", "e")]
    outcomes = deliver([PendingJob(build_job(*items, scope="/blog/"), SITE)], cloudfront, build_rate_limit())
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    covered_items = {item for outcome in outcomes if isinstance(outcome, Accepted) for item in outcome.items}
    assert covered_items == {*items, "/blog/", "/blog/*"} - {"/blog/bad"}


def test_attempt_rejects_only_invalid_item_without_fallback() -> None:
    cloudfront = PickyCloudFront("/bad")
    outcomes = deliver([PendingJob(build_job("/a", "/bad", "/c", scope=None), SITE)], cloudfront, build_rate_limit())
    rejected = [outcome for outcome in outcomes if isinstance(outcome, Rejected)]
    assert [list(outcome.job.scopes) for outcome in rejected] == [["/bad"]]
    assert {item for outcome in outcomes if isinstance(outcome, Accepted) for item in outcome.items} == {"/a", "/c"}


def test_attempt_rejects_only_item_with_invalid_fallback() -> None:
    cloudfront = PickyCloudFront("/blog/bad", "/blog/*")
    outcomes = deliver(
        [PendingJob(build_job("/blog/a", "/blog/bad", scope="/blog/"), SITE)], cloudfront, build_rate_limit()
    )
    assert [list(outcome.job.scopes) for outcome in outcomes if isinstance(outcome, Rejected)] == [["/blog/bad"]]
    assert [outcome.items for outcome in outcomes if isinstance(outcome, Accepted)] == [("/blog/a",)]


def test_attempt_rejects_item_that_fallback_does_not_cover() -> None:
    outcomes = deliver(
        [PendingJob(build_job("/blog", "/blog/a", scope="/blog/"), SITE)], PickyCloudFront("/blog"), build_rate_limit()
    )
    assert [list(outcome.job.scopes) for outcome in outcomes if isinstance(outcome, Rejected)] == [["/blog"]]
    assert [outcome.items for outcome in outcomes if isinstance(outcome, Accepted)] == [
        ("/blog/", "/blog/*"),
        ("/blog/a",),
    ]


def test_attempt_sends_one_fallback_per_scope() -> None:
    cloudfront = PickyCloudFront("/blog/a", "/blog/b")
    outcomes = deliver(
        [PendingJob(build_job("/blog/a", "/blog/b", scope="/blog/"), SITE)], cloudfront, build_rate_limit()
    )
    assert [outcome.items for outcome in outcomes if isinstance(outcome, Accepted)] == [("/blog/", "/blog/*")]
    assert len(outcomes) == 1


def test_attempt_rejects_item_refused_with_its_wildcard() -> None:
    # A search ends after eight calls: the other items are deferred, but a refused item is not sent again.
    items = [f"/blog/{number:03}" for number in range(100)]
    cloudfront = PickyCloudFront("/blog/000", "/blog/*", *items[50:])
    outcomes: list[Outcome] = deliver(
        [PendingJob(build_job(*items, scope="/blog/"), SITE)], cloudfront, build_rate_limit()
    )
    assert ["/blog/000"] in [list(outcome.job.scopes) for outcome in outcomes if isinstance(outcome, Rejected)]


def test_attempt_defers_rest_when_search_calls_are_used() -> None:
    items = [f"/{n:03}" for n in range(150)]
    cloudfront = PickyCloudFront(*items[::2])
    outcomes = deliver([PendingJob(build_job(*items, scope=None), SITE)], cloudfront, build_rate_limit())
    assert len(cloudfront.calls) <= 9
    accepted = {item for outcome in outcomes if isinstance(outcome, Accepted) for item in outcome.items}
    others = {item for outcome in outcomes if not isinstance(outcome, Accepted) for item in outcome.job.scopes}
    assert accepted | others == set(items)


@pytest.mark.parametrize("place", [0, 1_499, 2_999])
def test_attempt_search_makes_progress_with_many_items(place: int) -> None:
    items = [f"/{n:04}" for n in range(3_000)]
    cloudfront, distribution = PickyCloudFront(items[place]), replace(SITE, max_paths=3_000)
    remaining, rounds = build_job(*items, scope=None), 0
    outcomes: list[Outcome] = []
    while remaining.scopes:
        outcomes += deliver([PendingJob(remaining, distribution)], cloudfront, build_rate_limit())
        deferred_scopes = [outcome.job.scopes for outcome in outcomes[-1:] if isinstance(outcome, Deferred)]
        remaining, rounds = remaining._replace(scopes=deferred_scopes[0] if deferred_scopes else {}), rounds + 1
        assert rounds < 10
    assert [list(outcome.job.scopes) for outcome in outcomes if isinstance(outcome, Rejected)] == [[items[place]]]


def test_attempt_search_is_given_up_if_all_items_are_invalid() -> None:
    items = [f"/{n:03}" for n in range(150)]
    aged = build_job(*items, scope=None)._replace(oldest_event_time=NOW - 6 * 3600 - 1)
    for failed_attempts in range(3):
        *_, outcome = deliver(
            [PendingJob(aged._replace(failed_attempts=failed_attempts), SITE)],
            PickyCloudFront(*items),
            build_rate_limit(),
        )
        assert isinstance(outcome, Deferred)
        assert outcome.job.failed_attempts == failed_attempts + 1
    *_, outcome = deliver(
        [PendingJob(aged._replace(failed_attempts=3), SITE)], PickyCloudFront(*items), build_rate_limit()
    )
    assert isinstance(outcome, Rejected)
    assert outcome.reason.startswith("gave up")
