"""The text of an S3 event in EventBridge's usual form → what concerns us of it, without decoding the rest.

Decoding is most of what a batch costs, and nearly every event has this form: compact JSON, its members in the order
in which EventBridge writes them, and no backslash, so that each text stands in it as it is. What looks otherwise in any
way is not for this module. The whole text is matched, so nothing in it can pass for another member.
"""

import re

# A text ends at the next quote, whatever it holds. A name that stands twice would mean its last value.
_OTHER_TEXT = '"[^"]*+"'
# Python refuses numbers of thousands of digits.
_OTHER_VALUE = f"(?:{_OTHER_TEXT}|0|[1-9][0-9]{{0,17}}+)"

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
_PLAIN = re.compile(
    rf'\{{"version":"0","id":{_OTHER_TEXT},"detail-type":"(Object Created|Object Deleted)","source":"aws\.s3"'
    rf',"account":{_OTHER_TEXT},"time":"([0-9TZ:.+-]*+)","region":{_OTHER_TEXT},"resources":\[{_OTHER_TEXT}\]'
    rf',"detail":\{{"version":"0","bucket":\{{"name":"([A-Za-z0-9._-]++)"\}},"object":\{{"key":"([^"]++)"'
    rf'(?:,"(?!key")[^"]*+":{_OTHER_VALUE})*+\}}'
    rf'(?:,"(?:reason":"([^"]*+)"|(?!bucket"|object"|reason")[^"]*+":{_OTHER_VALUE}))*+\}}\}}'
).fullmatch


def read_plain_event(body: str) -> tuple[str, str, str, str, str | None] | None:
    """Return an event's detail-type, time, bucket, key and reason; None for a text of another form."""
    if "\\" in body:
        return None
    found = _PLAIN(body)
    # A key that doesn't print may hold what is no Unicode text: half a surrogate pair.
    return found.groups() if found and found[4].isprintable() else None  # type: ignore[return-value]  # the five groups
