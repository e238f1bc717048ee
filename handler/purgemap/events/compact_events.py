"""Parse an S3 event in EventBridge's usual form with one regular expression, without decoding its JSON.

Decoding is most of what a batch costs. The usual form is compact JSON without a backslash, its members in EventBridge's
order. An event in any other form is decoded instead.
"""

import functools
import re

from purgemap.events.object_change import CREATED, NONCURRENT, Ignored, ObjectChange, deletion_kind, expires_noncurrent

# A text ends at the next quote, since no backslash can escape one.
_TEXT = '"[^"]*+"'
# At most 18 digits: Python refuses numbers of thousands of digits, so the decoder must refuse them, too.
_SCALAR = rf"(?:{_TEXT}|-?+(?:0|[1-9][0-9]{{0,17}}+)(?:\.[0-9]{{1,17}}+)?+|true|false|null)"
# Such as aws-generated-tags.
_TEXTS_BY_NAME = rf"\{{(?:{_TEXT}:{_TEXT}(?:,{_TEXT}:{_TEXT})*+)?+\}}"


def _usual_members(*names: str) -> str:
    """Match members that are not read, in S3's order."""
    # Naming them takes half the work of `_other_member`.
    return "".join(rf'(?:,"{name}":{_SCALAR})?+' for name in names)


def _other_member(*names: str, value: str = _SCALAR) -> str:
    """Match a member of any other name than these."""
    # JSON takes the last value of a repeated member, so a second one of these names must be decoded.
    return rf'"(?!(?:{"|".join(names)})")[^"]*+":{value}'


_OTHER_OF_DETAIL = _other_member("version", "event-version", "bucket", "object", "reason", "deletion-type")
_OTHER_OF_BUCKET = _other_member("name", value=f"(?:{_SCALAR}|{_TEXTS_BY_NAME})")
_OTHER_OF_OBJECT = _other_member("key", "version-id")

# The whole text is matched, so that no text in it can pass for a member.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html; S3 writes `event-version` since 2026.
_match = re.compile(
    rf'\{{"version":"0","id":{_TEXT},"detail-type":"(Object Created|Object Deleted)","source":"aws\.s3"'
    rf',"account":{_TEXT},"time":"([0-9TZ:.+-]*+)","region":{_TEXT},"resources":\[{_TEXT}\]'
    rf',"detail":\{{"version":"0",(?:"event-version":"1\.[^"]*+",)?+(?:{_OTHER_OF_DETAIL},)*+'
    rf'"bucket":\{{"name":"([A-Za-z0-9._-]++)"(?:,{_OTHER_OF_BUCKET})*+\}},(?:{_OTHER_OF_DETAIL},)*+'
    rf'"object":\{{"key":"([^"]++)"{_usual_members("size", "etag")}'
    rf'(?:,(?:"version-id":"([^"]*+)"|{_OTHER_OF_OBJECT}))*+\}}'
    rf"{_usual_members('request-id', 'requester', 'source-ip-address')}"
    rf'(?:,(?:"reason":"([^"]*+)"|"deletion-type":"([^"]*+)"|{_OTHER_OF_DETAIL}))*+\}}\}}'
).fullmatch

# The same as ObjectChange(…) in half the time; it is called for every record.
_new_change = functools.partial(tuple.__new__, ObjectChange)


def parse_compact_event(body: str, source: str) -> ObjectChange | Ignored | None:
    """Parse a message body in EventBridge's usual form; None for any other form."""
    match = None if "\\" in body else _match(body)
    # Half a surrogate pair is not Unicode text, and not printable; the decoder's path reports such a key.
    if match is None or not match[4].isprintable():
        return None
    detail_type, time, bucket, key, version_id, reason, deletion_type = match.groups()
    kind = CREATED if detail_type == "Object Created" else deletion_kind(reason)
    # Creations, the most frequent, are not worth a call.
    if kind != CREATED and expires_noncurrent(kind, version_id, deletion_type):
        return NONCURRENT
    return _new_change((bucket, key, kind, source, time))
