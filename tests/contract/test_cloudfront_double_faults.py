"""The CloudFront double's faults, and its bill."""

import pytest

from support.double_with_sites import OTHER_ACCOUNT, create_double, refusal_code
from support.doubles.cloudfront import ACCOUNT, ConnectionCutError, Fault, ServiceError


def test_fault_strikes_its_calls_as_often_as_it_says() -> None:
    double, _ = create_double()
    double.faults.add(Fault(distribution="E1", skip=2, times=2, error="ServiceUnavailable"))
    double.create_invalidation(ACCOUNT, "E1", ["/a"], "let through")
    double.create_invalidation(ACCOUNT, "E1", ["/a"], "let through, too")
    for _ in range(2):
        double.create_invalidation(ACCOUNT, "E2", ["/a"], "not meant")
        assert refusal_code(lambda: double.create_invalidation(ACCOUNT, "E1", ["/a"], "struck")) == "ServiceUnavailable"
    assert double.create_invalidation(ACCOUNT, "E1", ["/a"], "struck")
    assert not double.faults.pending()
    assert double.ledger.outcomes(account=ACCOUNT, distribution="E1") == {"accepted": 3, "ServiceUnavailable": 2}


def test_fault_may_last_for_a_time() -> None:
    double, clock = create_double()
    double.faults.add(Fault(account=ACCOUNT, since=clock() + 10, until=clock() + 20, times=None, error="AccessDenied"))
    double.create_invalidation(ACCOUNT, "E1", ["/a"], "before")
    clock.advance(10)
    assert refusal_code(lambda: double.create_invalidation(ACCOUNT, "E1", ["/a"], "during")) == "AccessDenied"
    clock.advance(10)
    assert double.create_invalidation(ACCOUNT, "E1", ["/a"], "after")


def test_fault_may_select_its_calls_by_a_function() -> None:
    double, _ = create_double()
    double.faults.add(Fault(when=lambda call: "/a" in call.items, times=None, error="InternalFailure"))
    assert double.create_invalidation(ACCOUNT, "E1", ["/b"], "b")
    with pytest.raises(ServiceError) as refused:
        double.create_invalidation(ACCOUNT, "E1", ["/a", "/b"], "a")
    assert refused.value.status == 500


def test_fault_may_have_another_status_than_its_codes() -> None:
    double, _ = create_double()
    double.faults.add(Fault(operation="GetInvalidation", error="ServiceUnavailable", status=502))
    created = double.create_invalidation(ACCOUNT, "E1", ["/a"], "r")
    with pytest.raises(ServiceError) as refused:
        double.get_invalidation(ACCOUNT, "E1", created.id)
    assert refused.value.status == 502


def test_fault_refuses_an_unknown_code() -> None:
    with pytest.raises(ValueError, match="'Throttled' is not a code"):
        Fault(error="Throttled")


def test_fault_that_cuts_before_processing_creates_nothing() -> None:
    double, _ = create_double()
    double.faults.add(Fault(cut="before"))
    with pytest.raises(ConnectionCutError):
        double.create_invalidation(ACCOUNT, "E1", ["/a"], "r")
    assert not double.accepted("E1")
    assert double.ledger.outcomes() == {"cut": 1}


def test_fault_that_cuts_after_processing_loses_the_answer() -> None:
    double, _ = create_double()
    double.faults.add(Fault(cut="after"))
    with pytest.raises(ConnectionCutError):
        double.create_invalidation(ACCOUNT, "E1", ["/a"], "r")
    assert double.create_invalidation(ACCOUNT, "E1", ["/a"], "r") == double.accepted("E1")[0]
    assert double.ledger.outcomes() == {"accepted+cut": 1, "replayed": 1}


def test_fault_may_cut_a_refusal() -> None:
    double, _ = create_double()
    double.faults.add(Fault(cut="after"))
    with pytest.raises(ConnectionCutError):
        double.create_invalidation(ACCOUNT, "E1", ["/a~"], "r")
    assert double.ledger.outcomes() == {"InvalidArgument+cut": 1}


def test_fault_may_delay_a_call() -> None:
    double, clock = create_double()
    double.faults.add(Fault(delay=7))
    called = clock()
    assert double.create_invalidation(ACCOUNT, "E1", ["/a"], "r").created == called + 7


def test_ledger_bills_every_item_to_its_account() -> None:
    double, _ = create_double()
    double.create_invalidation(ACCOUNT, "E1", ["/a", "/a", "/b*", "#tag"], "four")
    double.create_invalidation(OTHER_ACCOUNT, "E9", ["/a"], "one")
    assert double.ledger.billed_paths == {ACCOUNT: 4, OTHER_ACCOUNT: 1}
