"""Find and forget the records of the content ledger over botocore, for operators' commands."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import compress
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

from purgemap.aws.clients import create_client
from purgemap.aws.errors import error_code, translate_errors
from purgemap.aws.ledger.items import format_key, format_query
from purgemap.errors import PurgemapError

_CONCURRENT_CALLS = 16
# A function that marks or records the same object conflicts for some milliseconds.
_MAX_ROUNDS = 5
_CONFLICT, _MISSING = "TransactionConflictException", "ConditionalCheckFailedException"

_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 8},
    connect_timeout=5,
    read_timeout=30,
    max_pool_connections=_CONCURRENT_CALLS,
    user_agent_extra="purgemap",
)


class AwsLedgerRecords:
    """The records of a ledger's table in a region, with the caller's own credentials."""

    def __init__(self, table: str, region: str, new_token: Callable[[], str] = lambda: uuid.uuid4().hex) -> None:
        self._table = table
        self._new_token = new_token
        with translate_errors():
            session = botocore.session.Session()
            self._client = create_client(session, "dynamodb", region_name=region, config=_CONFIG)

    def list_keys(self, bucket: str, prefix: str) -> Iterator[str]:
        """Yield the keys of a bucket's records below a prefix; raises PurgemapError."""
        request = format_query(bucket, prefix)
        pages = self._client.get_paginator("query").paginate(TableName=self._table, ConsistentRead=True, **request)
        with translate_errors(f"the table {self._table} (needs dynamodb:Query)"):
            for page in pages:
                yield from (item["key"]["S"] for item in page["Items"])

    def forget(
        self, bucket: str, keys: Sequence[str], on_forgotten: Callable[[int], None] = lambda _count: None
    ) -> None:
        """Forget what was invalidated for objects, so that their next uploads are; raises PurgemapError."""
        # Records are not deleted: a function that is about to write one must find another mark than its own.
        token, left = self._new_token(), list(keys)
        with ThreadPoolExecutor(_CONCURRENT_CALLS) as pool:
            for _ in range(_MAX_ROUNDS):
                with translate_errors(f"the table {self._table} (needs dynamodb:UpdateItem)"):
                    conflicts = list(pool.map(lambda key: self._conflicts(bucket, key, token), left))
                on_forgotten(conflicts.count(False))
                left = list(compress(left, conflicts))
                if not left:
                    return
        raise PurgemapError(f"{len(left):,} records of {bucket} are in use, first {left[0]}; run the command again")

    def _conflicts(self, bucket: str, key: str, token: str) -> bool:
        """Forget one record; returns whether a function was writing it."""
        call: dict[str, Any] = {
            "TableName": self._table,
            "Key": format_key((bucket, key)),
            "UpdateExpression": "REMOVE fingerprint SET mark = :mark",
            # DynamoDB may have deleted it since, as it does 400 days after the last change.
            "ConditionExpression": "attribute_exists(#key)",
            "ExpressionAttributeNames": {"#key": "key"},
            "ExpressionAttributeValues": {":mark": {"S": token}},
        }
        try:
            self._client.update_item(**call)
        except ClientError as error:
            if error_code(error) not in {_CONFLICT, _MISSING}:
                raise
            return error_code(error) == _CONFLICT
        return False
