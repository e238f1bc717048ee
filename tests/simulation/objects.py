"""S3's objects: their bytes and headers, ETags, versions and sequencers, and the heads that the ledger reads.

Viewers get the content. Everything else differs between equal uploads, as it does in S3.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import md5
from random import Random
from typing import Any, NamedTuple
from zlib import crc32

from purgemap.ledger import ObjectHead, ObjectId

# S3 gives headers of any kind; each must be part of what the ledger compares.
HEADERS: Mapping[str, Mapping[str, Any]] = {
    "plain": {"ContentType": "text/html"},
    "cached": {"ContentType": "text/html", "CacheControl": "max-age=31536000, immutable"},
    "packed": {"ContentType": "text/html", "ContentEncoding": "br"},
    "labelled": {"ContentType": "text/html", "Metadata": {"label": "a"}},
    "relabelled": {"ContentType": "text/html", "Metadata": {"label": "b"}},
    "moved": {"ContentType": "text/html", "WebsiteRedirectLocation": "/elsewhere"},
}

BODIES = ("first", "other", "third")


class Content(NamedTuple):
    """What viewers get of an object: its bytes, and the name of its headers."""

    body: str
    headers: str


NO_CONTENT = Content("", "")
"""The content of a deletion."""


class Versioning(StrEnum):
    """A bucket's versioning. While it is suspended, every version has the id "null"."""

    NONE = "none"
    ENABLED = "enabled"
    SUSPENDED = "suspended"


class Upload(StrEnum):
    """How the objects of a key are uploaded, which decides on their ETags and checksums."""

    WHOLE = "whole"
    CHECKED = "checked"  # with a checksum of the full object
    PARTS = "parts"  # multipart, with a checksum of checksums
    CHECKED_PARTS = "checked parts"  # multipart, with a checksum of the full object
    KMS = "KMS"  # the ETag is no digest of the bytes


_UPLOADS = (*[Upload.WHOLE] * 8, *[Upload.CHECKED] * 3, Upload.PARTS, Upload.CHECKED_PARTS, Upload.KMS)


class Write(NamedTuple):
    """A request that changed an object, as its event reports it."""

    sequencer: str
    time: float  # when S3 finished the request
    etag: str = ""
    version_id: str = ""
    is_permanent: bool = False  # whether a deletion removed a version


@dataclass(frozen=True, slots=True)
class _Version:
    content: Content
    etag: str
    version_id: str
    last_modified: float


@dataclass(slots=True)
class Objects:
    """The objects of all buckets. A bucket's versioning and a key's kind of upload depend on the seed."""

    clock: Callable[[], float]
    seed: int
    _rng: Random = field(init=False)
    _versions: dict[ObjectId, list[_Version | None]] = field(default_factory=dict)  # None is a delete marker
    _writes: int = 0
    _last_sequencer: int = 0

    def __post_init__(self) -> None:
        self._rng = Random(self.seed)
        # So near to a power of 16 that the sequencers of most runs get a digit more.
        self._last_sequencer = 16**16 - self._rng.randrange(1, 2_000)

    def versioning(self, bucket: str) -> Versioning:
        return (Versioning.ENABLED, Versioning.SUSPENDED, Versioning.NONE, Versioning.NONE)[self._draw(bucket, 4)]

    def upload(self, object_id: ObjectId) -> Upload:
        return _UPLOADS[self._draw("/".join(object_id), len(_UPLOADS))]

    def current(self, object_id: ObjectId) -> Content | None:
        """Return what viewers get now; None for a 404."""
        version = self._current(object_id)
        return version.content if version else None

    def put(self, object_id: ObjectId, content: Content) -> Write:
        """Create or overwrite an object."""
        write = self._write(self._etag(object_id, content), self._next_version_id(object_id[0]))
        # HeadObject has LastModified in whole seconds.
        version = _Version(content, write.etag, write.version_id, math.floor(self.clock()))
        self._add(object_id, version)
        return write

    def delete(self, object_id: ObjectId) -> Write:
        """Delete an object; a bucket with versions gets a delete marker."""
        self._add(object_id, None)
        write = self._write("", self._next_version_id(object_id[0]))
        return write._replace(is_permanent=self.versioning(object_id[0]) is Versioning.NONE)

    def delete_version(self, object_id: ObjectId) -> Write:
        """Permanently delete the current version, so that viewers get the one before; sometimes add a marker."""
        version = self._current(object_id)
        if version is None or self.versioning(object_id[0]) is not Versioning.ENABLED or self._rng.random() < 0.5:
            return self.delete(object_id)
        self._versions[object_id].pop()
        return self._write("", version.version_id)._replace(is_permanent=True)

    def head(self, object_id: ObjectId) -> ObjectHead | None:
        """Return the answer to HeadObject; None for a missing object."""
        version = self._current(object_id)
        if version is None:
            return None
        fields = {"ContentLength": len(version.content.body), "ETag": f'"{version.etag}"'}
        fields |= self._proofs(self.upload(object_id), version.content.body)
        fields |= HEADERS[version.content.headers]
        return ObjectHead(version.etag, version.version_id, version.last_modified, fields)

    def _current(self, object_id: ObjectId) -> _Version | None:
        return next(reversed(self._versions.get(object_id, [])), None)

    def _add(self, object_id: ObjectId, version: _Version | None) -> None:
        versions = self._versions.setdefault(object_id, [])
        if self.versioning(object_id[0]) is not Versioning.ENABLED:
            versions.clear()
        versions.append(version)

    def _write(self, etag: str, version_id: str) -> Write:
        self._last_sequencer += self._rng.choice((1, 7, 16, 32))
        if self._rng.random() < 0.5:
            self._last_sequencer |= 15  # the next one ends in a zero
        # The documentation has had both ways to compare sequencers of different lengths. So every length comes with
        # either: a digit more at the front, or zeros that are missing at the end.
        text = f"{self._last_sequencer:X}" if self.seed % 2 else f"{self._last_sequencer:018X}".rstrip("0")
        time = self.clock() + self._rng.choice((0.0, 0.3, 0.9))
        return Write(text, time, etag, version_id)

    def _next_version_id(self, bucket: str) -> str:
        self._writes += 1
        ids = {Versioning.ENABLED: f"version-{self._writes}", Versioning.SUSPENDED: "null", Versioning.NONE: ""}
        return ids[self.versioning(bucket)]

    def _etag(self, object_id: ObjectId, content: Content) -> str:
        upload = self.upload(object_id)
        salt = str(self._writes) if upload is Upload.KMS else ""
        digest = md5((content.body + salt).encode(), usedforsecurity=False).hexdigest()
        return f"{digest}-2" if upload in {Upload.PARTS, Upload.CHECKED_PARTS} else digest

    @staticmethod
    def _proofs(upload: Upload, body: str) -> dict[str, Any]:
        """Return what HeadObject says of an object's bytes."""
        checksum = f"{crc32(body.encode()):08x}"
        if upload in {Upload.CHECKED, Upload.CHECKED_PARTS}:
            return {"ChecksumCRC32": checksum, "ChecksumType": "FULL_OBJECT", "ServerSideEncryption": "AES256"}
        if upload is Upload.PARTS:
            return {"ChecksumCRC32": f"{checksum}-2", "ChecksumType": "COMPOSITE", "ServerSideEncryption": "AES256"}
        return {"ServerSideEncryption": "aws:kms" if upload is Upload.KMS else "AES256"}

    def _draw(self, name: str, count: int) -> int:
        return crc32(f"{self.seed} {name}".encode()) % count
