"""The table of the content ledger in DynamoDB: an item per object, and one for the tracking of routes."""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain
from typing import Any, NamedTuple, TypeVar

from botocore.exceptions import ClientError

from purgemap.aws.clients import Aws
from purgemap.aws.errors import AWS_ERRORS, describe_error, error_code, is_credentials_error
from purgemap.aws.ledger.items import (
    TRACKING_KEY,
    format_key,
    format_query,
    format_tracking,
    mark_update,
    parse_record,
    parse_tracking,
    record_update,
)
from purgemap.ledger import Mark, MarkResult, NewRecord, ObjectId, Record, Tracking

# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html and API_TransactWriteItems.html
_ITEMS_PER_CALL = 100

# Threads mostly wait. A batch of 4,000 objects makes 40 calls.
_THREADS = 8

# The pause before a call is repeated; it doubles each time.
_SECONDS_TO_RETRY = 0.05
# A throttled partition has new units each second, so a longer pause leaves them unused.
_MAX_SECONDS_TO_RETRY = 0.4

_CANCELED = "TransactionCanceledException"
_CONDITION_FAILED = "ConditionalCheckFailed"

# A transaction is cancelled as a whole, though only these of its items would fail again.
_FINAL_REASONS = {_CONDITION_FAILED: MarkResult.NEWER, "ValidationError": MarkResult.FAILED}

_Entry = TypeVar("_Entry")
_Result = TypeVar("_Result")


class _Run(NamedTuple):
    """A request to the table: its deadline, and the errors of the calls that were given up."""

    deadline: float
    errors: list[Exception]


class AwsLedgerTable:
    """`ledger.LedgerTable` over botocore; `warn` gets the first error of the calls that were given up."""

    def __init__(
        self,
        aws: Aws,
        name: str,
        warn: Callable[[str], object],
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._name = name
        self._warn = warn
        self._now = now
        self._sleep = sleep
        # The function makes its client while it starts; otherwise the first batch would wait for it.
        self._client = aws.client("dynamodb")

    def read(self, ids: Sequence[ObjectId], deadline: float) -> dict[ObjectId, Record]:
        """Read the records of objects, with consistent reads."""
        return dict(self._in_threads(self._read, ids, deadline))

    def _read(self, ids: Sequence[ObjectId], run: _Run) -> list[tuple[ObjectId, Record]]:
        keys = [format_key(id_) for id_ in ids]
        records = []
        pause = _SECONDS_TO_RETRY
        while keys:
            batch = self._repeat(partial(self._get_batch, keys), run)
            if batch is None:
                break
            records += batch[0]
            keys = batch[1]
            if keys:
                self._sleep(min(pause, max(run.deadline - self._now(), 0)))
                pause = min(pause * 2, _MAX_SECONDS_TO_RETRY)
        return records

    def _get_batch(self, keys: list[dict[str, Any]]) -> tuple[list[tuple[ObjectId, Record]], list[dict[str, Any]]]:
        """Read some records; returns them, and the keys that DynamoDB has left out."""
        request = {self._name: {"Keys": keys, "ConsistentRead": True}}
        answer = self._client.batch_get_item(RequestItems=request)
        records = [parse_record(item) for item in answer.get("Responses", {}).get(self._name, ())]
        return records, answer.get("UnprocessedKeys", {}).get(self._name, {}).get("Keys", [])

    def mark(self, marks: Sequence[Mark], deadline: float) -> list[MarkResult]:
        """Mark objects as dirty, up to 100 in a transaction."""
        return self._in_threads(self._mark, marks, deadline)

    def _mark(self, marks: Sequence[Mark], run: _Run) -> list[MarkResult]:
        return self._write([mark_update(mark, self._now()) for mark in marks], run)

    def record(self, records: Sequence[NewRecord], deadline: float) -> int:
        """Write fingerprints, up to 100 in a transaction; returns the number not written."""
        results = self._in_threads(self._record, records, deadline)
        return len(results) - results.count(MarkResult.MARKED)

    def _record(self, records: Sequence[NewRecord], run: _Run) -> list[MarkResult]:
        return self._write([record_update(record, self._now()) for record in records], run)

    def _write(self, updates: Sequence[dict[str, Any]], run: _Run) -> list[MarkResult]:
        """Write each update whose condition holds: a transaction is repeated without those that would fail again."""
        results = [MarkResult.FAILED] * len(updates)
        indexes = list(range(len(updates)))
        while indexes:
            items = [{"Update": {"TableName": self._name, **updates[index]}} for index in indexes]
            # With one token, DynamoDB recognises a repeated transaction whose first answer was lost.
            reasons = self._repeat(partial(self._transact, items, uuid.uuid4().hex), run)
            if reasons is None:
                break
            for index, reason in zip(indexes, reasons, strict=True):
                results[index] = reason or MarkResult.FAILED
            indexes = [index for index, reason in zip(indexes, reasons, strict=True) if not reason]
        return results

    def _transact(self, items: list[dict[str, Any]], token: str) -> list[MarkResult | None]:
        """Write a transaction; returns the result of each item, None for one that another item's failure cancelled."""
        try:
            self._client.transact_write_items(TransactItems=items, ClientRequestToken=token)
        except ClientError as error:
            codes = [reason.get("Code") for reason in error.response.get("CancellationReasons", ())]
            if len(codes) != len(items) or _FINAL_REASONS.keys().isdisjoint(codes):
                raise
            return [_FINAL_REASONS.get(code) for code in codes]
        return [MarkResult.MARKED] * len(items)

    def read_tracking(self, deadline: float) -> Tracking | None:
        """Read when tracking began."""
        run = _Run(deadline, [])
        get = partial(self._client.get_item, TableName=self._name, Key=TRACKING_KEY, ConsistentRead=True)
        tracking = self._repeat(lambda: parse_tracking(get().get("Item", {})), run)
        self._warn_of(run)
        return tracking

    def write_tracking(self, since: Mapping[str, float], version: str, deadline: float) -> bool:
        """Replace the tracking if its version is still `version`."""
        run = _Run(deadline, [])
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(#version)"}
        if version:
            condition = {
                "ConditionExpression": "#version = :version",
                "ExpressionAttributeValues": {":version": {"S": version}},
            }
        item = format_tracking(since, uuid.uuid4().hex)
        names = {"#version": "version"}
        put = partial(self._client.put_item, TableName=self._name, Item=item, ExpressionAttributeNames=names)
        is_written = self._repeat(partial(put, **condition), run) is not None
        lost_race = any(_CONDITION_FAILED in describe_error(error) for error in run.errors)
        if not lost_race:
            self._warn_of(run)
        return is_written

    def list_keys(self, bucket: str, prefix: str, deadline: float, limit: int) -> list[str] | None:
        """List the keys of a bucket below a prefix, one page after another."""
        run = _Run(deadline, [])
        request = format_query(bucket, prefix)
        request["ExpressionAttributeNames"]["#deleted"] = "deleted"
        request["FilterExpression"] = "attribute_not_exists(#deleted)"
        query = partial(self._client.query, TableName=self._name, **request)
        keys: list[str] = []
        start: dict[str, Any] = {}
        while True:
            page = self._repeat(partial(query, **start), run)
            if page is None:
                self._warn_of(run)
                return None
            keys += [item["key"]["S"] for item in page["Items"]]
            if len(keys) > limit:
                return None
            if "LastEvaluatedKey" not in page:
                return keys
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def _in_threads(
        self, call: Callable[[Sequence[_Entry], _Run], list[_Result]], entries: Sequence[_Entry], deadline: float
    ) -> list[_Result]:
        """Call with up to 100 entries at a time; returns the results of all calls in order."""
        run = _Run(deadline, [])
        chunks = [entries[start : start + _ITEMS_PER_CALL] for start in range(0, len(entries), _ITEMS_PER_CALL)]
        if len(chunks) <= 1:
            results = [result for chunk in chunks for result in call(chunk, run)]
        else:
            with ThreadPoolExecutor(min(len(chunks), _THREADS)) as pool:
                results = list(chain.from_iterable(pool.map(call, chunks, [run] * len(chunks))))
        self._warn_of(run)
        return results

    def _repeat(self, call: Callable[[], _Result], run: _Run) -> _Result | None:
        """Make a call, again after a transient error; None if it failed, or the deadline has passed."""
        error: Exception | None = None
        pause = _SECONDS_TO_RETRY
        while self._now() < run.deadline:
            try:
                return call()
            except Exception as caught:  # noqa: BLE001  whatever fails, the objects are invalidated
                error = caught
            if not _is_transient(error):
                break
            self._sleep(min(pause, max(run.deadline - self._now(), 0)))
            pause = min(pause * 2, _MAX_SECONDS_TO_RETRY)
        run.errors.append(error or TimeoutError("the ledger's seconds of a batch have passed"))
        return None

    def _warn_of(self, run: _Run) -> None:
        if run.errors:
            self._warn(f"{len(run.errors)} calls to the ledger's table failed: {describe_error(run.errors[0])}")


def _is_transient(error: Exception) -> bool:
    # Without a final reason, a transaction was cancelled by a conflict or by throttling.
    is_canceled = isinstance(error, ClientError) and error_code(error) == _CANCELED
    return is_canceled or (isinstance(error, AWS_ERRORS) and not is_credentials_error(error))
