"""Include and exclude globs → what they match of the rest of a key after its route's prefix."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple

from purgemap.errors import PatternError
from purgemap.indexing import Clue, ClueIndex, Where, run_clues, segment_clues

_GLOB_TOKEN = re.compile(
    r"(?P<spans>\*\*+/?)|(?P<star>\*)|(?P<any>\?)|\[(?P<not>[!^]?)(?P<set>\]?(?:[^\]\\/]|\\.)*)\]|\\(?P<escaped>.)|(?P<text>[^*?\[\\]+)",
    re.DOTALL,
)
_RANGE = re.compile(r"(\\.|.)(?:-(\\.|.))?", re.DOTALL)


# Most globs are one text with a star before or behind it, a folder with all below it, or a folder anywhere.
_TEXT = re.compile(r"(\*\*(?!/))?([^*?\[\\]*)(\*\*)?")
_NAME = re.compile(r"(\*\**)?([^*?\[\\]*)(\*\**)?")
_FOLDER = re.compile(r"\*\*/([^*?\[\\/]+)/\*\*")

_Test = Callable[[str], object]


class Glob:
    """One glob, ready to match.

    Without a slash it looks at the file name, at any depth; with one at the whole rest of the key.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.by_name = "/" not in text

    @cached_property
    def matches(self) -> _Test:
        """The test of the file name or of the rest: one of str's own where that says it, which needs no compiling."""
        text = self.text.removeprefix("/")
        folder = _FOLDER.fullmatch(text)
        if folder:
            inside = f"/{folder[1]}/"
            return lambda rest: inside in f"/{rest}"
        simple = (_NAME if self.by_name else _TEXT).fullmatch(text)
        return _text_test(*simple.groups()) if simple else glob_regex(self.text)[0].match

    @cached_property
    def clues(self) -> tuple[Clue, ...]:
        """What every file name has, or every rest, that the glob matches."""
        start, *inner = _runs(self.text.removeprefix("/"))
        end = inner[-1].text if inner else start.text
        ends = [Clue(where, text) for where, text in ((Where.START, start.text), (Where.END, end)) if text]
        parts = (
            clue
            for run in inner
            for clue in (*segment_clues("/" + run.text if run.opens_segment else run.text), *run_clues(run.text))
        )
        return (*ends, *parts)


def _text_test(before: str | None, text: str, behind: str | None) -> _Test:
    """Return the test for a text with stars, or none, before and behind it."""
    if before and behind:
        return lambda subject: text in subject
    if before:
        return lambda subject: subject.endswith(text)
    if behind:
        return lambda subject: subject.startswith(text)
    return text.__eq__


class _Run(NamedTuple):
    """Literal text of a glob between what is not, and whether a segment begins where it does."""

    text: str
    opens_segment: bool


def _runs(text: str) -> Iterator[_Run]:
    """Split a glob at its wildcards and sets: the first run starts what it matches, the last one ends it."""
    run, position = _Run("", opens_segment=True), 0
    while position < len(text):
        token = _token(text, position)
        literal = token["escaped"] or token["text"]
        if literal:
            run = run._replace(text=run.text + literal)
        else:
            yield run
            spans_folders = bool(token["spans"]) and token["spans"].endswith("/")
            run = _Run("", opens_segment=spans_folders and _starts_segment(text, position))
        position = token.end()
    yield run


_Placed = list[tuple[int, Glob]]

# So many are tried one by one in the time that the index takes.
_FEW = 8


_Find = Callable[[str], int | None]


class GlobList:
    """The globs of one include or exclude, ready to find the first that matches, however many there are.

    `find` takes the rest of a key after its route's prefix and returns that glob's place; None where none matches.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        globs = [(place, _glob(text)) for place, text in enumerate(texts)]
        by_name, by_rest = ([each for each in globs if each[1].by_name is kind] for kind in (True, False))
        finders = [_finder(each) for each in (by_name, by_rest) if each]
        self.find: _Find = finders[0] if len(finders) == 1 else _first_of(finders)

    def first_match(self, rest: str) -> str | None:
        """Return the text of the first glob that matches the rest of a key after its route's prefix."""
        place = self.find(rest)
        return None if place is None else self._texts[place]


def _finder(globs: _Placed) -> _Find:
    """Return what finds the first of some globs that all look at the name, or all at the rest."""
    index = ClueIndex(([[glob.clues]], (place, glob)) for place, glob in globs) if len(globs) > _FEW else None
    by_name = globs[0][1].by_name

    def find(rest: str) -> int | None:
        subject = rest[rest.rfind("/") + 1 :] if by_name else rest
        for place, glob in index.find(subject) if index else globs:
            if glob.matches(subject):
                return place
        return None

    return find


def _first_of(finders: Sequence[_Find]) -> _Find:
    def find(rest: str) -> int | None:
        return min((place for find in finders if (place := find(rest)) is not None), default=None)

    return find


@lru_cache(maxsize=10_000)
def _glob(text: str) -> Glob:
    return Glob(text)


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
        token = _token(text, position)
        if token["spans"] or token["star"]:
            yield gap
            gap = _gap_of(token, starts_segment=_starts_segment(text, position))
        else:
            gap = gap._replace(body=gap.body + _glob_atom(token))
        position = token.end()
    yield gap


def _token(text: str, position: int) -> re.Match[str]:
    token = _GLOB_TOKEN.match(text, position)
    if token is None:
        raise PatternError(f"{text!r}: an unclosed '[' or a lone backslash; put a backslash before it")
    return token


def _starts_segment(text: str, position: int) -> bool:
    return position == 0 or text[position - 1] == "/"


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
