"""An include or exclude glob → its parts, and the regular expression of a glob that no key can make slow.

The semantics are those of wcmatch's `GLOBSTAR | DOTGLOB | MATCHBASE`, but `**` spans folders wherever it stands.
"""

import re
from collections.abc import Iterator, Sequence
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from purgemap.errors import PatternError

MAX_SETS = 16
"""Sets of characters in a glob: each is looked up for every character of a key."""

# A longer glob goes to the automaton, whose time depends on the key alone.
_MAX_REGEX_ATOMS = 64

# A `**/` tries each folder of a key, and each try reads so many folders on.
_MAX_REGEX_FOLDERS = 3

_TOKEN = re.compile(
    r"(?P<spans>\*\*+/?)|(?P<star>\*)|(?P<any>\?)|\[(?P<not>[!^]?)(?P<set>\]?(?:[^\]\\/]|\\.)*)\]|\\(?P<escaped>.)|(?P<text>[^*?\[\\]+)",
    re.DOTALL,
)
_RANGE = re.compile(r"(\\.|.)(?:-(\\.|.))?", re.DOTALL)


class GlobPartKind(Enum):
    """What a part of a glob is."""

    TEXT = "text"
    ANY = "?"
    SET = "[…]"
    STAR = "*"
    SPAN = "**"
    FOLDERS = "**/"


class GlobPart(NamedTuple):
    """One part of a glob; `text` is the literal text of TEXT, and the regular expression of SET.

    FOLDERS is a `**/` at the start of a segment: any number of whole folders, none included.
    """

    kind: GlobPartKind
    text: str = ""


@lru_cache(maxsize=4096)
def parse_glob(text: str) -> tuple[GlobPart, ...]:
    """Split a glob, without its leading slash, into its parts.

    Raises PatternError for an unclosed `[`, a backslash at the end, a set that is empty or runs backwards, or too many.
    """
    parts = tuple(_parts(text))
    sets = sum(part.kind is GlobPartKind.SET for part in parts)
    if sets > MAX_SETS:
        raise PatternError(f"{text!r} has {sets} sets of characters; write at most {MAX_SETS}, or several globs")
    return parts


def _parts(text: str) -> Iterator[GlobPart]:
    position, starts_segment, after_folders = 0, True, False
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            raise PatternError(f"{text!r}: an unclosed '[' or a lone backslash; put a backslash before it")
        if token["spans"] and token["spans"].endswith("/") and starts_segment:
            if not after_folders:  # `**/**/` matches the same as `**/`
                yield GlobPart(GlobPartKind.FOLDERS)
            after_folders = True
        else:
            yield from _token_parts(token)
            after_folders = False
        position = token.end()
        starts_segment = text[position - 1] == "/"


def _token_parts(token: re.Match[str]) -> Iterator[GlobPart]:
    if token["spans"]:
        yield GlobPart(GlobPartKind.SPAN)
        if token["spans"].endswith("/"):
            yield GlobPart(GlobPartKind.TEXT, "/")
    elif token["star"]:
        yield GlobPart(GlobPartKind.STAR)
    elif token["any"]:
        yield GlobPart(GlobPartKind.ANY)
    elif token["set"] is not None:
        yield GlobPart(GlobPartKind.SET, _set_regex(token["set"], negated=bool(token["not"])))
    else:
        yield GlobPart(GlobPartKind.TEXT, token["escaped"] or token["text"])


def _set_regex(members: str, *, negated: bool) -> str:
    if not members:
        raise PatternError("'[]' matches nothing; name the characters or put a backslash before the bracket")
    ranges = (_range_regex(first, last or first, members) for first, last in _RANGE.findall(members))
    return f"(?!/)[{'^' if negated else ''}{''.join(ranges)}]"


def _range_regex(first: str, last: str, members: str) -> str:
    low, high = first[-1], last[-1]
    if high < low:
        raise PatternError(f"'[{members}]': the range {first}-{last} runs backwards; write it as {last}-{first}")
    return f"{re.escape(low)}-{re.escape(high)}"


_GAP_REGEX = {GlobPartKind.STAR: "[^/]*?", GlobPartKind.SPAN: ".*?", GlobPartKind.FOLDERS: "(?:.*?/)??"}


class _Gap(NamedTuple):
    """A wildcard of a glob (None before the first), and the parts of fixed length that follow it."""

    kind: GlobPartKind | None
    body: Sequence[GlobPart]


def glob_regex(parts: Sequence[GlobPart]) -> re.Pattern[str] | None:
    """Return the regular expression of a glob whose time is linear in the key; None for any other glob."""
    gaps = list(_gaps(parts))
    if not _is_linear(parts, gaps):
        return None
    followers = [gap.kind for gap in gaps[1:]]
    regex = "".join(map(_gap_regex, gaps, [*followers, None]))
    return re.compile(regex + r"\Z", re.DOTALL)


def _gaps(parts: Sequence[GlobPart]) -> Iterator[_Gap]:
    gap, body = None, list[GlobPart]()
    for part in parts:
        if part.kind in _GAP_REGEX:
            yield _Gap(gap, body)
            gap, body = part.kind, []
        else:
            body.append(part)
    yield _Gap(gap, body)


def _gap_regex(gap: _Gap, follower: GlobPartKind | None) -> str:
    regex = (_GAP_REGEX[gap.kind] if gap.kind else "") + "".join(map(_atom_regex, gap.body))
    return f"(?>{regex})" if _is_atomic(gap.kind, follower) else regex


def _atom_regex(part: GlobPart) -> str:
    if part.kind is GlobPartKind.ANY:
        return "[^/]"
    return part.text if part.kind is GlobPartKind.SET else re.escape(part.text)


def _is_atomic(kind: GlobPartKind | None, follower: GlobPartKind | None) -> bool:
    """Return whether only the leftmost place of a gap's body need be tried, as it leaves the most room for the rest.

    It does unless this gap crosses slashes and the next one can't.
    """
    is_between = kind is not None and follower is not None
    return is_between and (follower is not GlobPartKind.STAR or kind is GlobPartKind.STAR)


def _is_linear(parts: Sequence[GlobPart], gaps: Sequence[_Gap]) -> bool:
    """Return whether a key's characters are read a bounded number of times.

    One gap may try several places: a `**/` that is followed by stars only, so that each try reads a few folders.
    """
    kinds = [gap.kind for gap in gaps]
    retried = [
        place for place, kind in enumerate(kinds[:-1]) if kind is not None and not _is_atomic(kind, kinds[place + 1])
    ]
    if sum(len(part.text) if part.kind is GlobPartKind.TEXT else 1 for part in parts) > _MAX_REGEX_ATOMS:
        return False
    if not retried:
        return True
    behind = gaps[retried[0] :]
    folders = sum(part.text.count("/") for gap in behind for part in gap.body if part.kind is GlobPartKind.TEXT)
    only_stars = all(gap.kind is GlobPartKind.STAR for gap in behind[1:])
    return kinds[retried[0]] is GlobPartKind.FOLDERS and only_stars and folders <= _MAX_REGEX_FOLDERS
