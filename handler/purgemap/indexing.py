"""Many patterns → an index that finds the few that may match a text, however many there are.

A clue is something that every text has that a pattern matches: how it starts, how it ends, a segment between slashes, a
run of a few characters. Each pattern is filed under the clue that it shares with the fewest others. What is found is a
candidate, no more: whether it matches, the pattern itself decides.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from typing import Generic, NamedTuple, TypeVar

Entry = TypeVar("Entry")

# Long runs are rarer, but short texts have none. So many are enough to find a rare one among them.
_RUN_LENGTHS = (6, 3)
_MOST_RUNS = 16


class Where(IntEnum):
    """Where a clue stands in a text; of two clues that are as rare the first one here is the cheapest to look up."""

    START = 0
    END = 1
    SEGMENT = 2
    RUN = 3


class Clue(NamedTuple):
    """A text and where it stands in whatever a pattern matches; a RUN stands anywhere."""

    where: Where
    text: str


Need = Sequence[Sequence[Clue]]
"""Alternatives of which a text has one at least, and of that one every clue."""


def segment_clues(text: str) -> Iterator[Clue]:
    """Give the segments that are whole in any text that holds `text`: those between two slashes."""
    return (Clue(Where.SEGMENT, segment) for segment in text.split("/")[1:-1])


def run_clues(text: str) -> Iterator[Clue]:
    """Give the runs in a text, long and short ones; some of them where it is long, none where it is too short."""
    for length in _RUN_LENGTHS:
        for place in range(min(len(text) - length + 1, _MOST_RUNS)):
            yield Clue(Where.RUN, text[place : place + length])


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


class Places(NamedTuple):
    """Where an index has what may match a text; texts with the same places have the same candidates."""

    start: int
    end: int
    segments: tuple[str, ...]
    runs: tuple[str, ...]


_new_places = tuple.__new__


class ClueIndex(Generic[Entry]):
    """Finds the entries whose needs a text may meet; an entry without any is always found."""

    def __init__(self, entries: Iterable[tuple[Sequence[Need], Entry]]) -> None:
        self._entries: list[Entry] = []
        self._everywhere: list[int] = []
        filed: dict[Where, list[tuple[str, int]]] = defaultdict(list)
        listed = list(entries)
        sharers = Counter(clue for needs, _ in listed for need in needs for clues in need for clue in clues)
        for number, (needs, entry) in enumerate(listed):
            self._entries.append(entry)
            chosen = _chosen(needs, sharers)
            for clue in chosen:
                filed[clue.where].append((clue.text, number))
            if not chosen:
                self._everywhere.append(number)
        self._starts = PrefixIndex(filed[Where.START])
        self._ends = PrefixIndex((text[::-1], number) for text, number in filed[Where.END])
        self._has_ends = bool(filed[Where.END])
        self._segments = _grouped(filed[Where.SEGMENT])
        self._runs = _grouped(filed[Where.RUN])
        self._run_lengths = sorted({len(run) for run in self._runs})

    def places(self, text: str) -> Places:
        """Look a text up; what it costs depends on its length alone."""
        start = self._starts.place(text)
        end = self._ends.place(text[::-1]) if self._has_ends else -1
        segments = tuple(filter(self._segments.__contains__, text.split("/"))) if self._segments else ()
        runs = tuple(self._runs_of(text)) if self._runs else ()
        return _new_places(Places, (start, end, segments, runs))

    def _runs_of(self, text: str) -> list[str]:
        runs = self._runs
        return [
            run
            for length in self._run_lengths
            for place in range(len(text) - length + 1)
            if (run := text[place : place + length]) in runs
        ]

    def at(self, places: Places) -> list[Entry]:
        """Return the entries found at places, each once and in the order in which they were given."""
        start, end, segments, runs = places
        numbers = [*self._everywhere, *self._starts.at(start)]
        if end >= 0:
            numbers += self._ends.at(end)
        for segment in segments:
            numbers += self._segments[segment]
        for run in runs:
            numbers += self._runs[run]
        return [self._entries[number] for number in (sorted(set(numbers)) if len(numbers) > 1 else numbers)]

    def find(self, text: str) -> list[Entry]:
        """Return the entries that may match a text, in the order in which they were given."""
        return self.at(self.places(text))


def _chosen(needs: Sequence[Need], sharers: Counter[Clue]) -> list[Clue]:
    """Choose the need that is the rarest, and of each of its alternatives the clue that is; [] if no need has clues."""
    usable = [
        [min(clues, key=lambda clue: (sharers[clue], clue.where)) for clues in need] for need in needs if all(need)
    ]
    return min(usable, key=lambda chosen: sum(sharers[clue] for clue in chosen), default=[])


def _grouped(entries: Iterable[tuple[str, int]]) -> dict[str, list[int]]:
    grouped: dict[str, list[int]] = {}
    for text, number in entries:
        grouped.setdefault(text, []).append(number)
    return grouped
