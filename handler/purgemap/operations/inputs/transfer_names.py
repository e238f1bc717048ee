"""Split the two names of a transfer of `aws s3`, and list the possible names where a log is ambiguous."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from purgemap.errors import PurgemapError
from purgemap.text import S3_SCHEME

_TO, _TO_S3 = " to ", f" to {S3_SCHEME}"
# CI systems print these in place of secrets.
_MASK = re.compile(r"\*\*\*|\[(?:MASKED|secure|REDACTED)\]")
_BUCKET = re.compile(r"[A-Za-z0-9._-]+\Z")
PADDING = " \r\t\xa0"
"""The spaces that `aws s3` prints after a name, and what terminals and pages turn them into when copied."""

# No 8-bit code page has these letters. Larger code pages are of Windows, whose paths hold a backslash and never a ?.
_UNICODE_LETTER = re.compile("[\u2e80-\ufaff\U00010000-\U0010ffff]")
# macOS keeps a folder's icon in a file named `Icon\r`.
_NAME_BEFORE_RETURN = "Icon"


class LineEnd(NamedTuple):
    """The end of a line: padded to erase a progress, with a carriage return, in a text whose lines all have one."""

    is_padded: bool = False
    has_return: bool = False
    is_crlf: bool = False


def split_names(kind: str, names: str) -> list[tuple[str, str]]:
    """Return the possible pairs of source and target; raises PurgemapError if there is none."""
    pairs = possible_pairs(kind, names)
    check_target(kind, names, pairs)
    # Source and target usually have the same last name, which shows where both begin and end. If several pairs have
    # it, all count: an invalidation too many costs half a cent, one too few leaves a page stale.
    return [pair for pair in pairs if _have_same_name(*pair)] or pairs[-1:]


def check_target(kind: str, names: str, targets: Sequence[object]) -> None:
    """Raise PurgemapError unless the names of a transfer hold a target in S3."""
    if not targets:
        text = f"{kind}: {names}"
        raise PurgemapError(f"{text!r} has no target s3://BUCKET/KEY; replace the line by that URI")


def possible_pairs(kind: str, names: str) -> list[tuple[str, str]]:
    """Return each pair of source and target into which names can be split, one of them in S3."""
    to_s3 = [] if kind == "download" else list(_split_each(names, _TO_S3))
    if to_s3 or kind in ("upload", "copy") or not names.startswith(S3_SCHEME):
        return to_s3
    return list(_split_each(names, _TO))


def lacks_name_end(names: str) -> bool:
    """Return whether the end of the names follows a carriage return."""
    pairs = list(_split_each(names, _TO))
    return not pairs or any(base_name(source).startswith(f"{base_name(target)}\r") for source, target in pairs)


def _split_each(names: str, separator: str) -> Iterator[tuple[str, str]]:
    index = names.find(separator)
    while index >= 0:
        yield names[:index], names[index + len(_TO) :]
        index = names.find(separator, index + 1)


def possible_targets(source: str, target: str, end: LineEnd) -> list[str]:
    """Return the target that the source's name shows, or every possible one if the names differ."""
    if _have_same_name(source, target):
        return [check_name(target.rstrip(PADDING) + source[len(source.rstrip(PADDING)) :])]
    return [*_without_remark(source, target), *possible_names(target, end)]


def _without_remark(source: str, target: str) -> list[str]:
    """Return the target without the words after the source's name, if there are any."""
    name, remark = base_name(source), base_name(target)
    return [check_name(target.removesuffix(remark) + name)] if name and remark.startswith(f"{name} ") else []


def possible_names(name: str, end: LineEnd) -> list[str]:
    """Return a line's last name without the spaces at its end, and with those that may belong to it."""
    stripped = name.rstrip(PADDING)
    names = [stripped] if end.is_padded else list(dict.fromkeys([stripped, name]))
    return [check_name(possible) for possible in names + names_with_return(names[-1], end)]


def names_with_return(name: str, end: LineEnd) -> list[str]:
    """Return the name with a carriage return, if the line's may belong to it."""
    may_belong = end.has_return and (not end.is_crlf or base_name(name) == _NAME_BEFORE_RETURN)
    return [f"{name}\r"] if may_belong else []


def _have_same_name(source: str, target: str) -> bool:
    return base_name(source.rstrip(PADDING)) == base_name(target.rstrip(PADDING))


def base_name(path: str) -> str:
    """Return the part of a path after its last slash, or Windows' backslash."""
    return path[max(path.rfind("/"), path.rfind("\\")) + 1 :]


def check_name(uri: str) -> str:
    """Return the name; raises PurgemapError if a terminal or a CI system has altered it."""
    check_printed(uri, "\ufffd")
    if "\x1b" in uri:
        raise PurgemapError(f"{uri!r} holds a terminal's escape; remove it, or name the object by a JSON event")
    if _MASK.search(uri):
        raise PurgemapError(f"{uri!r} is masked; name the object by a line s3://BUCKET/KEY")
    check_bucket(uri)
    return uri


def check_printed(uri: str, substitute: str) -> None:
    """Raise PurgemapError if a name holds the character that replaces letters which could not be printed."""
    if substitute in uri:
        raise PurgemapError(
            f"{uri!r} holds a {substitute} as printed for a letter that the terminal lacks; run `aws s3` with "
            "PYTHONIOENCODING=utf-8, or if it is a real one, name the object by a line s3://BUCKET/KEY"
        )


def is_unicode_output(text: str) -> bool:
    """Return whether a log holds letters that only Unicode output has, so that each ? in it is real."""
    return bool(_UNICODE_LETTER.search(text)) and "\\" not in text


def check_bucket(uri: str) -> None:
    """Raise PurgemapError for an S3 URI whose bucket is not a bucket name, as an access point's ARN."""
    bucket = uri.removeprefix(S3_SCHEME).partition("/")[0]
    if uri.startswith(S3_SCHEME) and bucket and not _BUCKET.match(bucket):
        raise PurgemapError(f"{uri!r}: {bucket!r} is not the name of a bucket; write s3://BUCKET/KEY")
