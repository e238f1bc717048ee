"""Include and exclude globs → regular expressions over the rest of a key after its route's prefix."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from purgemap.errors import PatternError

_GLOB_TOKEN = re.compile(
    r"(?P<spans>\*\*+/?)|(?P<star>\*)|(?P<any>\?)|\[(?P<not>[!^]?)(?P<set>\]?(?:[^\]\\/]|\\.)*)\]|\\(?P<escaped>.)|(?P<text>[^*?\[\\]+)",
    re.DOTALL,
)
_RANGE = re.compile(r"(\\.|.)(?:-(\\.|.))?", re.DOTALL)


class _Gap(NamedTuple):
    """A `*` or `**` of a glob (None before the first) and the fixed-length regex that follows it."""

    spans: bool | None
    regex: str
    body: str


@lru_cache(maxsize=4096)
def glob_regex(text: str) -> tuple[re.Pattern[str], bool]:
    """Translate an include/exclude glob; returns its regex and whether it looks at the file name only.

    Without a slash it looks at the file name, at any depth; with one at the whole remainder of the key after the
    route's prefix, where a leading slash only anchors. `*`, `?` and `[..]` stay within a segment, `**` spans them.
    Raises PatternError for an unclosed `[` or a backslash at the end.
    """
    by_name = "/" not in text
    regex, gaps = "", list(_glob_gaps(text.removeprefix("/")))
    for place, gap in enumerate(gaps):
        following = gaps[place + 1].spans if place + 1 < len(gaps) else None
        # The leftmost place of the body leaves the most room, unless what follows can't cross a slash that this can.
        atomic = gap.spans is not None and following is not None and (following or not gap.spans)
        regex += f"(?>{gap.regex}{gap.body})" if atomic else gap.regex + gap.body
    return re.compile(regex + r"\Z", re.DOTALL), by_name


def _glob_gaps(text: str) -> Iterator[_Gap]:
    gap, position = _Gap(None, "", ""), 0
    while position < len(text):
        token = _GLOB_TOKEN.match(text, position)
        if token is None:
            raise PatternError(f"{text!r}: an unclosed '[' or a lone backslash; put a backslash before it")
        if token["spans"] or token["star"]:
            yield gap
            gap = _gap_of(token, starts_segment=position == 0 or text[position - 1] == "/")
        else:
            gap = gap._replace(body=gap.body + _glob_atom(token))
        position = token.end()
    yield gap


def _gap_of(token: re.Match[str], *, starts_segment: bool) -> _Gap:
    if not token["spans"]:
        return _Gap(spans=False, regex="[^/]*?", body="")
    if token["spans"].endswith("/") and starts_segment:
        return _Gap(spans=True, regex="(?:.*?/)??", body="")
    return _Gap(spans=True, regex=".*?", body="/" if token["spans"].endswith("/") else "")


def _glob_atom(token: re.Match[str]) -> str:
    if token["any"]:
        return "[^/]"
    if token["set"] is not None:
        return _class_regex(token["set"], negated=bool(token["not"]))
    return re.escape(token["escaped"] or token["text"])


def _class_regex(members: str, *, negated: bool) -> str:
    if not members:
        raise PatternError("'[]' matches nothing; name the characters or put a backslash before the bracket")
    ranges = (_range_regex(first, last or first, members) for first, last in _RANGE.findall(members))
    return f"(?!/)[{'^' if negated else ''}{''.join(ranges)}]"


def _range_regex(first: str, last: str, members: str) -> str:
    low, high = first[-1], last[-1]
    if high < low:
        raise PatternError(f"'[{members}]': the range {first}-{last} runs backwards; write it as {last}-{first}")
    return f"{re.escape(low)}-{re.escape(high)}"
