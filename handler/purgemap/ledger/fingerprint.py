"""The fingerprint of an object: a hash of the bytes and headers that viewers get, and of the routes that skip it."""

import hashlib
import json
import re
from collections.abc import Sequence
from functools import lru_cache

from purgemap.ledger.edges import ObjectHead
from purgemap.routing import Target

# A change of these rules must change every fingerprint: then each object is invalidated once more.
_RULES_VERSION = 1
_CHARACTERS = 32

# What S3 sends to viewers, by HeadObject's names. Expires is raw text, since S3 stores any text.
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
_VIEWER_FIELDS = (
    *("ContentLength", "CacheControl", "ContentType", "ContentEncoding", "ContentLanguage", "ContentDisposition"),
    *("ExpiresString", "WebsiteRedirectLocation", "Metadata", "MissingMeta"),
)
FINGERPRINT_FIELDS = frozenset({*_VIEWER_FIELDS, "ChecksumType", "ServerSideEncryption", "SSECustomerAlgorithm"})
"""What the fingerprint reads of HeadObject's answer, besides each field that starts with CHECKSUM_PREFIX."""

CHECKSUM_PREFIX = "Checksum"

_is_md5 = re.compile("[0-9a-f]{32}").fullmatch


def fingerprint(head: ObjectHead, targets: Sequence[Target]) -> str | None:
    """Return the fingerprint of an object and the targets that skip it unchanged; None without a content identity."""
    identity = _content_identity(head)
    if identity is None:
        return None
    fields = [head.fields.get(name) for name in _VIEWER_FIELDS]
    text = json.dumps([_RULES_VERSION, identity, fields, _describe_targets(tuple(targets))], sort_keys=True)
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:_CHARACTERS]


def _content_identity(head: ObjectHead) -> list[str] | None:
    """Return what only equal bytes share: the checksums of the whole object, or an ETag that is an MD5."""
    fields = head.fields
    checksums = {name: fields[name] for name in fields if name.startswith(CHECKSUM_PREFIX) and name != "ChecksumType"}
    if fields.get("ChecksumType") == "FULL_OBJECT" and checksums:
        return [f"{name}={value}" for name, value in sorted(checksums.items())]
    # Under a key of KMS or of the customer, the ETag is not the MD5 of the bytes.
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
    is_plain = fields.get("ServerSideEncryption") in {None, "AES256"} and not fields.get("SSECustomerAlgorithm")
    return [head.etag] if is_plain and _is_md5(head.etag) else None


# The objects of a batch share few targets. A target is compared by identity, and lives as long as the router's cache.
@lru_cache(maxsize=1_024)
def _describe_targets(targets: tuple[Target, ...]) -> list[str]:
    """Describe targets with everything that decides which items they invalidate.

    A route that is new has never invalidated the object for its distribution, so it must change the fingerprint.
    """
    return sorted(
        json.dumps(
            [
                *(target.route, target.distribution.id, target.settings._asdict(), target.origin_path),
                *(target.matched_prefix, dict(target.captures)),
            ],
            sort_keys=True,
        )
        for target in targets
    )
