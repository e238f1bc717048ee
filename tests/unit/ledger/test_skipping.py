"""Which uploads are skipped: those that a viewer would not notice, and no others."""

import json
from typing import Any

import pytest

from support.ids import E1, E2
from support.ledger_site import BUCKET, LedgerSite
from support.payloads import sqs_batch


def test_ledger_skips_an_unchanged_upload(site: LedgerSite) -> None:
    assert site.publish("a.html") == [E1]
    result = site.process(site.upload("a.html"))
    assert site.invalidated() == []
    assert result.ledger
    assert result.ledger.unchanged == 1


def test_unchanged_upload_costs_one_head_and_no_write(site: LedgerSite) -> None:
    keys = [f"{n}.html" for n in range(250)]
    site.process(*(site.upload(key) for key in keys))
    site.process(*(site.upload(key) for key in keys))
    ids = [(BUCKET, key) for key in keys]
    assert site.table.calls == [("read_tracking", []), ("read", ids)]
    assert site.heads.calls == [ids]


@pytest.mark.parametrize(
    "change",
    [
        {"content": "v2"},
        {"CacheControl": "no-store"},
        {"ContentType": "text/plain"},
        {"ContentEncoding": "gzip"},
        {"ContentLanguage": "de"},
        {"ContentDisposition": "attachment"},
        {"ExpiresString": "soon"},
        {"WebsiteRedirectLocation": "/b.html"},
        {"Metadata": {"owner": "me"}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_ledger_invalidates_what_viewers_notice(site: LedgerSite, change: dict[str, Any]) -> None:
    site.publish("a.html")
    assert site.publish("a.html", **change) == [E1]
    assert site.publish("a.html", **change) == []
    assert site.publish("a.html") == [E1]


def test_ledger_invalidates_page_that_changed_back(site: LedgerSite) -> None:
    site.publish("a.html", "v1")
    changed, back = site.upload("a.html", "v2"), site.upload("a.html", "v1")
    site.process(back)
    site.process(changed)
    assert site.invalidated() == [E1]


def test_ledger_compares_every_event_of_a_key(site: LedgerSite) -> None:
    site.publish("a.html", "v1")
    changed, back = site.upload("a.html", "v2"), site.upload("a.html", "v1")
    site.process(back, changed)
    assert site.invalidated() == [E1]


def test_ledger_invalidates_headers_that_changed_back(site: LedgerSite) -> None:
    site.publish("a.html")
    changed, back = site.upload("a.html", CacheControl="no-store"), site.upload("a.html")
    site.process(changed)
    assert site.invalidated() == [E1]
    site.process(back)
    assert site.invalidated() == [E1]


def test_ledger_compares_version_ids(site: LedgerSite) -> None:
    site.publish("a.html", version="1")
    changed, back = site.upload("a.html", version="2", CacheControl="no-store"), site.upload("a.html", version="3")
    # The event of version 2 is late, and would pass for one of version 3 by its time.
    changed["time"] = back["time"]
    site.process(changed)
    assert site.invalidated() == [E1]
    assert [site.publish("a.html", version="4"), site.publish("a.html", version="5")] == [[E1], []]


def test_version_id_null_proves_nothing(site: LedgerSite) -> None:
    site.publish("a.html", version="null")
    changed = site.upload("a.html", version="null", CacheControl="no-store")
    site.upload("a.html", version="null")
    site.process(changed)
    assert site.invalidated() == [E1]


def test_ledger_invalidates_two_events_of_a_key(site: LedgerSite) -> None:
    site.publish("a.html")
    site.process(site.upload("a.html"), site.upload("a.html"))
    assert site.invalidated() == [E1]


def test_ledger_skips_duplicates_of_one_event(site: LedgerSite) -> None:
    site.publish("a.html")
    event = site.upload("a.html")
    site.process(event, event)
    assert site.invalidated() == []


def test_ledger_invalidates_deletion_and_upload_after_it(site: LedgerSite) -> None:
    site.publish("a.html")
    site.process(site.delete("a.html"))
    assert site.invalidated() == [E1]
    assert site.publish("a.html") == [E1]


@pytest.mark.parametrize("sequencer", [None, "", "not hexadecimal", "a" * 65])
def test_event_without_order_invalidates_and_records_nothing(site: LedgerSite, sequencer: str | None) -> None:
    site.publish("a.html")
    event = site.upload("a.html")
    event["detail"]["object"]["sequencer"] = sequencer
    site.process(event)
    assert site.invalidated() == [E1]
    assert site.publish("a.html") == [E1]
    assert site.publish("a.html") == []


def test_sequencers_of_two_lengths_have_no_order(site: LedgerSite) -> None:
    site.publish("a.html")
    short, long = site.upload("a.html", "v2"), site.upload("a.html")
    short["detail"]["object"]["sequencer"] = "ff"
    site.process(short, long)
    assert site.table.rows[BUCKET, "a.html"].fingerprint == ""
    later = site.upload("a.html", "v2")
    later["detail"]["object"]["sequencer"] = "ff"
    site.process(later)
    assert site.invalidated() == [E1]


@pytest.mark.parametrize("etag", ["d41d8cd98f00b204e9800998ecf8427e-2", "0123"])
def test_multipart_etag_is_no_identity(site: LedgerSite, etag: str) -> None:
    for _ in range(3):
        event = site.upload("a.html")
        event["detail"]["object"]["etag"] = etag
        site.heads.heads[BUCKET, "a.html"] = site.heads.heads[BUCKET, "a.html"]._replace(etag=etag)
        site.process(event)
        assert site.invalidated() == [E1]


def test_multipart_upload_without_version_is_invalidated(site: LedgerSite) -> None:
    # S3 dates it by its beginning, so a later write may have an earlier time.
    etag = "d41d8cd98f00b204e9800998ecf8427e-2"
    for _ in range(3):
        event = site.upload("a.html", ChecksumType="FULL_OBJECT", ChecksumCRC64NVME="xyz")
        event["detail"]["object"]["etag"] = etag
        site.heads.heads[BUCKET, "a.html"] = site.heads.heads[BUCKET, "a.html"]._replace(etag=etag)
        site.process(event)
        assert site.invalidated() == [E1]


def test_checksum_identifies_multipart_upload_with_versions(site: LedgerSite) -> None:
    skipped = []
    for number in range(3):
        fields = {"ChecksumType": "FULL_OBJECT", "ChecksumCRC64NVME": "xyz"}
        event = site.upload("a.html", version=f"v{number}", **fields)
        event["detail"]["object"]["etag"] = "d41d8cd98f00b204e9800998ecf8427e-2"
        head = site.heads.heads[BUCKET, "a.html"]
        site.heads.heads[BUCKET, "a.html"] = head._replace(etag="d41d8cd98f00b204e9800998ecf8427e-2")
        site.process(event)
        skipped.append(site.invalidated() == [])
    assert skipped == [False, True, True]


@pytest.mark.parametrize("encryption", ["aws:kms", "aws:kms:dsse"])
def test_etag_under_a_kms_key_is_no_identity(site: LedgerSite, encryption: str) -> None:
    for _ in range(3):
        assert site.publish("a.html", ServerSideEncryption=encryption) == [E1]


def test_other_routes_still_invalidate_unchanged_upload(site: LedgerSite) -> None:
    assert site.publish("feed/a.xml") == [E1, E2]
    assert site.publish("feed/a.xml") == [E2]


def test_untracked_keys_cost_no_call(site: LedgerSite) -> None:
    site.process(json.dumps({"source": "other"}))
    assert site.table.calls == []
    assert site.heads.calls == []


def test_ledger_reads_classic_notifications(site: LedgerSite) -> None:
    def classic(event: dict[str, Any]) -> dict[str, Any]:
        detail = event["detail"]
        subject = {"key": "a.html", "eTag": detail["object"]["etag"], "sequencer": detail["object"]["sequencer"]}
        record = {"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put"}
        return {
            "Records": [record | {"eventTime": event["time"], "s3": {"bucket": {"name": BUCKET}, "object": subject}}]
        }

    site.process(classic(site.upload("a.html")))
    site.process(classic(site.upload("a.html")))
    assert site.invalidated() == []
    site.process_payload(classic(site.upload("a.html"))["Records"][0])
    assert site.invalidated() == []
    site.process_payload(sqs_batch([classic(site.upload("a.html", "v2"))]))
    assert site.invalidated() == [E1]
