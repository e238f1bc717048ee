"""An index of many patterns that finds the few which may match a text.

Each pattern is indexed by one text that everything it matches must contain, the rarest one among the patterns. The
index returns candidates, which the caller then matches.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from itertools import compress, count
from typing import Generic, NamedTuple, TypeVar

Entry = TypeVar("Entry")

# Long n-grams are rarer, but short texts have none. 16 of each length include a rare one in practice.
_NGRAM_LENGTHS = (6, 3)
_MAX_NGRAMS = 16

IndexKey = tuple[int, int, tuple[int, ...]]
"""The lists of entries that a text leads to: by its prefix and its suffix (-1 for none), then by segments and n-grams.

Texts with equal keys have the same candidates. A plain tuple, since one is made for every object key: a named tuple
takes twice as long.
"""


class Position(IntEnum):
    """The places where a required text may occur. A lower number is cheaper, and chosen among equally rare texts."""

    PREFIX = 0
    SUFFIX = 1
    SEGMENT = 2
    # Separate from SUBSTRING: a file name has fewer n-grams to look up than the whole key, up to 10 % less work.
    SUBSTRING_OF_NAME = 3
    SUBSTRING = 4


class RequiredText(NamedTuple):
    """A text, and where it occurs in everything that a pattern matches."""

    position: Position
    text: str


AnyOf = Sequence[Sequence[RequiredText]]
"""Alternatives, at least one of which must match; an alternative matches if all its texts occur."""


def segment_texts(text: str) -> Iterator[RequiredText]:
    """Yield the segments between two slashes of `text`, which are whole in every text that contains it."""
    return (RequiredText(Position.SEGMENT, segment) for segment in text.split("/")[1:-1])


def ngram_texts(text: str, position: Position = Position.SUBSTRING) -> Iterator[RequiredText]:
    """Yield at most 16 n-grams of each length; none if the text is shorter than 3 characters."""
    for length in _NGRAM_LENGTHS:
        for start in range(min(len(text) - length + 1, _MAX_NGRAMS)):
            yield RequiredText(position, text[start : start + length])


class PrefixIndex(Generic[Entry]):
    """An index of entries by prefix, which finds those of a text by one bisection."""

    def __init__(self, entries: Iterable[tuple[str, Entry]]) -> None:
        entries_by_prefix: dict[str, list[Entry]] = {}
        for prefix, entry in entries:
            entries_by_prefix.setdefault(prefix, []).append(entry)
        self._prefixes = sorted(entries_by_prefix)
        self._parents: list[int] = []
        self.entries: list[tuple[Entry, ...]] = []
        """For each prefix its entries and those of its own prefixes, the shortest first; then () for number -1."""
        for number, prefix in enumerate(self._prefixes):
            parent = self._find_parent(number - 1, prefix)
            inherited = self.entries[parent] if parent >= 0 else ()
            self._parents.append(parent)
            self.entries.append((*inherited, *entries_by_prefix[prefix]))
        self.entries.append(())

    def _find_parent(self, number: int, text: str) -> int:
        """Follow the parents of a prefix to the first one that `text` starts with; -1 for none."""
        while number >= 0 and not text.startswith(self._prefixes[number]):
            number = self._parents[number]
        return number

    def find_longest(self, text: str) -> int:
        """Return the number of the longest prefix of `text`; -1 for none."""
        number = bisect_right(self._prefixes, text) - 1
        # Usually decided here, without the call.
        return number if number >= 0 and text.startswith(self._prefixes[number]) else self._find_parent(number, text)


class _NgramIndex:
    """An index of lists by n-gram, which finds those of a text."""

    def __init__(self, lists_by_ngram: Mapping[str, int]) -> None:
        self._lists = lists_by_ngram
        self._lengths = sorted({len(ngram) for ngram in lists_by_ngram})
        # Most places are ruled out by their first three characters, the length of the shortest n-gram, without slicing.
        self._starts_ngram = {tuple(ngram[:3]) for ngram in lists_by_ngram}.__contains__

    def find(self, text: str) -> list[int]:
        """Return the lists of the n-grams in a text."""
        lists, lengths = self._lists, self._lengths
        return [
            lists[ngram]
            for start in compress(count(), map(self._starts_ngram, zip(text, text[1:], text[2:], strict=False)))
            for length in lengths
            if (ngram := text[start : start + length]) in lists
        ]


class PatternIndex(Generic[Entry]):
    """An index of entries by the texts that they require; an entry without requirements is always a candidate."""

    def __init__(self, entries: Iterable[tuple[Sequence[AnyOf], Entry]]) -> None:
        listed = list(entries)
        self._entries = [entry for _, entry in listed]
        self._unindexed: list[int] = []
        self._lists: list[list[int]] = []
        indexed: dict[Position, list[tuple[str, int]]] = defaultdict(list)
        frequency = Counter(
            text for requirements, _ in listed for any_of in requirements for all_of in any_of for text in all_of
        )
        for number, (requirements, _) in enumerate(listed):
            rarest = _rarest(requirements, frequency)
            for position, text in rarest:
                indexed[position].append((text, number))
            if not rarest:
                self._unindexed.append(number)
        prefixes, suffixes = (
            indexed[Position.PREFIX],
            [(text[::-1], number) for text, number in indexed[Position.SUFFIX]],
        )
        self._prefixes = PrefixIndex(prefixes) if prefixes else None
        self._suffixes = PrefixIndex(suffixes) if suffixes else None
        self._segments = self._add_lists(indexed[Position.SEGMENT])
        self._ngrams_of_name, self._ngrams = (
            _NgramIndex(self._add_lists(indexed[position])) if indexed[position] else None
            for position in (Position.SUBSTRING_OF_NAME, Position.SUBSTRING)
        )

    def _add_lists(self, indexed: Iterable[tuple[str, int]]) -> dict[str, int]:
        """Add a list of entries for each text; returns the number of the list by text."""
        lists_by_text: dict[str, int] = {}
        for text, number in indexed:
            place = lists_by_text.setdefault(text, len(self._lists))
            if place == len(self._lists):
                self._lists.append([])
            self._lists[place].append(number)
        return lists_by_text

    def lookup(self, text: str) -> IndexKey:
        """Return the key of a text; the cost depends on the text's length alone."""
        prefix = self._prefixes.find_longest(text) if self._prefixes else -1
        suffix = self._suffixes.find_longest(text[::-1]) if self._suffixes else -1
        lists: list[int] = []
        if self._segments:
            lists += [self._segments[segment] for segment in text.split("/") if segment in self._segments]
        if self._ngrams_of_name:
            lists += self._ngrams_of_name.find(text.rpartition("/")[2])
        if self._ngrams:
            lists += self._ngrams.find(text)
        return prefix, suffix, tuple(lists)

    def candidates(self, key: IndexKey) -> list[Entry]:
        """Return the entries of a key, each once and in the order in which they were given."""
        prefix, suffix, lists = key
        numbers = self._unindexed.copy()
        if self._prefixes:
            numbers += self._prefixes.entries[prefix]
        if self._suffixes:
            numbers += self._suffixes.entries[suffix]
        for place in lists:
            numbers += self._lists[place]
        if len(numbers) > 1:
            numbers = sorted(set(numbers))
        return [self._entries[number] for number in numbers]

    def find(self, text: str) -> list[Entry]:
        """Return the entries that may match a text, in the order in which they were given."""
        return self.candidates(self.lookup(text))


def _rarest(requirements: Sequence[AnyOf], frequency: Counter[RequiredText]) -> list[RequiredText]:
    """Choose the rarest text of each alternative, for the rarest requirement; [] if every one has an empty alternative.

    An alternative without texts may match anything, so nothing can be looked up for its requirement.
    """
    usable = [
        [min(all_of, key=lambda text: (frequency[text], text.position)) for all_of in any_of]
        for any_of in requirements
        if all(any_of)
    ]
    return min(usable, key=lambda texts: sum(frequency[text] for text in texts), default=[])
