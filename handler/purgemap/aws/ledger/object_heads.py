"""The heads of objects over HeadObject of S3."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

from purgemap.aws.clients import HEAD_THREADS, Aws
from purgemap.aws.errors import describe_error
from purgemap.aws.ledger.head_requests import HeadRequests
from purgemap.ledger import CHECKSUM_PREFIX, FINGERPRINT_FIELDS, ObjectHead, ObjectId
from purgemap.routemap import Distribution


class AwsObjectHeads:
    """`ledger.ObjectHeads` over botocore; `warn` gets the first error of a call that is not S3's "not found"."""

    def __init__(self, aws: Aws, warn: Callable[[str], object], now: Callable[[], float] = time.time) -> None:
        self._aws = aws
        self._warn = warn
        self._now = now
        self._requests: dict[tuple[str | None, str | None], HeadRequests] = {}
        # The function makes its client while it starts; otherwise the first batch would wait for it.
        self._requests_of(None, None)

    def head(self, ids: Sequence[tuple[ObjectId, Distribution]], deadline: float) -> list[ObjectHead | None]:
        """Read the head of each object; None for one that S3 does not show before the deadline."""
        errors: list[Exception] = []

        def read(entry: tuple[ObjectId, Distribution]) -> ObjectHead | None:
            if self._now() >= deadline:
                return None
            try:
                return self._read(*entry)
            except Exception as error:  # noqa: BLE001  whatever fails, the object is invalidated
                errors.append(error)
                return None

        pool = ThreadPoolExecutor(min(len(ids), HEAD_THREADS) or 1)
        futures = [pool.submit(read, entry) for entry in ids]
        done, _ = wait(futures, timeout=max(deadline - self._now(), 0))
        # A call that hangs ends by its own timeout. The batch goes on without it.
        pool.shutdown(wait=False, cancel_futures=True)
        heads = [future.result() if future in done else None for future in futures]
        failures = [error for error in errors if not _is_missing(error)]
        if failures:
            self._warn(f"{len(failures)} heads of objects could not be read: {describe_error(failures[0])}")
        return heads

    def _read(self, id_: ObjectId, distribution: Distribution) -> ObjectHead:
        bucket, key = id_
        answer = self._requests_of(distribution.role_arn, distribution.external_id).read(bucket, key)
        fields = {
            name: value
            for name, value in answer.items()
            if name in FINGERPRINT_FIELDS or name.startswith(CHECKSUM_PREFIX)
        }
        version_id = str(answer.get("VersionId", ""))
        return ObjectHead(answer["ETag"].strip('"'), version_id, answer["LastModified"].timestamp(), fields)

    def _requests_of(self, role_arn: str | None, external_id: str | None) -> HeadRequests:
        role = role_arn, external_id
        requests = self._requests.get(role)
        # Two threads may build one each, for the same client.
        return requests or self._requests.setdefault(role, HeadRequests(self._aws.client("s3", *role)))


def _is_missing(error: Any) -> bool:
    """Return whether S3 has no such object: a later event reports its deletion."""
    response = getattr(error, "response", {})
    return bool(response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 404)  # noqa: PLR2004  HTTP's "not found"
