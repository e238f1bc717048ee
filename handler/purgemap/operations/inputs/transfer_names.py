"""Split the two names of a transfer of `aws s3`, and spell what a log has left in doubt.

Both names usually end alike, so the source shows where the target begins and ends. Where that leaves a doubt, each
spelling is named: an invalidation too many costs half a cent, one too few leaves a page stale.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from purgemap.errors import PurgemapError
from purgemap.text import S3_SCHEME

_TO, _TO_S3 = " to ", f" to {S3_SCHEME}"
# CI systems print these instead of what they keep secret.
_MASK = re.compile(r"\*\*\*|\[(?:MASKED|secure|REDACTED)\]")
_BUCKET = re.compile(r"[A-Za-z0-9._-]+\Z")
PADDING = " \r\t\xa0"
"""What `aws s3` prints behind a name, and what it becomes in copies of a terminal or a page."""

# No code page of 8 bits has these. Those of more bits are Windows', whose paths hold a backslash, and no ?.
_UNICODE_LETTER = re.compile("[\u2e80-\ufaff\U00010000-\U0010ffff]")
# macOS keeps a folder's icon in a file `Icon\r`.
_ENDS_IN_RETURN = "Icon"


class LineEnd(NamedTuple):
    """What follows a name: spaces that only erase a progress; a carriage return; whether each line ends in one."""

    is_padded: bool = False
    has_return: bool = False
    is_crlf: bool = False


def split_names(kind: str, names: str) -> list[tuple[str, str]]:
    """Return the pairs of source and target that the names of a transfer can be. Raises PurgemapError for none.

    There are several only where each has names that end alike.
    """
    pairs = all_pairs(kind, names)
    check_target(kind, names, pairs)
    return [pair for pair in pairs if _is_same_name(*pair)] or pairs[-1:]


def check_target(kind: str, names: str, targets: Sequence[object]) -> None:
    """Raise PurgemapError unless the names of a transfer hold a target in S3."""
    if not targets:
        text = f"{kind}: {names}"
        raise PurgemapError(f"{text!r} has no target s3://BUCKET/KEY; replace the line by that URI")


def all_pairs(kind: str, names: str) -> list[tuple[str, str]]:
    """Return each pair of source and target into which names can be cut, one of them in S3."""
    to_s3 = [] if kind == "download" else list(_cut(names, _TO_S3))
    if to_s3 or kind in ("upload", "copy") or not names.startswith(S3_SCHEME):
        return to_s3
    return list(_cut(names, _TO))


def is_cut_by_return(names: str) -> bool:
    """Return whether names lack an end, which then follows a carriage return."""
    pairs = list(_cut(names, _TO))
    return not pairs or any(last_name(source).startswith(f"{last_name(target)}\r") for source, target in pairs)


def _cut(names: str, separator: str) -> Iterator[tuple[str, str]]:
    place = names.find(separator)
    while place >= 0:
        yield names[:place], names[place + len(_TO) :]
        place = names.find(separator, place + 1)


def spell_target(source: str, target: str, end: LineEnd) -> list[str]:
    """Return the target that the source's name shows; each that it can be, where the names differ."""
    if _is_same_name(source, target):
        return [check_name(target.rstrip(PADDING) + source[len(source.rstrip(PADDING)) :])]
    return [*_before_remark(source, target), *spell_name(target, end)]


def _before_remark(source: str, target: str) -> list[str]:
    """Return the target up to the source's name, if more words follow it."""
    name, remark = last_name(source), last_name(target)
    return [check_name(target.removesuffix(remark) + name)] if name and remark.startswith(f"{name} ") else []


def spell_name(name: str, end: LineEnd) -> list[str]:
    """Return what the last name of a line can be, without the spaces at its end and with them."""
    bare = name.rstrip(PADDING)
    names = [bare] if end.is_padded else list(dict.fromkeys([bare, name]))
    return [check_name(each) for each in names + spell_return(names[-1], end)]


def spell_return(name: str, end: LineEnd) -> list[str]:
    """Return the name with the carriage return behind it, if that may belong to it."""
    may_belong = end.has_return and (not end.is_crlf or last_name(name) == _ENDS_IN_RETURN)
    return [f"{name}\r"] if may_belong else []


def _is_same_name(source: str, target: str) -> bool:
    return last_name(source.rstrip(PADDING)) == last_name(target.rstrip(PADDING))


def last_name(path: str) -> str:
    """Return the part of a path after its last slash, or Windows' backslash."""
    return path[max(path.rfind("/"), path.rfind("\\")) + 1 :]


def check_name(uri: str) -> str:
    """Return a name that is whole; raises PurgemapError for one that a terminal or a CI system has altered."""
    check_printed(uri, "\ufffd")
    if "\x1b" in uri:
        raise PurgemapError(f"{uri!r} holds a terminal's escape; remove it, or name the object by a JSON event")
    if _MASK.search(uri):
        raise PurgemapError(f"{uri!r} is masked; name the object by a line s3://BUCKET/KEY")
    check_bucket(uri)
    return uri


def check_printed(uri: str, substitute: str) -> None:
    """Raise PurgemapError for a name with the character that a terminal or a copy puts for what it can't print."""
    if substitute in uri:
        raise PurgemapError(
            f"{uri!r} holds a {substitute} as printed for a letter that the terminal lacks; run `aws s3` with "
            "PYTHONIOENCODING=utf-8, or if it is a real one, name the object by a line s3://BUCKET/KEY"
        )


def prints_every_letter(text: str) -> bool:
    """Return whether a log shows that its terminal could print any letter, so that each ? in it is real."""
    return bool(_UNICODE_LETTER.search(text)) and "\\" not in text


def check_bucket(uri: str) -> None:
    """Raise PurgemapError for an S3 URI whose bucket can't be one, as an access point's ARN."""
    bucket = uri.removeprefix(S3_SCHEME).partition("/")[0]
    if uri.startswith(S3_SCHEME) and bucket and not _BUCKET.match(bucket):
        raise PurgemapError(f"{uri!r}: {bucket!r} is not the name of a bucket; write s3://BUCKET/KEY")
