"""The text of an S3 event in EventBridge's usual form → what concerns us of it, without decoding the rest.

Decoding is most of what a batch costs, and nearly every event has this form: compact JSON, its members in the order
in which EventBridge writes them, and no backslash, so that each text is its own spelling. An event of any other form
is decoded instead. The whole text is matched, so nothing in it can pass for another member.
"""

import re
from typing import TypeAlias

# Detail-type, time, bucket, key, version-id, reason and deletion-type; the last three may be missing. A plain tuple: a
# named one takes a tenth more of the function's instructions.
CompactEvent: TypeAlias = tuple[str, str, str, str, str | None, str | None, str | None]

# A text ends at the next quote, whatever it holds.
_TEXT = '"[^"]*+"'
# Python refuses numbers of thousands of digits.
_SCALAR = rf"(?:{_TEXT}|-?+(?:0|[1-9][0-9]{{0,17}}+)(?:\.[0-9]{{1,17}}+)?+|true|false|null)"
# Such as aws-generated-tags.
_TEXTS_BY_NAME = rf"\{{(?:{_TEXT}:{_TEXT}(?:,{_TEXT}:{_TEXT})*+)?+\}}"


def _usual_members(*names: str) -> str:
    """Match members that are not read, in the order in which S3 writes them: half the work of `_other_member`."""
    return "".join(rf'(?:,"{name}":{_SCALAR})?+' for name in names)


def _other_member(*names: str, value: str = _SCALAR) -> str:
    """Match a member that S3 may add, of none of these names: what is read and comes twice means its last value."""
    return rf'"(?!(?:{"|".join(names)})")[^"]*+":{value}'


_OTHER_OF_DETAIL = _other_member("version", "event-version", "bucket", "object", "reason", "deletion-type")
_OTHER_OF_BUCKET = _other_member("name", value=f"(?:{_SCALAR}|{_TEXTS_BY_NAME})")
_OTHER_OF_OBJECT = _other_member("key", "version-id")

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html; `event-version` came in 2026.
_COMPACT = re.compile(
    rf'\{{"version":"0","id":{_TEXT},"detail-type":"(Object Created|Object Deleted)","source":"aws\.s3"'
    rf',"account":{_TEXT},"time":"([0-9TZ:.+-]*+)","region":{_TEXT},"resources":\[{_TEXT}\]'
    rf',"detail":\{{"version":"0",(?:"event-version":"1\.[^"]*+",)?+(?:{_OTHER_OF_DETAIL},)*+'
    rf'"bucket":\{{"name":"([A-Za-z0-9._-]++)"(?:,{_OTHER_OF_BUCKET})*+\}},(?:{_OTHER_OF_DETAIL},)*+'
    rf'"object":\{{"key":"([^"]++)"{_usual_members("size", "etag")}'
    rf'(?:,(?:"version-id":"([^"]*+)"|{_OTHER_OF_OBJECT}))*+\}}'
    rf"{_usual_members('request-id', 'requester', 'source-ip-address')}"
    rf'(?:,(?:"reason":"([^"]*+)"|"deletion-type":"([^"]*+)"|{_OTHER_OF_DETAIL}))*+\}}\}}'
).fullmatch


def match_compact_event(body: str) -> CompactEvent | None:
    """Return what an event's text says; None for a text of another form."""
    if "\\" in body:
        return None
    found = _COMPACT(body)
    # A key that doesn't print may hold what is no Unicode text: half a surrogate pair.
    return found.groups() if found and found[4].isprintable() else None  # type: ignore[return-value]  # seven groups
