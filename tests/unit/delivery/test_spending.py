"""The paths that a distribution spent in a day, never counted lower than they are."""

from collections.abc import Sequence

import pytest

from purgemap.delivery import InvalidationPage, ListedInvalidation, RateLimit
from purgemap.delivery.distribution_budget import DistributionBudget
from purgemap.delivery.spending import Spending
from purgemap.errors import PurgemapError
from purgemap.routemap.compiled import Distribution

NOW = 1_000_000.0


def spending_of(paths: Sequence[int | None]) -> Spending:
    """Build the spending of listed invalidations, newest last; None is an invalidation not read yet."""
    spending = Spending()
    listed = [ListedInvalidation(f"I{number}", NOW + number) for number in range(len(paths))]
    spending.list_new(lambda _: InvalidationPage(listed[::-1], ""), 0.0, lambda: True)
    for invalidation, count in zip(listed, paths, strict=True):
        if count is not None:
            spending.record_items(invalidation.id, ("/",) * count)
    return spending


@pytest.mark.parametrize(
    ("paths", "counted"),
    [
        ([], 0),
        ([3, 4], 7),
        ([None], 1),
        ([10, None, 1], 10 + 10 + 1),
        ([1, None, None, 10], 1 + 10 + 10 + 10),
        ([None, 5, None], 15),
    ],
)
def test_spending_counts_unread_as_larger_neighbour(paths: Sequence[int | None], counted: int) -> None:
    assert spending_of(paths).paths() == counted


@pytest.mark.parametrize(
    ("since", "numbers"),
    [
        (98, [99, 98, 0, 13, 26, 39, 52, 65, 78, 91]),
        (50, [99, 98, 97, 96, 95, 0, 10, 20, 30, 40]),
        (2, [99, 98, 97, 96, 95, 94, 93, 92, 0, 1]),
        (0, [99, 98, 97, 96, 95, 94, 93, 92, 91, 90]),
    ],
)
def test_spending_reads_newest_and_samples_of_the_day(since: int, numbers: list[int]) -> None:
    chosen = spending_of([None] * 100).unread_ids(NOW + since, limit=10)
    assert chosen == [f"I{number}" for number in numbers]


def test_spending_lists_back_to_known_invalidation() -> None:
    pages = {
        "": InvalidationPage([ListedInvalidation("I4", NOW + 4), ListedInvalidation("I3", NOW + 3)], "2"),
        "2": InvalidationPage([ListedInvalidation("I2", NOW + 2), ListedInvalidation("I1", NOW + 1)], "0"),
        "0": InvalidationPage([ListedInvalidation("I0", NOW)], ""),
    }
    read: list[str] = []

    def list_page(marker: str) -> InvalidationPage:
        read.append(marker)
        return pages[marker]

    spending = Spending()
    spending.list_new(list_page, 0.0, lambda: len(read) < 2)
    assert read == ["", "2"], "as far as there is time"
    spending.list_new(list_page, 0.0, lambda: True)
    assert read[2:] == ["", "2", "0"], "what an unfinished reading has left out is read"
    spending.list_new(list_page, 0.0, lambda: True)
    assert read[5:] == [""]
    assert spending.newest() == NOW + 4


def test_spending_forgets_day_old_invalidations() -> None:
    spending = spending_of([2, 3])
    spending.forget(NOW + 86_400)
    assert spending.paths() == 3


def test_spending_trusts_only_listed_items() -> None:
    spending = spending_of([1])
    spending.record("I-sent", ("/*",), NOW + 50)
    assert spending.items_since(NOW) == {"/"}
    spending.list_new(lambda _: InvalidationPage([ListedInvalidation("I-sent", NOW - 500)], ""), 0.0, lambda: True)
    assert spending.items_since(NOW) == {"/"}, "the answer to a repeated request, made long ago"
    assert spending.items_since(NOW - 500) == {"/", "/*"}


class UnreadableHistory:
    """Refuses every read."""

    def list_page(self, distribution: Distribution, marker: str) -> InvalidationPage:
        raise PurgemapError(f"ListInvalidations: AccessDenied: {distribution.id} {marker}")

    def read_items(self, distribution: Distribution, invalidation: str) -> tuple[str, ...]:
        raise PurgemapError(f"GetInvalidation: AccessDenied: {distribution.id} {invalidation}")


def test_distribution_budget_warns_if_refresh_fails() -> None:
    warnings: list[str] = []
    rate_limit = RateLimit(now=lambda: NOW, seconds_left=lambda: 60.0, sleep=lambda _: None)
    DistributionBudget(UnreadableHistory(), Distribution("E1EXAMPLE1ABCD", max_paths_per_day=5)).refresh(
        rate_limit, warnings.append
    )
    assert len(warnings) == 1
