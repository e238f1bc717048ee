"""The CloudFront double's API: who may call, how often, what comes again, and what goes wrong on purpose."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Literal

import pytest

from support.doubles.cloudfront import (
    ACCOUNT,
    Caller,
    Clock,
    CloudFrontDouble,
    ConnectionCutError,
    Fault,
    Invalidation,
    Peak,
    Rate,
    ServiceError,
    Settings,
    Site,
)

OTHER_ACCOUNT = "222222222222"
UNMETERED = Settings(path_rate=None, wildcard_rate=None, call_rate=None)
ALL = ["/*"]


def double_of(settings: Settings = UNMETERED) -> tuple[CloudFrontDouble, Clock]:
    clock = Clock()
    double = CloudFrontDouble(clock, settings, wait=clock.advance)
    double.add(
        Site(id="E1", bucket="site"),
        Site(id="E2", bucket="site"),
        Site(id="dt_1", bucket="site", tenant=True),
        Site(id="E9", bucket="site", account=OTHER_ACCOUNT),
    )
    return double, clock


def refusal_of(call: Callable[[], object]) -> str:
    with pytest.raises(ServiceError) as refused:
        call()
    return refused.value.code


# References


def test_a_reference_with_the_same_items_is_the_same_invalidation() -> None:
    double, clock = double_of()
    first = double.create_invalidation(ACCOUNT, "E1", ["/a", "/b"], "once")
    clock.advance(1)
    assert double.create_invalidation(ACCOUNT, "E1", ["/a", "/b"], "once") == first
    assert double.accepted("E1") == [first]


def test_a_replay_is_neither_billed_nor_counted_against_a_quota() -> None:
    double, _ = double_of(replace(UNMETERED, wildcards_in_progress=1, wildcard_rate=Rate(1, 1)))
    for _ in range(3):
        double.create_invalidation(ACCOUNT, "E1", ALL, "once")
    assert double.ledger.billed_paths == {ACCOUNT: 1}
    assert double.ledger.outcomes() == {"accepted": 1, "replayed": 2}


def test_a_replay_tells_the_status_of_now() -> None:
    double, clock = double_of()
    double.create_invalidation(ACCOUNT, "E1", ["/a"], "once")
    clock.advance(UNMETERED.seconds_to_complete)
    assert double.create_invalidation(ACCOUNT, "E1", ["/a"], "once").status == "Completed"


def test_a_reference_reused_with_other_items_is_refused() -> None:
    double, _ = double_of()
    double.create_invalidation(ACCOUNT, "E1", ["/a"], "once")
    with pytest.raises(ServiceError) as refused:
        double.create_invalidation(ACCOUNT, "E1", ["/b"], "once")
    assert refused.value.code == "InvalidArgument"
    assert refused.value.message == (
        "Your request contains a caller reference that was used for a previous invalidation batch "
        "for the same distribution."
    )


def test_the_conflict_may_have_its_documented_code_instead() -> None:
    double, _ = double_of(replace(UNMETERED, conflict_code="InvalidationBatchAlreadyExists"))
    double.create_invalidation(ACCOUNT, "E1", ["/a"], "once")
    refused = refusal_of(lambda: double.create_invalidation(ACCOUNT, "E1", ["/b"], "once"))
    assert refused == "InvalidationBatchAlreadyExists"


def test_a_reference_belongs_to_one_distribution() -> None:
    double, _ = double_of()
    first = double.create_invalidation(ACCOUNT, "E1", ["/a"], "once")
    assert double.create_invalidation(ACCOUNT, "E2", ["/b"], "once").id != first.id


def test_a_refused_call_leaves_its_reference_free() -> None:
    double, _ = double_of(replace(UNMETERED, wildcards_in_progress=0))
    refusal_of(lambda: double.create_invalidation(ACCOUNT, "E1", ALL, "once"))
    assert double.create_invalidation(ACCOUNT, "E1", ["/a"], "once").items == ("/a",)


# Accounts, roles, tenants


def test_a_distribution_of_another_account_is_unknown() -> None:
    double, _ = double_of()
    assert refusal_of(lambda: double.create_invalidation(ACCOUNT, "E9", ALL, "r")) == "NoSuchDistribution"
    assert double.create_invalidation(OTHER_ACCOUNT, "E9", ALL, "r").distribution == "E9"


def test_a_removed_distribution_is_unknown() -> None:
    double, _ = double_of()
    double.remove("E1")
    assert refusal_of(lambda: double.create_invalidation(ACCOUNT, "E1", ALL, "r")) == "NoSuchDistribution"


def test_an_unknown_tenant_is_an_entity_not_found() -> None:
    double, _ = double_of()
    assert refusal_of(lambda: double.create_invalidation_for_tenant(ACCOUNT, "dt_2", ALL, "r")) == "EntityNotFound"


def test_tenants_and_distributions_are_not_called_alike() -> None:
    double, _ = double_of()
    assert refusal_of(lambda: double.create_invalidation(ACCOUNT, "dt_1", ALL, "r")) == "NoSuchDistribution"
    assert refusal_of(lambda: double.create_invalidation_for_tenant(ACCOUNT, "E1", ALL, "r")) == "EntityNotFound"
    assert double.create_invalidation_for_tenant(ACCOUNT, "dt_1", ALL, "r").distribution == "dt_1"


def test_a_denied_role_is_refused_before_anything_is_looked_up() -> None:
    role = "arn:aws:iam::111111111111:role/late"
    double, _ = double_of(replace(UNMETERED, denied=frozenset({role})))
    late = Caller(ACCOUNT, role)
    assert refusal_of(lambda: double.create_invalidation(late, "nowhere", ALL, "r")) == "AccessDenied"
    assert double.create_invalidation(ACCOUNT, "E1", ALL, "r")
    double.settings = UNMETERED
    assert double.create_invalidation(late, "E1", ALL, "r2")


# Quotas


def test_the_sixteenth_wildcard_in_progress_is_refused() -> None:
    double, clock = double_of()
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


def test_files_have_room_while_wildcards_have_none() -> None:
    double, _ = double_of()
    double.create_invalidation(ACCOUNT, "E1", [f"/{number}/*" for number in range(15)], "fifteen")
    assert double.create_invalidation(ACCOUNT, "E1", ["/a", "/b*c", "#no-wildcard-*"], "files")


def test_the_3001st_file_in_progress_is_refused_and_tags_count_as_files() -> None:
    double, clock = double_of()
    double.create_invalidation(ACCOUNT, "E1", [f"/{number}" for number in range(2_999)], "files")
    double.create_invalidation(ACCOUNT, "E1", ["#tag", "/*"], "a tag, and a wildcard, which is counted apart")
    refused = refusal_of(lambda: double.create_invalidation(ACCOUNT, "E1", ["/one-more"], "one more"))
    assert refused == "TooManyInvalidationsInProgress"
    assert double.create_invalidation(ACCOUNT, "E2", ["/one-more"], "another distribution")
    clock.advance(UNMETERED.seconds_to_complete)
    assert double.create_invalidation(ACCOUNT, "E1", ["/one-more"], "one more")
    assert double.ledger.peaks["E1"] == Peak(paths=3_000, wildcards=1)


def test_a_refused_request_takes_nothing() -> None:
    double, _ = double_of(replace(UNMETERED, wildcards_in_progress=1, path_rate=Rate(1, 3)))
    refusal_of(lambda: double.create_invalidation(ACCOUNT, "E1", ["/a*", "/b*"], "two"))
    refusal_of(lambda: double.create_invalidation(ACCOUNT, "E1", ["/a", "/b", "/c", "/d*"], "four"))
    assert double.create_invalidation(ACCOUNT, "E1", ["/a", "/b", "/c*"], "three")


@pytest.mark.parametrize("items", [["/a", "/b"], ["/a*", "/b"]])
def test_items_over_the_rate_wait_until_the_bucket_refills(items: list[str]) -> None:
    double, clock = double_of(replace(UNMETERED, path_rate=Rate(per_second=2, burst=3)))
    double.create_invalidation(ACCOUNT, "E1", items, "first")
    refused = refusal_of(lambda: double.create_invalidation(ACCOUNT, "E1", items, "second"))
    assert refused == "TooManyInvalidationsInProgress"
    clock.advance(0.5)
    assert double.create_invalidation(ACCOUNT, "E1", items, "second")


def test_a_wildcard_a_second_is_all_when_the_burst_is_one() -> None:
    double, clock = double_of(replace(UNMETERED, wildcard_rate=Rate(1, 1), rate_code="Throttling"))
    double.create_invalidation(ACCOUNT, "E1", ALL, "0")
    assert refusal_of(lambda: double.create_invalidation(ACCOUNT, "E1", ALL, "1")) == "Throttling"
    for second in range(1, 100):
        clock.advance(1)
        assert double.create_invalidation(ACCOUNT, "E1", ["/b"], f"file {second}")
        if second % 30 == 0:  # the in-progress quota stays out of the way
            assert double.create_invalidation(ACCOUNT, "E1", ALL, f"{second}")


@pytest.mark.parametrize(("per", "accepted"), [("distribution", 1), ("account", 0)])
def test_wildcard_rate_is_per_distribution_or_account(per: Literal["distribution", "account"], accepted: int) -> None:
    double, _ = double_of(replace(UNMETERED, wildcard_rate=Rate(1, 1), rates_per=per))
    double.create_invalidation(ACCOUNT, "E1", ALL, "0")
    with suppress(ServiceError):
        double.create_invalidation(ACCOUNT, "E2", ALL, "1")
    assert len(double.accepted("E2")) == accepted


def test_an_account_calls_ten_times_at_once_then_every_other_second() -> None:
    double, clock = double_of(Settings())
    for number in range(10):
        double.create_invalidation(ACCOUNT, f"E{number % 2 + 1}", ["/a"], f"{number}")
    with pytest.raises(ServiceError) as refused:
        double.create_invalidation_for_tenant(ACCOUNT, "dt_1", ["/a"], "eleventh")
    assert (refused.value.code, refused.value.message, refused.value.status) == ("Throttling", "Rate exceeded", 400)
    assert double.create_invalidation(OTHER_ACCOUNT, "E9", ["/a"], "another account's")
    clock.advance(2)
    assert double.create_invalidation_for_tenant(ACCOUNT, "dt_1", ["/a"], "eleventh")


# Looking back


def test_an_invalidation_completes_in_its_time() -> None:
    double, clock = double_of()
    created = double.create_invalidation(ACCOUNT, "E1", ["/a"], "r")
    assert (created.status, created.created) == ("InProgress", clock())
    clock.advance(UNMETERED.seconds_to_complete - 0.1)
    assert double.get_invalidation(ACCOUNT, "E1", created.id) == created
    clock.advance(0.1)
    assert double.get_invalidation(ACCOUNT, "E1", created.id).status == "Completed"


def test_an_invalidation_is_known_to_its_own_distribution_only() -> None:
    double, _ = double_of()
    created = double.create_invalidation(ACCOUNT, "E1", ["/a"], "r")
    assert refusal_of(lambda: double.get_invalidation(ACCOUNT, "E2", created.id)) == "NoSuchInvalidation"


def test_the_list_has_the_newest_first_in_pages() -> None:
    double, _ = double_of()
    created = [double.create_invalidation_for_tenant(ACCOUNT, "dt_1", ["/a"], f"{n}") for n in range(4)]
    seen: list[Invalidation] = []
    marker = ""
    for _ in range(2):
        page = double.list_invalidations_for_tenant(ACCOUNT, "dt_1", marker=marker, max_items=2)
        marker = page.next_marker
        seen += page.items
    assert seen == created[::-1]
    assert marker == ""


def test_an_unknown_marker_is_refused() -> None:
    double, _ = double_of()
    assert refusal_of(lambda: double.list_invalidations(ACCOUNT, "E1", marker="I404")) == "InvalidArgument"


# Faults


def test_a_fault_strikes_the_calls_it_is_meant_for_as_often_as_it_says() -> None:
    double, _ = double_of()
    double.faults.add(Fault(distribution="E1", skip=2, times=2, error="ServiceUnavailable"))
    double.create_invalidation(ACCOUNT, "E1", ["/a"], "let through")
    double.create_invalidation(ACCOUNT, "E1", ["/a"], "let through, too")
    for _ in range(2):
        double.create_invalidation(ACCOUNT, "E2", ["/a"], "not meant")
        assert refusal_of(lambda: double.create_invalidation(ACCOUNT, "E1", ["/a"], "struck")) == "ServiceUnavailable"
    assert double.create_invalidation(ACCOUNT, "E1", ["/a"], "struck")
    assert not double.faults.pending()
    assert double.ledger.outcomes(account=ACCOUNT, distribution="E1") == {"accepted": 3, "ServiceUnavailable": 2}


def test_a_fault_may_last_from_one_time_to_another() -> None:
    double, clock = double_of()
    double.faults.add(Fault(account=ACCOUNT, since=clock() + 10, until=clock() + 20, times=None, error="AccessDenied"))
    double.create_invalidation(ACCOUNT, "E1", ["/a"], "before")
    clock.advance(10)
    assert refusal_of(lambda: double.create_invalidation(ACCOUNT, "E1", ["/a"], "during")) == "AccessDenied"
    clock.advance(10)
    assert double.create_invalidation(ACCOUNT, "E1", ["/a"], "after")


def test_a_fault_may_pick_its_calls_by_what_they_hold() -> None:
    double, _ = double_of()
    double.faults.add(Fault(when=lambda call: "/a" in call.items, times=None, error="InternalFailure"))
    assert double.create_invalidation(ACCOUNT, "E1", ["/b"], "b")
    with pytest.raises(ServiceError) as refused:
        double.create_invalidation(ACCOUNT, "E1", ["/a", "/b"], "a")
    assert refused.value.status == 500


def test_a_fault_may_have_another_status_than_its_codes_own() -> None:
    double, _ = double_of()
    double.faults.add(Fault(operation="GetInvalidation", error="ServiceUnavailable", status=502))
    created = double.create_invalidation(ACCOUNT, "E1", ["/a"], "r")
    with pytest.raises(ServiceError) as refused:
        double.get_invalidation(ACCOUNT, "E1", created.id)
    assert refused.value.status == 502


def test_a_fault_with_an_unknown_code_is_a_mistake_in_the_test() -> None:
    with pytest.raises(ValueError, match="'Throttled' is no code"):
        Fault(error="Throttled")


def test_a_call_cut_before_processing_never_happened() -> None:
    double, _ = double_of()
    double.faults.add(Fault(cut="before"))
    with pytest.raises(ConnectionCutError):
        double.create_invalidation(ACCOUNT, "E1", ["/a"], "r")
    assert not double.accepted("E1")
    assert double.ledger.outcomes() == {"cut": 1}


def test_a_call_cut_after_processing_did_happen() -> None:
    double, _ = double_of()
    double.faults.add(Fault(cut="after"))
    with pytest.raises(ConnectionCutError):
        double.create_invalidation(ACCOUNT, "E1", ["/a"], "r")
    assert double.create_invalidation(ACCOUNT, "E1", ["/a"], "r") == double.accepted("E1")[0]
    assert double.ledger.outcomes() == {"accepted+cut": 1, "replayed": 1}


def test_a_refusal_can_go_unheard_too() -> None:
    double, _ = double_of()
    double.faults.add(Fault(cut="after"))
    with pytest.raises(ConnectionCutError):
        double.create_invalidation(ACCOUNT, "E1", ["/a~"], "r")
    assert double.ledger.outcomes() == {"InvalidArgument+cut": 1}


def test_a_slow_call_is_processed_when_its_delay_is_over() -> None:
    double, clock = double_of()
    double.faults.add(Fault(delay=7))
    asked = clock()
    assert double.create_invalidation(ACCOUNT, "E1", ["/a"], "r").created == asked + 7


def test_every_item_is_billed_to_its_account() -> None:
    double, _ = double_of()
    double.create_invalidation(ACCOUNT, "E1", ["/a", "/a", "/b*", "#tag"], "four")
    double.create_invalidation(OTHER_ACCOUNT, "E9", ["/a"], "one")
    assert double.ledger.billed_paths == {ACCOUNT: 4, OTHER_ACCOUNT: 1}
