"""Include and exclude globs → what they match of the rest of a key after its route's prefix."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple

from purgemap.routemap.glob_automaton import GlobAutomaton
from purgemap.routemap.glob_syntax import GlobPart, GlobPartKind, glob_regex, parse_glob
from purgemap.routemap.pattern_index import PatternIndex, Position, RequiredText, ngram_texts, segment_texts

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
        return _text_test(*simple.groups()) if simple else _compiled_test(parse_glob(text))

    @cached_property
    def clues(self) -> tuple[RequiredText, ...]:
        """What every file name has, or every rest, that the glob matches."""
        start, *inner = _runs(parse_glob(self.text.removeprefix("/")))
        end = inner[-1].text if inner else start.text
        ends = [
            RequiredText(where, text) for where, text in ((Position.START, start.text), (Position.END, end)) if text
        ]
        parts = (
            clue
            for run in inner
            for clue in (*segment_texts("/" + run.text if run.opens_segment else run.text), *ngram_texts(run.text))
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


def _compiled_test(parts: Sequence[GlobPart]) -> _Test:
    """Return a regular expression's match where no key can make it backtrack, else the automaton's."""
    regex = glob_regex(parts)
    return regex.match if regex else GlobAutomaton(parts).matches


class _Run(NamedTuple):
    """Literal text of a glob between what is not, and whether a segment begins where it does."""

    text: str
    opens_segment: bool


def _runs(parts: Sequence[GlobPart]) -> Iterator[_Run]:
    """Split a glob at its wildcards and sets: the first run starts what it matches, the last one ends it."""
    run = _Run("", opens_segment=True)
    for part in parts:
        if part.kind is GlobPartKind.TEXT:
            run = run._replace(text=run.text + part.text)
        else:
            yield run
            run = _Run("", opens_segment=part.kind is GlobPartKind.FOLDERS)
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
    index = PatternIndex(([[glob.clues]], (place, glob)) for place, glob in globs) if len(globs) > _FEW else None
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
