"""The CloudFront double's API: references, accounts, tenants, roles, and what it lists."""

from dataclasses import replace

import pytest

from support.double_with_sites import ALL, OTHER_ACCOUNT, UNMETERED, create_double, refusal_code
from support.doubles.cloudfront import ACCOUNT, Caller, Invalidation, Rate, ServiceError


def test_reference_with_the_same_items_is_the_same_invalidation() -> None:
    double, clock = create_double()
    first = double.create_invalidation(ACCOUNT, "E1", ["/a", "/b"], "once")
    clock.advance(1)
    assert double.create_invalidation(ACCOUNT, "E1", ["/a", "/b"], "once") == first
    assert double.accepted("E1") == [first]


def test_replay_is_neither_billed_nor_counted_in_a_quota() -> None:
    double, _ = create_double(replace(UNMETERED, wildcards_in_progress=1, wildcard_rate=Rate(1, 1)))
    for _ in range(3):
        double.create_invalidation(ACCOUNT, "E1", ALL, "once")
    assert double.ledger.billed_paths == {ACCOUNT: 1}
    assert double.ledger.outcomes() == {"accepted": 1, "replayed": 2}


def test_replay_returns_the_current_status() -> None:
    double, clock = create_double()
    double.create_invalidation(ACCOUNT, "E1", ["/a"], "once")
    clock.advance(UNMETERED.seconds_to_complete)
    assert double.create_invalidation(ACCOUNT, "E1", ["/a"], "once").status == "Completed"


def test_reference_with_other_items_is_refused() -> None:
    double, _ = create_double()
    double.create_invalidation(ACCOUNT, "E1", ["/a"], "once")
    with pytest.raises(ServiceError) as refused:
        double.create_invalidation(ACCOUNT, "E1", ["/b"], "once")
    assert refused.value.code == "InvalidArgument"
    assert refused.value.message == (
        "Your request contains a caller reference that was used for a previous invalidation batch "
        "for the same distribution."
    )


def test_reference_conflict_may_have_its_documented_code() -> None:
    double, _ = create_double(replace(UNMETERED, conflict_code="InvalidationBatchAlreadyExists"))
    double.create_invalidation(ACCOUNT, "E1", ["/a"], "once")
    refused = refusal_code(lambda: double.create_invalidation(ACCOUNT, "E1", ["/b"], "once"))
    assert refused == "InvalidationBatchAlreadyExists"


def test_reference_belongs_to_one_distribution() -> None:
    double, _ = create_double()
    first = double.create_invalidation(ACCOUNT, "E1", ["/a"], "once")
    assert double.create_invalidation(ACCOUNT, "E2", ["/b"], "once").id != first.id


def test_reference_of_a_refused_call_stays_free() -> None:
    double, _ = create_double(replace(UNMETERED, wildcards_in_progress=0))
    refusal_code(lambda: double.create_invalidation(ACCOUNT, "E1", ALL, "once"))
    assert double.create_invalidation(ACCOUNT, "E1", ["/a"], "once").items == ("/a",)


def test_distribution_of_another_account_is_unknown() -> None:
    double, _ = create_double()
    assert refusal_code(lambda: double.create_invalidation(ACCOUNT, "E9", ALL, "r")) == "NoSuchDistribution"
    assert double.create_invalidation(OTHER_ACCOUNT, "E9", ALL, "r").distribution == "E9"


def test_removed_distribution_is_unknown() -> None:
    double, _ = create_double()
    double.remove("E1")
    assert refusal_code(lambda: double.create_invalidation(ACCOUNT, "E1", ALL, "r")) == "NoSuchDistribution"


def test_unknown_tenant_is_an_entity_not_found() -> None:
    double, _ = create_double()
    assert refusal_code(lambda: double.create_invalidation_for_tenant(ACCOUNT, "dt_2", ALL, "r")) == "EntityNotFound"


def test_tenant_and_distribution_have_their_own_operations() -> None:
    double, _ = create_double()
    assert refusal_code(lambda: double.create_invalidation(ACCOUNT, "dt_1", ALL, "r")) == "NoSuchDistribution"
    assert refusal_code(lambda: double.create_invalidation_for_tenant(ACCOUNT, "E1", ALL, "r")) == "EntityNotFound"
    assert double.create_invalidation_for_tenant(ACCOUNT, "dt_1", ALL, "r").distribution == "dt_1"


def test_denied_role_is_refused_before_any_lookup() -> None:
    role = "arn:aws:iam::111111111111:role/late"
    double, _ = create_double(replace(UNMETERED, denied=frozenset({role})))
    late = Caller(ACCOUNT, role)
    assert refusal_code(lambda: double.create_invalidation(late, "nowhere", ALL, "r")) == "AccessDenied"
    assert double.create_invalidation(ACCOUNT, "E1", ALL, "r")
    double.settings = UNMETERED
    assert double.create_invalidation(late, "E1", ALL, "r2")


def test_invalidation_completes_in_its_time() -> None:
    double, clock = create_double()
    created = double.create_invalidation(ACCOUNT, "E1", ["/a"], "r")
    assert (created.status, created.created) == ("InProgress", clock())
    clock.advance(UNMETERED.seconds_to_complete - 0.1)
    assert double.get_invalidation(ACCOUNT, "E1", created.id) == created
    clock.advance(0.1)
    assert double.get_invalidation(ACCOUNT, "E1", created.id).status == "Completed"


def test_invalidation_is_known_to_its_distribution_only() -> None:
    double, _ = create_double()
    created = double.create_invalidation(ACCOUNT, "E1", ["/a"], "r")
    assert refusal_code(lambda: double.get_invalidation(ACCOUNT, "E2", created.id)) == "NoSuchInvalidation"


def test_list_is_newest_first_in_pages() -> None:
    double, _ = create_double()
    created = [double.create_invalidation_for_tenant(ACCOUNT, "dt_1", ["/a"], f"{n}") for n in range(4)]
    seen: list[Invalidation] = []
    marker = ""
    for _ in range(2):
        page = double.list_invalidations_for_tenant(ACCOUNT, "dt_1", marker=marker, max_items=2)
        marker = page.next_marker
        seen += page.items
    assert seen == created[::-1]
    assert marker == ""


def test_list_refuses_an_unknown_marker() -> None:
    double, _ = create_double()
    assert refusal_code(lambda: double.list_invalidations(ACCOUNT, "E1", marker="I404")) == "InvalidArgument"
