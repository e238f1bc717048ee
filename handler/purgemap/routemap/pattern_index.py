"""Many patterns → an index that finds the few that may match a text, however many there are.

A clue is something that every text has that a pattern matches: how it starts, how it ends, a segment between slashes, a
run of a few characters. Each pattern is filed under the clue that it shares with the fewest others. What is found is a
candidate, no more: whether it matches, the pattern itself decides.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from itertools import compress, count
from typing import Generic, NamedTuple, TypeVar

Entry = TypeVar("Entry")

# Long runs are rarer, but short texts have none. So many are enough to find a rare one among them.
_RUN_LENGTHS = (6, 3)
_MOST_RUNS = 16


class Position(IntEnum):
    """Where a clue stands in a text; of two clues that are as rare the first one here is the cheapest to look up."""

    START = 0
    END = 1
    SEGMENT = 2
    RUN_OF_NAME = 3
    RUN = 4


class RequiredText(NamedTuple):
    """A text and where it stands in whatever a pattern matches; a RUN stands anywhere, or behind the last slash."""

    where: Position
    text: str


AnyOf = Sequence[Sequence[RequiredText]]
"""Alternatives of which a text has one at least, and of that one every clue."""


def segment_texts(text: str) -> Iterator[RequiredText]:
    """Give the segments that are whole in any text that holds `text`: those between two slashes."""
    return (RequiredText(Position.SEGMENT, segment) for segment in text.split("/")[1:-1])


def ngram_texts(text: str, where: Position = Position.RUN) -> Iterator[RequiredText]:
    """Give the runs in a text, long and short ones; some of them where it is long, none where it is too short."""
    for length in _RUN_LENGTHS:
        for place in range(min(len(text) - length + 1, _MOST_RUNS)):
            yield RequiredText(where, text[place : place + length])


class PrefixIndex(Generic[Entry]):
    """Finds the entries whose start a text begins with, by one bisection however many there are."""

    def __init__(self, entries: Iterable[tuple[str, Entry]]) -> None:
        filed: dict[str, list[Entry]] = {}
        for start, entry in entries:
            filed.setdefault(start, []).append(entry)
        self._starts = sorted(filed)
        self._parents: list[int] = []
        self._entries: list[tuple[Entry, ...]] = []
        for place, start in enumerate(self._starts):
            parent = self._ancestor(place - 1, start)
            inherited = self._entries[parent] if parent >= 0 else ()
            self._parents.append(parent)
            self._entries.append((*inherited, *filed[start]))

    def _ancestor(self, place: int, text: str) -> int:
        """Walk up from the start at `place` to the nearest one that `text` begins with; -1 for none."""
        while place >= 0 and not text.startswith(self._starts[place]):
            place = self._parents[place]
        return place

    def place(self, text: str) -> int:
        """Return where the longest start of `text` is filed; -1 for nowhere."""
        place = bisect_right(self._starts, text) - 1
        return place if place >= 0 and text.startswith(self._starts[place]) else self._ancestor(place, text)

    def at(self, place: int) -> tuple[Entry, ...]:
        """Return the entries of the start filed at a place and of every shorter one, the shortest first."""
        return self._entries[place] if place >= 0 else ()

    def find(self, text: str) -> tuple[Entry, ...]:
        """Return the entries of every start of `text`, the shortest start first."""
        return self.at(self.place(text))


class IndexKey(NamedTuple):
    """Where an index has what may match a text; texts with the same places have the same candidates."""

    start: int
    end: int
    lists: tuple[int, ...]


# What Places(…) does, in half the time: it is called for every key.
_new_places = tuple.__new__


class _RunIndex:
    """Finds the lists of the runs that a text holds."""

    def __init__(self, lists_by_run: Mapping[str, int]) -> None:
        self._lists = lists_by_run
        self._lengths = sorted({len(run) for run in lists_by_run})
        # Where no run begins, which is nearly everywhere, three characters say so, without a slice for each length; no
        # run is shorter.
        self._begins_run = {tuple(run[:3]) for run in lists_by_run}.__contains__

    def find(self, text: str) -> list[int]:
        """Return the lists of the runs in a text."""
        lists, lengths = self._lists, self._lengths
        return [
            lists[run]
            for place in compress(count(), map(self._begins_run, zip(text, text[1:], text[2:], strict=False)))
            for length in lengths
            if (run := text[place : place + length]) in lists
        ]


class PatternIndex(Generic[Entry]):
    """Finds the entries whose needs a text may meet; an entry without any is always found."""

    def __init__(self, entries: Iterable[tuple[Sequence[AnyOf], Entry]]) -> None:
        self._entries: list[Entry] = []
        self._everywhere: list[int] = []
        self._lists: list[list[int]] = []
        filed: dict[Position, list[tuple[str, int]]] = defaultdict(list)
        listed = list(entries)
        sharers = Counter(clue for needs, _ in listed for need in needs for clues in need for clue in clues)
        for number, (needs, entry) in enumerate(listed):
            self._entries.append(entry)
            chosen = _chosen(needs, sharers)
            for clue in chosen:
                filed[clue.where].append((clue.text, number))
            if not chosen:
                self._everywhere.append(number)
        self._starts = PrefixIndex(filed[Position.START])
        self._has_starts = bool(filed[Position.START])
        self._ends = PrefixIndex((text[::-1], number) for text, number in filed[Position.END])
        self._has_ends = bool(filed[Position.END])
        self._segments = self._listed(filed[Position.SEGMENT])
        self._runs_of_name, self._runs = (
            _RunIndex(self._listed(filed[where])) if filed[where] else None
            for where in (Position.RUN_OF_NAME, Position.RUN)
        )

    def _listed(self, entries: Iterable[tuple[str, int]]) -> dict[str, int]:
        """Make a list of entries for each text; returns where `_lists` has it."""
        lists_by_text: dict[str, int] = {}
        for text, number in entries:
            place = lists_by_text.setdefault(text, len(self._lists))
            if place == len(self._lists):
                self._lists.append([])
            self._lists[place].append(number)
        return lists_by_text

    def places(self, text: str) -> IndexKey:
        """Look a text up; what it costs depends on its length alone."""
        start = self._starts.place(text) if self._has_starts else -1
        end = self._ends.place(text[::-1]) if self._has_ends else -1
        lists: list[int] = []
        if self._segments:
            lists += [self._segments[segment] for segment in text.split("/") if segment in self._segments]
        if self._runs_of_name:
            lists += self._runs_of_name.find(text.rpartition("/")[2])
        if self._runs:
            lists += self._runs.find(text)
        return _new_places(IndexKey, (start, end, tuple(lists)))

    def at(self, places: IndexKey) -> list[Entry]:
        """Return the entries found at places, each once and in the order in which they were given."""
        start, end, lists = places
        numbers = list(self._everywhere)
        if start >= 0:
            numbers += self._starts.at(start)
        if end >= 0:
            numbers += self._ends.at(end)
        for place in lists:
            numbers += self._lists[place]
        if len(numbers) > 1:
            numbers = sorted(set(numbers))
        return [self._entries[number] for number in numbers]

    def find(self, text: str) -> list[Entry]:
        """Return the entries that may match a text, in the order in which they were given."""
        return self.at(self.places(text))


def _chosen(needs: Sequence[AnyOf], sharers: Counter[RequiredText]) -> list[RequiredText]:
    """Choose the need that is the rarest, and of each of its alternatives the clue that is; [] if no need has clues."""
    usable = [
        [min(clues, key=lambda clue: (sharers[clue], clue.where)) for clues in need] for need in needs if all(need)
    ]
    return min(usable, key=lambda chosen: sum(sharers[clue] for clue in chosen), default=[])
