"""Text that names changed objects (events, output of `aws s3`, URIs, keys), line by line → object changes.

Each line stands for itself, after its last carriage return and an optional `(dryrun) `:
a JSON object is an event, a JSON list holds events; `upload:`, `copy:`, `delete:` and `move:` are what `aws s3` prints;
`s3://…` is a URI, taken as it stands; anything else is a key of the bucket that the caller names. JSON may also be laid
out over several lines: what begins with a line of one opening bracket ends with the line of its closing one.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from purgemap.errors import PurgemapError
from purgemap.events import CREATED, DELETED, Malformed, ObjectChange, parse_payload
from purgemap.s3_uris import SCHEME, parse_s3_uri

_TRANSFER = re.compile(r"(upload|copy|move|delete|download): ", re.DOTALL)
_TROUBLE = re.compile(r"(?:upload|copy|move|delete|download) failed: |fatal error: |warning: |cancelled: ctrl-c")
_PROGRESS = re.compile(r"Completed .+ remaining ?(?:\(calculating\.\.\.\))?\s*\Z")
_CLOSING = {"{": "}", "[": "]"}
_TO_S3 = f" to {SCHEME}"


class InputError(PurgemapError):
    """A line that names no object; the message gives its number and what to do."""


class Named(NamedTuple):
    """The changes of a text, its ignored events, the errors of `aws s3` in it, and its lines of a `--dryrun`."""

    changes: list[ObjectChange]
    ignored: int
    troubles: list[str]
    dry_run_lines: int = 0


def parse_lines(lines: Iterable[str], *, bucket: str | None = None, source: str = "") -> Named:
    """Read the changes that lines name, each object once per event.

    `source` is the source of them all, of events too: what a person sends again is another delivery, whatever its ids.
    Raises InputError for a line that can't be read, or a bare key without `bucket`.
    """
    changes: dict[tuple[str, str, str], ObjectChange] = {}
    named = Named([], 0, [])
    ignored = dry_run_lines = 0
    for number, line in _numbered(list(lines), bucket):
        printed = _without_progress(line.removesuffix("\n").removesuffix("\r"))
        text = printed.removeprefix("(dryrun) ")
        dry_run_lines += text != printed
        if not text.strip() or _PROGRESS.match(text):
            continue
        if _TROUBLE.match(text):
            named.troubles.append(text)
            continue
        found, skipped = _parse_line(text, number, bucket, source)
        ignored += skipped
        changes.update({(change.bucket, change.key, change.event): change for change in found})
    return named._replace(changes=list(changes.values()), ignored=ignored, dry_run_lines=dry_run_lines)


def _numbered(lines: Sequence[str], bucket: str | None) -> Iterator[tuple[int, str]]:
    """Yield lines and their numbers, from 1; JSON that is laid out over several of them comes as one."""
    end = 0
    for number, line in enumerate(lines):
        if number >= end:
            end = _end_of_json(lines, number, bucket)
            laid_out = "\n".join(each.rstrip("\r\n") for each in lines[number:end])
            yield number + 1, line if end == number + 1 else laid_out


def _end_of_json(lines: Sequence[str], start: int, bucket: str | None) -> int:
    """Return where the JSON that begins with a line of one bracket ends; the next line, where none begins.

    A bracket may be a key of the bucket: then it begins only what can be read as JSON and has a quote, as every event.
    """
    closing = _CLOSING.get(lines[start].strip())
    ends = (end + 1 for end in range(start + 1, len(lines)) if lines[end].rstrip() == closing)
    end = next(ends, start + 1) if closing else start + 1
    text = "\n".join(lines[start:end])
    return end if bucket is None or ('"' in text and is_json(text)) else start + 1


def is_json(text: str) -> bool:
    """Tell whether a text is a JSON document."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _without_progress(line: str) -> str:
    """Return what stands after the last carriage return.

    `aws s3` writes its results over its progress, padded with spaces to the progress's length: so spaces at the end
    are padding where the result is no longer than that, but for those that the source of the transfer has, too.
    """
    before, carriage_return, text = line.rpartition("\r")
    if not carriage_return or len(text) > len(before.rpartition("\r")[2]):
        return text
    bare = text.rstrip(" ")
    source, _, target = bare.rpartition(_TO_S3)
    own = len(source) - len(source.rstrip(" "))
    same_name = source.rstrip(" ").rpartition("/")[2] == target.rpartition("/")[2]
    return bare + " " * own if target and same_name else bare


def _parse_line(text: str, number: int, bucket: str | None, source: str) -> tuple[list[ObjectChange], int]:
    """Return the changes of a line and how many of its events are ignored on purpose."""
    if _is_event(text, bucket):
        return _parse_events(text, number, source)
    transfer = _TRANSFER.match(text)
    if transfer:
        pairs = list(_transferred(transfer[1], text[transfer.end() :]))
        return [_change(uri, event, number, source) for uri, event in pairs], 0
    if text.startswith(SCHEME):
        return [_change(text, CREATED, number, source)], 0
    if bucket is None:
        raise InputError(f"line {number}: {text!r} is a key; name its bucket with --bucket, or write s3://BUCKET/KEY")
    return [ObjectChange(bucket, text, CREATED, source, "")], 0


def _is_event(text: str, bucket: str | None) -> bool:
    """Tell an event, or a list of them, from a key: those of a named bucket may begin with brackets, too."""
    if text.startswith(('{"', '[{"')) or "\n" in text:
        return True
    return bucket is None and (text.startswith("{") or (text.startswith("[") and is_json(text)))


def _parse_events(text: str, number: int, source: str) -> tuple[list[ObjectChange], int]:
    begins = f"line {number}: begins like a JSON event, but"
    try:
        batch = parse_payload(json.loads(text))
    except json.JSONDecodeError as error:
        raise InputError(f"{begins} line {number + error.lineno - 1}, column {error.colno}: {error.msg}") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{begins} {error}") from None
    for record in batch.malformed:
        raise InputError(f"line {number}: {_told(record)}")
    return [change._replace(source=source) for change in batch.changes], sum(batch.ignored.values())


def _told(record: Malformed) -> str:
    return f"{record.source}: {record.reason}" if record.source else record.reason


def _transferred(kind: str, rest: str) -> Iterator[tuple[str, str]]:
    """Yield the S3 URIs that a transfer changes; nothing for a download."""
    if kind == "delete":
        yield rest, DELETED
        return
    source, to_s3, target = rest.rpartition(_TO_S3)
    if to_s3:
        yield SCHEME + target, CREATED
    if kind == "move":
        origin = source if to_s3 else rest.rpartition(" to ")[0]
        if origin.startswith(SCHEME):
            yield origin, DELETED


def _change(uri: str, event: str, number: int, source: str) -> ObjectChange:
    try:
        bucket, key = parse_s3_uri(uri)
    except PurgemapError as error:
        raise InputError(f"line {number}: {error}") from None
    return ObjectChange(bucket, key, event, source, "")
