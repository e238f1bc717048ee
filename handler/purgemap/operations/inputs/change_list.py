"""Parse a list of changed objects, line by line: JSON events, output of `aws s3`, S3 URIs and keys."""

import codecs
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from purgemap.errors import PurgemapError
from purgemap.events import CREATED, ObjectChange
from purgemap.operations.inputs.json_events import end_of_json, is_event, parse_events
from purgemap.operations.inputs.key_list import parse_key, parse_nul_ended_key
from purgemap.operations.inputs.line_prefixes import is_without_result, strip_prefix
from purgemap.operations.inputs.transfer_log import TransferResult, has_open_name, is_progress, is_result, parse_result
from purgemap.operations.inputs.transfer_names import (
    PADDING,
    LineEnd,
    check_bucket,
    check_printed,
    is_unicode_output,
    names_with_return,
)
from purgemap.text import S3_SCHEME, parse_s3_uri

_UTF_16 = "is UTF-16, as PowerShell's > writes it; write it with `| Out-File -Encoding utf8` instead"
_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
_JOINED = re.compile(rf"[\s,;]{S3_SCHEME}|\x1b|\r(?:upload|copy|move|delete|download)(?: failed)?: ")
_BETWEEN_URIS = re.compile(rf"\r+(?={S3_SCHEME})")
# Two keys of S3's maximum of 1,024 bytes and the text around them are shorter.
_MAX_RESULT_LENGTH = 10_000


class ChangeList(NamedTuple):
    """The changes of a text, the numbers of its ignored events and --dryrun lines, and the errors of `aws s3` in it."""

    changes: list[ObjectChange]
    ignored: int
    aws_cli_errors: list[str]
    dry_run_lines: int = 0


class _ParsedLine(NamedTuple):
    """The changes of a line, or of a part of one; `key` is its text, if parsed as a key."""

    number: int
    changes: list[ObjectChange]
    ignored: int = 0
    aws_cli_error: str = ""
    is_dry_run: bool = False
    is_result: bool = False
    key: str = ""


class _InputContext(NamedTuple):
    """The bucket of bare keys, whether each line ends in a carriage return, and whether the output was Unicode."""

    bucket: str | None
    is_crlf: bool
    is_unicode: bool


def decode_input(data: bytes) -> str:
    """Decode a command's input; raises PurgemapError for UTF-16, UnicodeDecodeError if it is not UTF-8."""
    if data.startswith(_BOMS):
        raise PurgemapError(_UTF_16)
    return data.decode("utf-8-sig")


@contextmanager
def prefix_errors_with(place: str) -> Iterator[None]:
    """Put the place of an error before its message."""
    try:
        yield
    except PurgemapError as error:
        raise PurgemapError(f"{place}: {error}") from None


def parse_lines(lines: Iterable[str], *, bucket: str | None = None, source: str = "") -> ChangeList:
    """Parse the changes of lines, each object once per event.

    A line is JSON (an event or a list), a result of `aws s3`, an S3 URI that is not decoded, or a key of `bucket`.
    JSON may span lines: its first and last lines are single brackets. Names may end in NUL instead of lines. `source`
    becomes the source of all changes. Raises PurgemapError with the line's number.
    """
    # Every line is parsed or an error: a change that is dropped leaves a page stale.
    texts = [line.removesuffix("\n") for line in lines]
    is_crlf = all(text.endswith("\r") for text in texts if text)
    context = _InputContext(bucket, is_crlf, is_unicode_output("".join(texts)))
    has_nul = any("\0" in text for text in texts)
    parsed_lines = list(_parse_names("\n".join(texts), context) if has_nul else _parse_all(texts, context))
    _check_no_key_among_results(parsed_lines)
    # An event's own source is replaced too: an input that is sent again on purpose is another delivery.
    changes = {change[:3]: change._replace(source=source) for line in parsed_lines for change in line.changes}
    return ChangeList(
        list(changes.values()),
        sum(line.ignored for line in parsed_lines),
        [line.aws_cli_error for line in parsed_lines if line.aws_cli_error],
        sum(line.is_dry_run for line in parsed_lines),
    )


def _check_no_key_among_results(lines: Sequence[_ParsedLine]) -> None:
    """Raise PurgemapError for a key among results of `aws s3`: more likely, it is a line of another tool."""
    keys = [line for line in lines if line.key]
    if keys and any(line.is_result for line in lines):
        raise PurgemapError(
            f"line {keys[0].number}: {keys[0].key!r} is not a result of `aws s3`, as other lines are; "
            "remove it, or if it is a key, write s3://BUCKET/KEY"
        )


def _parse_all(texts: Sequence[str], context: _InputContext) -> Iterator[_ParsedLine]:
    """Parse lines; JSON that spans several of them is one."""
    end = 0
    for start, text in enumerate(texts):
        if start >= end:
            end = end_of_json(texts, start, context.bucket)
            with prefix_errors_with(f"line {start + 1}"):
                multi_line_json = "\n".join(line.rstrip("\r") for line in texts[start:end])
                yield from _parse_line(text if end == start + 1 else multi_line_json, start + 1, context)


def _parse_names(text: str, context: _InputContext) -> Iterator[_ParsedLine]:
    """Parse names that end in NUL, as `find -print0` prints them."""
    names = text.removesuffix("\n").split("\0")
    if text.count("\0") * 5 > len(text) * 2:  # UTF-16 has a NUL for each Latin letter, about half of the characters
        raise PurgemapError(_UTF_16)
    for number, name in enumerate(names, 1):
        with prefix_errors_with(f"name {number}"):
            if name.startswith(S3_SCHEME):
                yield _ParsedLine(number, [_change(name, CREATED)])
            elif name:
                yield _key_line(number, name, [parse_nul_ended_key(name)], context)


def _parse_line(text: str, number: int, context: _InputContext) -> Iterator[_ParsedLine]:
    text = text.removeprefix("\ufeff")
    if is_event(text, context.bucket):
        yield _ParsedLine(number, *parse_events(text, number))
    elif text.startswith(S3_SCHEME):
        changes = [_change(uri, CREATED) for uri in _split_uris(text, context)]
        yield _ParsedLine(number, [variant for change in changes for variant in _with_stripped_key(change)])
    else:
        yield from _parse_parts(_split_at_returns(text), number, context)


def _split_uris(text: str, context: _InputContext) -> Iterator[str]:
    """Yield the URIs of a line, not decoded."""
    for uri in _BETWEEN_URIS.split(text):
        name = uri.rstrip("\r")
        if _JOINED.search(name):
            raise PurgemapError(f"{uri!r} holds more than one s3://BUCKET/KEY; write each on its own line")
        yield name
        yield from names_with_return(name, LineEnd(has_return=name != uri, is_crlf=context.is_crlf))


def _split_at_returns(text: str) -> list[str]:
    """Split a line at its carriage returns, except those within names."""
    parts: list[str] = []
    for piece in map(strip_prefix, text.split("\r")):
        if parts and has_open_name(parts[-1]) and not is_result(piece) and len(parts[-1]) < _MAX_RESULT_LENGTH:
            parts[-1] += f"\r{piece}"
        else:
            parts.append(piece)
    return parts


def _parse_parts(parts: Sequence[str], number: int, context: _InputContext) -> Iterator[_ParsedLine]:
    indexes = [index for index, part in enumerate(parts) if part.strip()]
    for index in indexes:
        previous = parts[index - 1] if index else ""
        # `aws s3` pads a result with spaces to erase the progress before it.
        is_padded = is_progress(previous) and len(parts[index]) <= len(previous)
        end = LineEnd(is_padded, has_return=index == indexes[-1] < len(parts) - 1, is_crlf=context.is_crlf)
        result = parse_result(parts[index], end)
        if result:
            yield _result_line(number, parts[index], result, context)
        elif context.bucket is not None or not is_without_result(parts[index]):
            text = parts[index] if len(indexes) == 1 else "\r".join(parts)
            key = parse_key(text)
            line = _key_line(number, text, [key, *names_with_return(key, end)], context)
            yield line._replace(changes=[variant for change in line.changes for variant in _with_stripped_key(change)])


def _result_line(number: int, text: str, result: TransferResult, context: _InputContext) -> _ParsedLine:
    for uri, _ in result.uris:
        check_printed(uri, "\ufffd" if context.is_unicode else "?")
    changes = [_change(uri, event) for uri, event in result.uris]
    error = text if result.is_error else ""
    return _ParsedLine(number, changes, aws_cli_error=error, is_dry_run=result.is_dry_run, is_result=True)


def _key_line(number: int, text: str, keys: Iterable[str], context: _InputContext) -> _ParsedLine:
    if context.bucket is None:
        raise PurgemapError(f"{text!r} is a key; name its bucket with --bucket, or write s3://BUCKET/KEY")
    return _ParsedLine(number, [ObjectChange(context.bucket, key, CREATED, "", "") for key in keys], key=text)


def _with_stripped_key(change: ObjectChange) -> list[ObjectChange]:
    """Return a change, and the same without spaces at its key's end, which may be the line's."""
    key = change.key.rstrip(PADDING)
    return [change] if key in ("", change.key) else [change, change._replace(key=key)]


def _change(uri: str, event: str) -> ObjectChange:
    check_bucket(uri)
    bucket, key = parse_s3_uri(uri)
    return ObjectChange(bucket, key, event, "", "")
