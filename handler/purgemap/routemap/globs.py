"""Include and exclude globs, matched against the rest of a key after its route's prefix."""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, lru_cache

from purgemap.routemap.glob_automaton import GlobAutomaton
from purgemap.routemap.glob_syntax import GlobPart, GlobPartKind, glob_regex, parse_glob
from purgemap.routemap.pattern_index import PatternIndex, Position, RequiredText, ngram_texts, segment_texts

# Up to 8 globs are tried one by one in the time that the index takes.
_MAX_GLOBS_WITHOUT_INDEX = 8

_Find = Callable[[str], int | None]
_Test = Callable[[str], object]
_NumberedGlobs = list[tuple[int, "Glob"]]


class Glob:
    """One glob. Without a slash it matches the file name, at any depth; with one the whole rest of the key."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.by_name = "/" not in text

    @cached_property
    def matches(self) -> _Test:
        """The test of a file name or a rest, whose result is true if the glob matches."""
        parts = parse_glob(self.text.removeprefix("/"))
        test = _string_test(parts, by_name=self.by_name)
        if test:
            return test
        # A regular expression is faster, but some keys would make it backtrack for seconds.
        regex = glob_regex(parts)
        return regex.match if regex else GlobAutomaton(parts).matches

    @cached_property
    def required_texts(self) -> tuple[RequiredText, ...]:
        """The texts in every file name, or every rest, that the glob matches."""
        literals = list(_split_literals(parse_glob(self.text.removeprefix("/"))))
        ends = ((Position.PREFIX, literals[0][0]), (Position.SUFFIX, literals[-1][0]))
        texts = [RequiredText(position, text) for position, text in ends if text]
        for text, starts_segment in literals[1:]:
            texts += [*segment_texts(f"/{text}" if starts_segment else text), *ngram_texts(text)]
        return tuple(texts)


def _string_test(parts: Sequence[GlobPart], *, by_name: bool) -> _Test | None:
    """Return the test of a glob for which a method of str suffices; None for any other glob.

    Most globs are one text, with wildcards beside it. Such a test takes 76-129 ns, a regular expression's 165-478 ns,
    and it compiles nothing.
    """
    # A file name has no slash, so there `*` matches whatever `**` does.
    unlimited = (GlobPartKind.SPAN, GlobPartKind.STAR) if by_name else (GlobPartKind.SPAN,)
    match parts:
        case [GlobPart(GlobPartKind.TEXT, text)]:
            return text.__eq__
        case [GlobPart(before), GlobPart(GlobPartKind.TEXT, text)] if before in unlimited:
            return lambda subject: subject.endswith(text)
        case [GlobPart(GlobPartKind.TEXT, text), GlobPart(after)] if after in unlimited:
            return lambda subject: subject.startswith(text)
        case [GlobPart(before), GlobPart(GlobPartKind.TEXT, text), GlobPart(after)] if after in unlimited:
            if before in unlimited:
                return lambda subject: text in subject
            if before is GlobPartKind.FOLDERS:
                return lambda subject: f"/{text}" in f"/{subject}"
    return None


def _split_literals(parts: Sequence[GlobPart]) -> Iterator[tuple[str, bool]]:
    """Split a glob at its wildcards and sets; yields each literal text, and whether a segment starts there."""
    text, starts_segment = "", True
    for part in parts:
        if part.kind is GlobPartKind.TEXT:
            text += part.text
        else:
            yield text, starts_segment
            text, starts_segment = "", part.kind is GlobPartKind.FOLDERS
    yield text, starts_segment


class GlobList:
    """The globs of one include or exclude. `find` returns the number of the first glob that matches a rest, or None."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        globs = [(number, _glob(text)) for number, text in enumerate(texts)]
        by_name, by_rest = ([entry for entry in globs if entry[1].by_name is kind] for kind in (True, False))
        finders = [_build_finder(group) for group in (by_name, by_rest) if group]
        self.find: _Find = finders[0] if len(finders) == 1 else _combine_finders(finders)

    def first_match(self, rest: str) -> str | None:
        """Return the text of the first glob that matches the rest of a key after its route's prefix."""
        number = self.find(rest)
        return None if number is None else self._texts[number]


def _build_finder(globs: _NumberedGlobs) -> _Find:
    """Return a function that finds the first matching glob; either all globs match the name, or all the rest."""
    is_indexed = len(globs) > _MAX_GLOBS_WITHOUT_INDEX
    index = PatternIndex(([[entry[1].required_texts]], entry) for entry in globs) if is_indexed else None
    by_name = globs[0][1].by_name

    def find(rest: str) -> int | None:
        subject = rest[rest.rfind("/") + 1 :] if by_name else rest
        for number, glob in index.find(subject) if index else globs:
            if glob.matches(subject):
                return number
        return None

    return find


def _combine_finders(finders: Sequence[_Find]) -> _Find:
    def find(rest: str) -> int | None:
        return min((number for find in finders if (number := find(rest)) is not None), default=None)

    return find


# Routes often repeat the globs of others. A glob is compiled once for all of them.
_glob = lru_cache(maxsize=10_000)(Glob)
