"""Text that names changed objects (events, output of `aws s3`, URIs, keys), line by line → object changes.

Each line is understood, or an error: a change that is dropped leaves a page stale. A JSON object is an event, a JSON
list holds events; `upload:`, `copy:`, `delete:` and `move:` are what `aws s3` prints; `s3://…` is a URI, taken as it
stands; anything else is a key of the bucket that the caller names. Spaces at the end of a line may belong to its name,
so it is named with and without them. JSON may be laid out over several lines: what begins with a line of one opening
bracket ends with the line of its closing one. Names may end in NUL instead of lines.
"""

import codecs
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from purgemap.errors import PurgemapError
from purgemap.events import CREATED, ObjectChange
from purgemap.operations.inputs.json_events import end_of_json, is_event, read_events
from purgemap.operations.inputs.key_list import read_key, read_nul_ended_key
from purgemap.operations.inputs.line_prefixes import is_without_result, strip_prefix
from purgemap.operations.inputs.transfer_log import Result, is_open, is_progress, is_result, read_result
from purgemap.operations.inputs.transfer_names import (
    PADDING,
    LineEnd,
    check_bucket,
    check_printed,
    prints_every_letter,
    spell_return,
)
from purgemap.text import S3_SCHEME, parse_s3_uri

_UTF_16 = "is UTF-16, as PowerShell's > writes it; write it with `| Out-File -Encoding utf8` instead"
_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
_JOINED = re.compile(rf"[\s,;]{S3_SCHEME}|\x1b|\r(?:upload|copy|move|delete|download)(?: failed)?: ")
_BETWEEN_URIS = re.compile(rf"\r+(?={S3_SCHEME})")
# Longer than two of the longest keys, and what stands around them.
_MAX_RESULT_LENGTH = 10_000


class InputError(PurgemapError):
    """A line that names no object; the message gives its number and what to do."""


class ChangeList(NamedTuple):
    """The changes of a text, its ignored events, the errors of `aws s3` in it, and its lines of a `--dryrun`."""

    changes: list[ObjectChange]
    ignored: int
    troubles: list[str]
    dry_run_lines: int = 0


class _Line(NamedTuple):
    """The changes that a line, or a part of one, names; `key` is its text, if taken for a key."""

    number: int
    changes: list[ObjectChange]
    ignored: int = 0
    trouble: str = ""
    is_dry_run: bool = False
    is_result: bool = False
    key: str = ""


class _Caller(NamedTuple):
    """The bucket and source that the caller gives all lines.

    Then, whether each line ends in a carriage return, and whether a ? can only be a real one.
    """

    bucket: str | None
    source: str
    is_crlf: bool
    has_real_marks: bool


def decode_input(data: bytes) -> str:
    """Decode what a command reads. Raises PurgemapError for UTF-16, UnicodeDecodeError for what else is not UTF-8."""
    if data.startswith(_BOMS):
        raise PurgemapError(_UTF_16)
    return data.decode("utf-8-sig")


def parse_lines(lines: Iterable[str], *, bucket: str | None = None, source: str = "") -> ChangeList:
    """Read the changes that lines name, each object once per event.

    `source` is the source of them all, of events too: what a person sends again is another delivery, whatever its ids.
    Raises InputError for a line that can't be read, or a bare key without `bucket`.
    """
    texts = [line.removesuffix("\n") for line in lines]
    is_crlf = all(text.endswith("\r") for text in texts if text)
    caller = _Caller(bucket, source, is_crlf, has_real_marks=prints_every_letter("".join(texts)))
    has_nul = any("\0" in text for text in texts)
    read = list(_read_names("\n".join(texts), caller) if has_nul else _read_lines(texts, caller))
    _check_keys_alone(read)
    changes = {change[:3]: change._replace(source=source) for line in read for change in line.changes}
    return ChangeList(
        list(changes.values()),
        sum(line.ignored for line in read),
        [line.trouble for line in read if line.trouble],
        sum(line.is_dry_run for line in read),
    )


def _check_keys_alone(lines: Sequence[_Line]) -> None:
    """Raise InputError for a key among results of `aws s3`: more likely, it is a line of another tool."""
    keys = [line for line in lines if line.key]
    if keys and any(line.is_result for line in lines):
        raise InputError(
            f"line {keys[0].number}: {keys[0].key!r} is not a result of `aws s3`, as other lines are; "
            "remove it, or if it is a key, write s3://BUCKET/KEY"
        )


def _read_lines(texts: Sequence[str], caller: _Caller) -> Iterator[_Line]:
    """Read lines; JSON that is laid out over several of them is one."""
    end = 0
    for start, text in enumerate(texts):
        if start >= end:
            end = end_of_json(texts, start, caller.bucket)
            with _located(f"line {start + 1}"):
                laid_out = "\n".join(each.rstrip("\r") for each in texts[start:end])
                yield from _read_line(text if end == start + 1 else laid_out, start + 1, caller)


def _read_names(text: str, caller: _Caller) -> Iterator[_Line]:
    """Read names that end in NUL, as those of `find -print0`."""
    names = text.removesuffix("\n").split("\0")
    if text.count("\0") * 5 > len(text) * 2:  # half of the characters, but for letters that are not Latin
        raise InputError(_UTF_16)
    for number, name in enumerate(names, 1):
        with _located(f"name {number}"):
            if name.startswith(S3_SCHEME):
                yield _Line(number, [_change(name, CREATED)])
            elif name:
                yield _key_line(number, name, [read_nul_ended_key(name)], caller)


@contextmanager
def _located(place: str) -> Iterator[None]:
    try:
        yield
    except InputError:
        raise
    except PurgemapError as error:
        raise InputError(f"{place}: {error}") from None


def _read_line(text: str, number: int, caller: _Caller) -> Iterator[_Line]:
    text = text.removeprefix("\ufeff")
    if is_event(text, caller.bucket):
        yield _Line(number, *read_events(text, number))
    elif text.startswith(S3_SCHEME):
        yield _Line(number, [each for uri in _uris(text, caller) for each in _spell_end(_change(uri, CREATED))])
    else:
        yield from _read_parts(_split_at_returns(text), number, caller)


def _uris(text: str, caller: _Caller) -> Iterator[str]:
    """Yield the URIs of a line, as they stand."""
    for uri in _BETWEEN_URIS.split(text):
        name = uri.rstrip("\r")
        if _JOINED.search(name):
            raise PurgemapError(f"{uri!r} holds more than one s3://BUCKET/KEY; write each on its own line")
        yield name
        yield from spell_return(name, LineEnd(has_return=name != uri, is_crlf=caller.is_crlf))


def _split_at_returns(text: str) -> list[str]:
    """Split a line at its carriage returns, except those within names."""
    parts: list[str] = []
    for piece in map(strip_prefix, text.split("\r")):
        if parts and is_open(parts[-1]) and not is_result(piece) and len(parts[-1]) < _MAX_RESULT_LENGTH:
            parts[-1] += f"\r{piece}"
        else:
            parts.append(piece)
    return parts


def _read_parts(parts: Sequence[str], number: int, caller: _Caller) -> Iterator[_Line]:
    filled = [place for place, part in enumerate(parts) if part.strip()]
    for place in filled:
        previous = parts[place - 1] if place else ""
        is_padded = is_progress(previous) and len(parts[place]) <= len(previous)
        end = LineEnd(is_padded, has_return=place == filled[-1] < len(parts) - 1, is_crlf=caller.is_crlf)
        result = read_result(parts[place], end)
        if result:
            yield _result_line(number, parts[place], result, caller)
        elif caller.bucket is not None or not is_without_result(parts[place]):
            text = parts[place] if len(filled) == 1 else "\r".join(parts)
            key = read_key(text)
            line = _key_line(number, text, [key, *spell_return(key, end)], caller)
            yield line._replace(changes=[each for change in line.changes for each in _spell_end(change)])


def _result_line(number: int, text: str, result: Result, caller: _Caller) -> _Line:
    for uri, _ in result.uris:
        check_printed(uri, "\ufffd" if caller.has_real_marks else "?")
    changes = [_change(uri, event) for uri, event in result.uris]
    return _Line(
        number, changes, trouble=text if result.is_trouble else "", is_dry_run=result.is_dry_run, is_result=True
    )


def _key_line(number: int, text: str, keys: Iterable[str], caller: _Caller) -> _Line:
    if caller.bucket is None:
        raise PurgemapError(f"{text!r} is a key; name its bucket with --bucket, or write s3://BUCKET/KEY")
    return _Line(number, [ObjectChange(caller.bucket, key, CREATED, "", "") for key in keys], key=text)


def _spell_end(change: ObjectChange) -> list[ObjectChange]:
    """Return a change, and another one without the spaces at the end of its key: they may be the line's."""
    bare = change.key.rstrip(PADDING)
    return [change] if bare in ("", change.key) else [change, change._replace(key=bare)]


def _change(uri: str, event: str) -> ObjectChange:
    check_bucket(uri)
    bucket, key = parse_s3_uri(uri)
    return ObjectChange(bucket, key, event, "", "")
