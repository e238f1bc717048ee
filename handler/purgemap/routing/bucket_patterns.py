"""The bucket patterns of a map: find those that match a bucket's name."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from purgemap.routemap import Match, Pattern, PatternIndex, literal_ends

# If more patterns have the same start and the same end, all their texts are indexed.
_MAX_PATTERNS_OF_END = 8

_NumbersByEnd = dict[str, list[int]]


class BucketPatterns:
    """Pairs of a bucket pattern and its row, indexed by a literal start or end that few of them share.

    The function builds the index at each start, so a pattern is parsed only when it may match: 10,000 of them take
    10 ms of CPU, but 300 ms if all are parsed and indexed by all their texts. Each bucket is looked up once.
    """

    def __init__(self, patterns: Sequence[tuple[str, str]]) -> None:
        self._patterns = patterns
        ends = [literal_ends(pattern) for pattern, _ in patterns]
        starting, ending = Counter(start for start, _ in ends), Counter(end for _, end in ends)
        # An empty text occurs in every name.
        starting[""] = ending[""] = len(patterns) + _MAX_PATTERNS_OF_END
        self._by_start: _NumbersByEnd = {}
        self._by_end: _NumbersByEnd = {}
        others: list[int] = []
        for number, (start, end) in enumerate(ends):
            if starting[start] <= _MAX_PATTERNS_OF_END:
                self._by_start.setdefault(start, []).append(number)
            elif ending[end] <= _MAX_PATTERNS_OF_END:
                self._by_end.setdefault(end, []).append(number)
            else:
                others.append(number)
        self._start_lengths, self._end_lengths = _lengths(self._by_start), _lengths(self._by_end)
        self._others = PatternIndex(([[_parse(patterns[number][0]).required_texts]], number) for number in others)

    def match(self, bucket: str) -> Iterator[tuple[str, Match]]:
        """Yield the row of each pattern that matches a bucket's name, in the order of the map, with its match."""
        # A name that is shorter than a length is looked up whole, perhaps twice.
        for number in sorted(set(self._candidates(bucket))):
            pattern, row = self._patterns[number]
            if match := _parse(pattern).match(bucket):
                yield row, match

    def _candidates(self, bucket: str) -> Iterator[int]:
        for length in self._start_lengths:
            yield from self._by_start.get(bucket[:length], ())
        for length in self._end_lengths:
            yield from self._by_end.get(bucket[-length:], ())
        yield from self._others.find(bucket)


def _lengths(numbers_by_end: Mapping[str, object]) -> set[int]:
    return set(map(len, numbers_by_end))


# A pattern with a capture is often that of many buckets.
@lru_cache(maxsize=10_000)
def _parse(pattern: str) -> Pattern:
    return Pattern(pattern, full_match=True)
