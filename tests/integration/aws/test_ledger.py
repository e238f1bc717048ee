"""The content ledger over real HTTP: DynamoDB's conditions and cancellations, and S3's heads."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from unittest import mock

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from conftest import LoadMap
from purgemap.aws import Aws
from purgemap.aws.ledger import AwsLedgerTable, AwsObjectHeads
from purgemap.delivery import CallSettings
from purgemap.demo.local_aws import LocalAws
from purgemap.ledger import Ledger, Mark, MarkResult, NewRecord, ObjectHead, Record, Tracking, fingerprint
from purgemap.pipeline import Service, lambda_response, process_batch
from purgemap.routemap.compiled import Distribution
from purgemap.routing import Router
from support.delivery import build_rate_limit
from support.doubles.clock import Clock
from support.doubles.memory import MemoryCloudFront
from support.ids import E1
from support.local_site import BUCKET, Site
from support.payloads import sqs_batch

pytest_plugins = ["support.local_aws_fixtures"]

TABLE = "purgemap-ledger"
A, B = ("site", "a"), ("site", "b")
MARKED, NEWER, FAILED = MarkResult.MARKED, MarkResult.NEWER, MarkResult.FAILED
DISTRIBUTION = Distribution(E1)
# On a busy machine, the embedded AWS takes its time.
PATIENT = CallSettings(attempts=1, connect_timeout=10, read_timeout=60)


class Setting:
    """The table over botocore, the same table by boto3, and what was logged."""

    def __init__(self, aws: LocalAws, clients: Aws) -> None:
        self.dynamodb = aws.client("dynamodb")
        self.clock = Clock()
        self.warnings: list[str] = []
        self.clients = clients
        self.table = AwsLedgerTable(clients, TABLE, self.warnings.append, self.clock, self.clock.advance)

    @property
    def deadline(self) -> float:
        return self.clock.now + 5

    def record(self, token: str, *keys: tuple[str, str], fingerprint: str = "f") -> int:
        return self.table.record([NewRecord(key, fingerprint, "e", token) for key in keys], self.deadline)

    def mark(self, token: str, sequencer: str, *keys: tuple[str, str]) -> list[MarkResult]:
        return self.table.mark([Mark(key, sequencer, token) for key in keys], self.deadline)

    def item(self, key: tuple[str, str]) -> Mapping[str, Any]:
        item = self.dynamodb.get_item(TableName=TABLE, Key={"bucket": {"S": key[0]}, "key": {"S": key[1]}}).get("Item")
        return {name: next(iter(value.values())) for name, value in item.items()}


@pytest.fixture
def setting(aws: LocalAws) -> Setting:
    aws.client("dynamodb").create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "bucket", "KeyType": "HASH"}, {"AttributeName": "key", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("bucket", "key")],
        BillingMode="PAY_PER_REQUEST",
    )
    return Setting(aws, Aws(endpoint_url=aws.endpoint_url, ledger_call=PATIENT))


def test_table_records_only_under_its_own_mark(setting: Setting) -> None:
    assert setting.mark("t1", "05", A, B) == [MARKED, MARKED]
    assert setting.mark("t2", "06", B) == [MARKED]
    assert setting.record("t1", A, B) == 1
    records = setting.table.read([A, B], setting.deadline)
    assert records == {A: Record("f", "e", "05", setting.clock.now), B: Record("", "", "06", 0.0)}
    assert setting.warnings == []


def test_mark_removes_fingerprint_and_keeps_the_order(setting: Setting) -> None:
    setting.mark("t1", "0a", A)
    setting.record("t1", A)
    assert [setting.mark("t2", sequencer, A) for sequencer in ("09", "0a")] == [[NEWER], [NEWER]]
    assert setting.table.read([A], setting.deadline)[A].fingerprint == "f"
    assert setting.mark("t2", "0b", A) == [MARKED]
    assert setting.table.read([A], setting.deadline)[A].fingerprint == ""
    assert setting.record("t1", A) == 1


@pytest.mark.parametrize("sequencer", ["", "1", "001"])
def test_mark_without_order_always_removes_fingerprint(setting: Setting, sequencer: str) -> None:
    setting.mark("t1", "0a", A)
    setting.record("t1", A)
    assert setting.mark("t2", sequencer, A) == [MARKED]
    assert setting.item(A)["sequencer"] == sequencer or "0a"
    assert "fingerprint" not in setting.item(A)


def test_items_expire_after_400_days(setting: Setting) -> None:
    setting.mark("t1", "05", A)
    marked = int(setting.item(A)["expires"])
    setting.clock.advance(86_400)
    setting.record("t1", A)
    assert [marked, int(setting.item(A)["expires"])] == [int(setting.clock.now) + days * 86_400 for days in (399, 400)]


def test_cancelled_transaction_is_repeated_without_newer_items(setting: Setting) -> None:
    keys = [("site", str(number)) for number in range(250)]
    newer = keys[::7]
    setting.mark("t1", "09", *newer)
    results = setting.mark("t2", "05", *keys)
    assert results == [NEWER if key in newer else MARKED for key in keys]
    assert setting.record("t2", *keys) == len(newer)
    assert len(setting.table.read(keys, setting.deadline)) == 250


def failing(setting: Setting, operation: str, *effects: Any) -> mock.Mock:
    """Fail the first calls of an operation with these errors, or replace their answers."""
    client = setting.clients.client("dynamodb")
    call = getattr(client, operation)
    queue = list(effects)

    def answer(**parameters: Any) -> Any:
        if not queue:
            return call(**parameters)
        effect = queue.pop(0)
        if isinstance(effect, Exception):
            raise effect
        return effect(call, **parameters)

    double = mock.Mock(side_effect=answer)
    setattr(client, operation, double)
    return double


def error(code: str, *reasons: str, status: int = 400) -> ClientError:
    answer: dict[str, Any] = {"Error": {"Code": code, "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": status}}
    if reasons:
        answer["CancellationReasons"] = [{"Code": reason} for reason in reasons]
    return ClientError(answer, "TransactWriteItems")


@pytest.mark.parametrize(
    "fault",
    [
        error("TransactionCanceledException", "TransactionConflict", "None"),
        error("ThrottlingException"),
        error("InternalServerError", status=500),
        ReadTimeoutError(endpoint_url="https://dynamodb.eu-west-1.amazonaws.com"),
    ],
    ids=lambda fault: type(fault).__name__,
)
def test_mark_is_repeated_after_a_transient_error(setting: Setting, fault: Exception) -> None:
    call = failing(setting, "transact_write_items", fault)
    assert setting.mark("t1", "05", A, B) == [MARKED, MARKED]
    assert call.call_count == 2
    assert setting.warnings == []


def test_mark_fails_at_its_deadline(setting: Setting) -> None:
    failing(setting, "transact_write_items", *[error("ThrottlingException")] * 1_000)
    deadline = setting.deadline
    assert setting.mark("t1", "05", A, B) == [FAILED, FAILED]
    assert setting.clock.now >= deadline
    assert setting.warnings == ["1 calls to the ledger's table failed: TransactWriteItems: ThrottlingException:"]


def test_mark_without_permission_is_not_repeated(setting: Setting) -> None:
    call = failing(setting, "transact_write_items", error("AccessDeniedException"))
    assert setting.mark("t1", "05", A) == [FAILED]
    assert call.call_count == 1


def test_item_that_dynamodb_refuses_fails_alone(setting: Setting) -> None:
    failing(setting, "transact_write_items", error("TransactionCanceledException", "ValidationError", "None"))
    assert setting.mark("t1", "05", A, B) == [FAILED, MARKED]


def test_read_repeats_unprocessed_keys(setting: Setting) -> None:
    def half(call: Callable[..., Any], RequestItems: Any) -> Any:  # noqa: N803  DynamoDB's name
        keys = RequestItems[TABLE]["Keys"]
        answer = call(RequestItems={TABLE: {"Keys": keys[:1]}})
        return {**answer, "UnprocessedKeys": {TABLE: {"Keys": keys[1:]}}}

    setting.mark("t1", "05", A, B)
    failing(setting, "batch_get_item", half)
    assert setting.table.read([A, B], setting.deadline).keys() == {A, B}


def test_read_without_table_returns_nothing(setting: Setting) -> None:
    setting.dynamodb.delete_table(TableName=TABLE)
    assert setting.table.read([A], setting.deadline) == {}
    assert setting.table.read_tracking(setting.deadline) is None
    assert setting.table.list_keys("site", "", setting.deadline, 10) is None
    assert len(setting.warnings) == 3


def test_tracking_is_replaced_once_per_version(setting: Setting) -> None:
    table, deadline = setting.table, setting.deadline
    empty = table.read_tracking(deadline)
    assert empty == Tracking({}, "")
    since = {"d1": 1767225600.123, "d2": 1767225600.123, "d3": 5.0}
    assert table.write_tracking(since, "", deadline)
    assert not table.write_tracking({}, "", deadline)
    first = table.read_tracking(deadline)
    assert first
    assert first.since == since
    assert table.write_tracking({}, first.version, deadline)
    assert not table.write_tracking(since, first.version, deadline)
    assert setting.warnings == []


def test_keys_lists_what_is_not_deleted(setting: Setting) -> None:
    setting.mark("t1", "05", *(("site", f"docs/{number}") for number in range(3)), ("site", "b"), ("other", "docs/9"))
    setting.table.mark([Mark(("site", "docs/1"), "06", "t2", is_deleted=True)], setting.deadline)
    assert setting.table.list_keys("site", "docs/", setting.deadline, 10) == ["docs/0", "docs/2"]
    assert setting.table.list_keys("site", "", setting.deadline, 10) == ["b", "docs/0", "docs/2"]
    assert setting.table.list_keys("site", "", setting.deadline, 2) is None
    assert setting.table.list_keys("site", "", setting.clock.now, 10) is None
    setting.mark("t3", "07", ("site", "docs/1"))
    assert setting.table.list_keys("site", "docs/", setting.deadline, 10) == ["docs/0", "docs/1", "docs/2"]


class Heads:
    """A bucket, and the heads of its objects over botocore."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.clock = Clock()
        self.warnings: list[str] = []
        self.clients = Aws(endpoint_url=site.aws.endpoint_url, ledger_call=PATIENT)
        self.edge = AwsObjectHeads(self.clients, self.warnings.append, self.clock)

    def read(self, *keys: str, bucket: str = BUCKET) -> list[ObjectHead | None]:
        return self.edge.head([((bucket, key), DISTRIBUTION) for key in keys], self.clock.now + 60)

    def fingerprint(self, key: str) -> str | None:
        (head,) = self.read(key)
        assert head
        return fingerprint(head, [])


@pytest.fixture
def heads(site: Site) -> Heads:
    return Heads(site)


def test_head_has_what_viewers_get(heads: Heads) -> None:
    expires = datetime(2030, 1, 1, tzinfo=UTC)
    headers: dict[str, Any] = {"CacheControl": "max-age=5", "ContentType": "text/html", "ContentDisposition": "inline"}
    heads.site.put("a ü/+.html", **headers, Expires=expires, Metadata={"owner": "me"})
    (head,) = heads.read("a ü/+.html")
    assert head
    assert head.etag == "841a2d689ad86bd1611447453c22c6fc"
    assert head.fields.items() >= (headers | {"ContentLength": 4, "Metadata": {"owner": "me"}}).items()
    assert "2030" in head.fields["ExpiresString"]
    assert abs(head.last_modified - datetime.now(UTC).timestamp()) < 3600


def test_head_has_the_version_and_the_checksum(heads: Heads) -> None:
    heads.site.version()
    version = heads.site.put("a", ChecksumAlgorithm="SHA256")["VersionId"]
    (head,) = heads.read("a")
    assert head
    assert head.version_id == version
    assert head.fields["ChecksumSHA256"]


def test_fingerprint_of_equal_uploads_is_equal(heads: Heads) -> None:
    fingerprints = []
    for more in ({}, {}, {"CacheControl": "no-store"}, {"Metadata": {"a": "b"}}, {"ContentType": "text/plain"}):
        heads.site.put("a", **more)
        fingerprints.append(heads.fingerprint("a"))
    assert fingerprints[0] == fingerprints[1]
    assert len(set(fingerprints)) == 4


def test_object_under_a_kms_key_has_no_fingerprint(heads: Heads) -> None:
    heads.site.put("a", ServerSideEncryption="aws:kms", ChecksumAlgorithm="CRC32")
    (head,) = heads.read("a")
    assert head
    without_checksum = {name: value for name, value in head.fields.items() if "Checksum" not in name}
    assert fingerprint(head._replace(fields=without_checksum), []) is None


def test_later_heads_of_a_bucket_equal_the_first(heads: Heads) -> None:
    heads.site.version()
    keys = ["a", "b ü/+~%25.html", "c/d"]
    more: dict[str, Any] = {
        "CacheControl": "max-age=5",
        "ContentType": "text/html; charset=utf-8",
        "ContentEncoding": "br",
        "ContentLanguage": "de",
        "ContentDisposition": 'attachment; filename="x"',
        "Expires": datetime(2030, 1, 1, tzinfo=UTC),
        "WebsiteRedirectLocation": "/b",
        "Metadata": {"owner": "me", "other-One": "x  y"},
        "ChecksumAlgorithm": "SHA256",
    }
    for key in keys:
        heads.site.put(key, **more)
    first = [Heads(heads.site).read(key)[0] for key in keys]
    assert heads.read(keys[0]) == [first[0]]
    sent = []
    heads.clients.client("s3").meta.events.register("before-send", lambda **_: sent.append(1))
    assert heads.read(*keys) == first
    assert heads.read("missing") == [None]
    # The requests after the first are sent without botocore's events.
    assert sent == []


def test_missing_object_has_no_head(heads: Heads) -> None:
    heads.site.put("b")
    missing, present = heads.read("a", "b")
    assert missing is None
    assert present
    assert heads.warnings == []


def test_failing_heads_warn_once(heads: Heads) -> None:
    assert heads.read(*"abc", bucket="Not_A_Bucket!") == [None, None, None]
    (warning,) = heads.warnings
    assert warning.startswith("3 heads of objects could not be read: ")


def test_head_starts_no_call_after_the_deadline(heads: Heads) -> None:
    heads.site.put("a")
    assert heads.edge.head([((BUCKET, "a"), DISTRIBUTION)], heads.clock.now) == [None]


def test_service_skips_the_same_upload_on_aws(setting: Setting, site: Site, map_from_yaml: LoadMap) -> None:
    routes = map_from_yaml(f"version: 1\nroutes: [{{bucket: {BUCKET}, distributions: [{E1}], skip_unchanged: true}}]\n")
    warnings = setting.warnings
    # Heads are waited for in real time: on a busy machine they take more than the budget.
    heads = AwsObjectHeads(setting.clients, warnings.append, lambda: setting.clock.now - 600)
    ledger = Ledger(setting.table, heads, routes)
    cloudfront = MemoryCloudFront()
    service = Service(routes, Router(routes), cloudfront, None, None, ledger=ledger)

    def publish(*uploads: tuple[str, bytes]) -> list[str]:
        cloudfront.calls.clear()
        for key, body in uploads:
            site.put(key, body)
        setting.clock.advance(200)
        result = process_batch(sqs_batch(site.events()), service, build_rate_limit()._replace(now=setting.clock))
        assert not (lambda_response(result) or {}).get("batchItemFailures")
        return [item for _, items, _ in cloudfront.calls for item in items]

    assert publish() == []
    assert publish(("a", b"1"), ("b", b"1")) == ["/a", "/b"]
    assert publish(("a", b"1"), ("b", b"2")) == ["/b"]
    assert publish(("a", b"1"), ("b", b"2")) == []
    assert warnings == []
