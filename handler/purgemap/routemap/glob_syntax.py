"""The syntax of include and exclude globs: their parts, and a regular expression for those that no key can make slow.

The semantics are those of wcmatch with `GLOBSTAR | DOTGLOB | MATCHBASE`, except that `**` spans folders beside other
text, too: https://facelessuser.github.io/wcmatch/glob/#syntax
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from purgemap.errors import PatternError

# The automaton tries each set of characters for every new character of a key.
MAX_SETS = 16

# A longer glob is left to the automaton, whose time depends on the key alone.
_MAX_REGEX_ATOMS = 64

# A `**/` is tried at each folder of a key, and each try reads at most 3 folders.
_MAX_REGEX_FOLDERS = 3

_TOKEN = re.compile(
    r"(?P<spans>\*\*+/?)|(?P<star>\*)|(?P<any>\?)|\[(?P<not>[!^]?)(?P<set>\]?(?:[^\]\\/]|\\.)*)\]|\\(?P<escaped>.)|(?P<text>[^*?\[\\]+)",
    re.DOTALL,
)
_RANGE = re.compile(r"(\\.|.)(?:-(\\.|.))?", re.DOTALL)


class GlobPartKind(Enum):
    """The kinds of parts of a glob."""

    TEXT = "text"
    ANY = "?"
    SET = "[…]"
    STAR = "*"
    SPAN = "**"
    FOLDERS = "**/"


class GlobPart(NamedTuple):
    """One part of a glob; `text` is the literal text of TEXT, and the regular expression of SET.

    FOLDERS is a `**/` at the start of a segment: any number of whole folders, or none.
    """

    kind: GlobPartKind
    text: str = ""


@lru_cache(maxsize=4096)
def parse_glob(text: str) -> tuple[GlobPart, ...]:
    """Split a glob, without its leading slash, into its parts.

    Raises PatternError for an unclosed `[`, a lone backslash, an empty set, a reversed range, or more than 16 sets.
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
    elif token["star"] or token["any"]:
        yield GlobPart(GlobPartKind(token[0]))
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


_WILDCARD_REGEX = {GlobPartKind.STAR: "[^/]*?", GlobPartKind.SPAN: ".*?", GlobPartKind.FOLDERS: "(?:.*?/)??"}


class _GlobWildcard(NamedTuple):
    """A wildcard, and the parts of fixed length up to the next one; its kind is None for those before the first."""

    kind: GlobPartKind | None
    body: Sequence[GlobPart]


def glob_regex(parts: Sequence[GlobPart]) -> re.Pattern[str] | None:
    """Return a glob's regular expression if it takes time linear in the length of any key; None otherwise."""
    wildcards = list(_split_at_wildcards(parts))
    if not _is_linear(parts, wildcards):
        return None
    following = [wildcard.kind for wildcard in wildcards[1:]]
    regex = "".join(map(_wildcard_regex, wildcards, [*following, None]))
    return re.compile(regex + r"\Z", re.DOTALL)


def _split_at_wildcards(parts: Sequence[GlobPart]) -> Iterator[_GlobWildcard]:
    kind, body = None, list[GlobPart]()
    for part in parts:
        if part.kind in _WILDCARD_REGEX:
            yield _GlobWildcard(kind, body)
            kind, body = part.kind, []
        else:
            body.append(part)
    yield _GlobWildcard(kind, body)


def _wildcard_regex(wildcard: _GlobWildcard, following: GlobPartKind | None) -> str:
    regex = (_WILDCARD_REGEX[wildcard.kind] if wildcard.kind else "") + "".join(map(_atom_regex, wildcard.body))
    return f"(?>{regex})" if _is_atomic(wildcard.kind, following) else regex


def _atom_regex(part: GlobPart) -> str:
    if part.kind is GlobPartKind.ANY:
        return "[^/]"
    return part.text if part.kind is GlobPartKind.SET else re.escape(part.text)


def _is_atomic(kind: GlobPartKind | None, following: GlobPartKind | None) -> bool:
    """Return whether the regular expression may skip all but the leftmost match of a wildcard and its body."""
    if kind is None or following is None:
        return False
    # The leftmost match leaves most of the key to the following wildcard, unless only this one may cross slashes.
    return following is not GlobPartKind.STAR or kind is GlobPartKind.STAR


def _is_linear(parts: Sequence[GlobPart], wildcards: Sequence[_GlobWildcard]) -> bool:
    """Return whether the regular expression reads each character of a key a bounded number of times."""
    if sum(len(part.text) if part.kind is GlobPartKind.TEXT else 1 for part in parts) > _MAX_REGEX_ATOMS:
        return False
    kinds = [wildcard.kind for wildcard in wildcards]
    retried = [
        number
        for number, (kind, following) in enumerate(itertools.pairwise(kinds))
        if kind is not None and not _is_atomic(kind, following)
    ]
    if not retried:
        return True
    # One wildcard may be tried at several places: a `**/` that only stars follow, so that each try reads a few folders.
    rest = wildcards[retried[0] :]
    folders = sum(part.text.count("/") for wildcard in rest for part in wildcard.body if part.kind is GlobPartKind.TEXT)
    only_stars = all(wildcard.kind is GlobPartKind.STAR for wildcard in rest[1:])
    return rest[0].kind is GlobPartKind.FOLDERS and only_stars and folders <= _MAX_REGEX_FOLDERS
