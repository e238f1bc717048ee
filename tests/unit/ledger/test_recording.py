"""What is recorded: only what every distribution accepted; and what happens if a call of the ledger fails."""

import pytest

from conftest import LoadMap
from purgemap.delivery import FailureKind
from purgemap.ledger import Mark
from purgemap.pipeline import PartialDeliveryError, lambda_response
from support.ids import E1, E2
from support.ledger_site import BUCKET, LedgerSite

A = BUCKET, "docs/a"


@pytest.mark.parametrize("kind", [FailureKind.QUOTA_EXCEEDED, FailureKind.NOT_FOUND])
def test_ledger_records_nothing_unless_all_accept(site: LedgerSite, kind: FailureKind) -> None:
    site.cloudfront.refusing = {E2: kind}
    site.publish("docs/a")
    site.cloudfront.refusing = {}
    assert site.publish("docs/a") == [E1, E2]
    assert site.publish("docs/a") == []


def test_deferred_excess_records_nothing(map_from_yaml: LoadMap) -> None:
    sites = [f"E{number:012}X" for number in range(11)]
    route = f"{{bucket: site, distributions: [{', '.join(sites)}], skip_unchanged: true}}"
    site = LedgerSite(map_from_yaml(f"version: 1\nroutes: [{route}]\n"))
    site.publish("a")
    assert len(site.queue.messages) == 1
    assert site.table.rows[BUCKET, "a"].fingerprint == ""


def test_failed_read_invalidates(site: LedgerSite) -> None:
    site.publish("docs/a")
    site.table.unreadable = {A}
    assert site.publish("docs/a") == [E1, E2]
    site.table.unreadable = set()
    assert site.publish("docs/a") == []


def test_failed_head_invalidates_and_records_nothing(site: LedgerSite) -> None:
    site.publish("docs/a")
    event = site.upload("docs/a")
    head = site.heads.heads.pop(A)
    site.process(event)
    assert site.invalidated() == [E1, E2]
    site.heads.heads[A] = head
    assert site.publish("docs/a") == [E1, E2]


def test_failed_record_leaves_object_dirty(site: LedgerSite) -> None:
    site.table.unrecordable = {A}
    result = site.process(site.upload("docs/a"))
    assert result.ledger
    assert (result.ledger.recorded, result.ledger.unrecorded) == (0, 1)
    assert lambda_response(result) == {"batchItemFailures": []}
    site.table.unrecordable = set()
    assert site.publish("docs/a") == [E1, E2]


def test_failed_mark_returns_its_records_after_sending(site: LedgerSite) -> None:
    site.table.unmarkable = {A}
    result = site.process(site.upload("b"), site.upload("docs/a"))
    assert site.invalidated() == [E1, E2]
    assert lambda_response(result) == {"batchItemFailures": [{"itemIdentifier": "m-2"}]}


def test_failed_mark_raises_without_a_queue(site: LedgerSite) -> None:
    site.table.unmarkable = {A}
    result = site.process_payload(site.upload("docs/a"))
    assert site.invalidated() == [E1, E2]
    with pytest.raises(PartialDeliveryError, match="site/docs/a: the ledger's table could not be written"):
        lambda_response(result)


def test_failed_mark_does_not_repeat_a_caller_reference(site: LedgerSite) -> None:
    references = []
    site.table.unmarkable = {A}
    event = site.upload("docs/a")
    for _ in range(2):
        site.process(event)
        references += [reference for _, _, reference in site.cloudfront.calls]
    assert len(set(references)) == 4


def test_mark_keeps_the_caller_reference_of_a_retry(site: LedgerSite) -> None:
    references = []
    event = site.upload("docs/a")
    for _ in range(2):
        site.table.rows.clear()
        site.process(event)
        references += [reference for _, _, reference in site.cloudfront.calls]
    assert len(set(references)) == 2


def test_late_event_invalidates_and_keeps_newer_record(site: LedgerSite) -> None:
    first, second = site.upload("docs/a", "v1"), site.upload("docs/a", "v2")
    site.process(second)
    result = site.process(first)
    assert site.invalidated() == [E1, E2]
    assert result.ledger
    assert result.ledger.newer == 1
    assert site.publish("docs/a", "v2") == []


def test_deletion_marks_whatever_its_sequencer(site: LedgerSite) -> None:
    # S3 orders the events of one key. Whether that holds for deleting a version by its id is not documented.
    event = site.upload("docs/a", "v1")
    site.process(event)
    deletion = site.delete("docs/a")
    deletion["detail"]["object"]["sequencer"] = "0" * len(event["detail"]["object"]["sequencer"])
    site.process(deletion)
    assert site.invalidated() == [E1, E2]
    assert site.publish("docs/a", "v1") == [E1, E2]


def test_retried_event_of_overwritten_object_records_nothing(site: LedgerSite) -> None:
    # Its request repeats an earlier one, so CloudFront evicts nothing for it.
    first = site.upload("docs/a", "v1")
    second = site.upload("docs/a", "v2")
    site.process(first)
    site.process(second)
    assert site.invalidated() == [E1, E2]


def test_recorded_head_is_read_after_the_mark(site: LedgerSite) -> None:
    site.publish("docs/a")
    fingerprints: list[str] = []
    site.heads.before_call = lambda: fingerprints.append(site.table.rows[A].fingerprint)
    site.publish("docs/a", "v2")
    assert fingerprints == [""]


def test_later_mark_prevents_the_record(site: LedgerSite) -> None:
    later = Mark(A, "f" * 18, "another invocation")
    site.heads.before_call = lambda: site.table.mark([later], site.clock() + 1)
    assert site.publish("docs/a") == [E1, E2]
    assert site.table.rows[A].fingerprint == ""


def test_ledger_skips_nothing_in_its_last_seconds(site: LedgerSite) -> None:
    site.publish("docs/a")
    site.seconds_left = 39.0
    assert site.publish("docs/a") == [E1, E2]
    assert [name for name, _ in site.table.calls] == ["mark", "record"]


@pytest.mark.parametrize("seconds", [8, 12])
def test_slow_reads_leave_time_for_marks(site: LedgerSite, seconds: float) -> None:
    site.publish("docs/a")
    site.heads.before_call = lambda: site.clock.advance(seconds)
    assert site.publish("docs/a") == [E1, E2]
    assert site.table.rows[A].mark
    assert site.table.rows[A].fingerprint == ""


def test_ledger_records_nothing_when_time_ends(site: LedgerSite) -> None:
    site.cloudfront.before_call = lambda: setattr(site, "seconds_left", 4.0)
    assert site.publish("a") == [E1]
    assert [name for name, _ in site.table.calls] == ["read", "mark"]


def test_role_of_the_distribution_reads_the_object(map_from_yaml: LoadMap) -> None:
    role = "arn:aws:iam::222222222222:role/purgemap"
    distribution = f"{{id: {E2}, role_arn: {role}}}"
    route = f"{{bucket: site, distributions: [{E1}, {distribution}], skip_unchanged: true}}"
    site = LedgerSite(map_from_yaml(f"version: 1\nroutes: [{route}]\n"))
    site.publish("a")
    assert site.heads.roles == [role]
