"""The CloudFront double's quotas of items in progress, and its rates."""

from contextlib import suppress
from dataclasses import replace
from typing import Literal

import pytest

from support.double_with_sites import ALL, OTHER_ACCOUNT, UNMETERED, create_double, refusal_code
from support.doubles.cloudfront import ACCOUNT, Peak, Rate, ServiceError, Settings


def test_quota_refuses_the_sixteenth_wildcard_in_progress() -> None:
    double, clock = create_double()
    double.create_invalidation(ACCOUNT, "E1", [f"/{number}/*" for number in range(15)], "fifteen")
    with pytest.raises(ServiceError) as refused:
        double.create_invalidation(ACCOUNT, "E1", ALL, "one more")
    assert refused.value.code == "TooManyInvalidationsInProgress"
    assert refused.value.message == (
        "Processing your request will cause you to exceed the maximum number of in-progress wildcard invalidations."
    )
    clock.advance(UNMETERED.seconds_to_complete)
    assert double.create_invalidation(ACCOUNT, "E1", ALL, "one more")
    assert double.ledger.peaks["E1"] == Peak(paths=0, wildcards=15)


def test_quota_of_wildcards_does_not_limit_files() -> None:
    double, _ = create_double()
    double.create_invalidation(ACCOUNT, "E1", [f"/{number}/*" for number in range(15)], "fifteen")
    assert double.create_invalidation(ACCOUNT, "E1", ["/a", "/b*c", "#no-wildcard-*"], "files")


def test_quota_refuses_the_3001st_file_or_tag_in_progress() -> None:
    double, clock = create_double()
    double.create_invalidation(ACCOUNT, "E1", [f"/{number}" for number in range(2_999)], "files")
    double.create_invalidation(ACCOUNT, "E1", ["#tag", "/*"], "a tag, and a wildcard, which is counted apart")
    refused = refusal_code(lambda: double.create_invalidation(ACCOUNT, "E1", ["/one-more"], "one more"))
    assert refused == "TooManyInvalidationsInProgress"
    assert double.create_invalidation(ACCOUNT, "E2", ["/one-more"], "another distribution")
    clock.advance(UNMETERED.seconds_to_complete)
    assert double.create_invalidation(ACCOUNT, "E1", ["/one-more"], "one more")
    assert double.ledger.peaks["E1"] == Peak(paths=3_000, wildcards=1)


def test_quota_is_not_used_by_a_refused_request() -> None:
    double, _ = create_double(replace(UNMETERED, wildcards_in_progress=1, path_rate=Rate(1, 3)))
    refusal_code(lambda: double.create_invalidation(ACCOUNT, "E1", ["/a*", "/b*"], "two"))
    refusal_code(lambda: double.create_invalidation(ACCOUNT, "E1", ["/a", "/b", "/c", "/d*"], "four"))
    assert double.create_invalidation(ACCOUNT, "E1", ["/a", "/b", "/c*"], "three")


@pytest.mark.parametrize("items", [["/a", "/b"], ["/a*", "/b"]])
def test_rate_of_items_refills_with_time(items: list[str]) -> None:
    double, clock = create_double(replace(UNMETERED, path_rate=Rate(per_second=2, burst=3)))
    double.create_invalidation(ACCOUNT, "E1", items, "first")
    refused = refusal_code(lambda: double.create_invalidation(ACCOUNT, "E1", items, "second"))
    assert refused == "TooManyInvalidationsInProgress"
    clock.advance(0.5)
    assert double.create_invalidation(ACCOUNT, "E1", items, "second")


def test_rate_of_wildcards_allows_one_a_second() -> None:
    double, clock = create_double(replace(UNMETERED, wildcard_rate=Rate(1, 1), rate_code="Throttling"))
    double.create_invalidation(ACCOUNT, "E1", ALL, "0")
    assert refusal_code(lambda: double.create_invalidation(ACCOUNT, "E1", ALL, "1")) == "Throttling"
    for second in range(1, 100):
        clock.advance(1)
        assert double.create_invalidation(ACCOUNT, "E1", ["/b"], f"file {second}")
        if second % 30 == 0:  # the in-progress quota stays out of the way
            assert double.create_invalidation(ACCOUNT, "E1", ALL, f"{second}")


@pytest.mark.parametrize(("per", "accepted"), [("distribution", 1), ("account", 0)])
def test_rate_is_per_distribution_or_account(per: Literal["distribution", "account"], accepted: int) -> None:
    double, _ = create_double(replace(UNMETERED, wildcard_rate=Rate(1, 1), rates_per=per))
    double.create_invalidation(ACCOUNT, "E1", ALL, "0")
    with suppress(ServiceError):
        double.create_invalidation(ACCOUNT, "E2", ALL, "1")
    assert len(double.accepted("E2")) == accepted


def test_rate_of_calls_is_ten_at_once_then_one_in_two_seconds() -> None:
    double, clock = create_double(Settings())
    for number in range(10):
        double.create_invalidation(ACCOUNT, f"E{number % 2 + 1}", ["/a"], f"{number}")
    with pytest.raises(ServiceError) as refused:
        double.create_invalidation_for_tenant(ACCOUNT, "dt_1", ["/a"], "eleventh")
    assert (refused.value.code, refused.value.message, refused.value.status) == ("Throttling", "Rate exceeded", 400)
    assert double.create_invalidation(OTHER_ACCOUNT, "E9", ["/a"], "another account's")
    clock.advance(2)
    assert double.create_invalidation_for_tenant(ACCOUNT, "dt_1", ["/a"], "eleventh")
