"""The bucket patterns of a map: find those that match a bucket's name."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from purgemap.routemap import Match, Pattern, PatternIndex, literal_start

# If more patterns have the same start and the same end, all their texts are indexed.
_MAX_PATTERNS_OF_END = 8


class BucketPatterns:
    """Pairs of a bucket pattern and its row, indexed by a literal start or end that few of them share.

    The function builds the index at each start, so a pattern is parsed only when it may match: 10,000 of them take
    10 ms of CPU, but 300 ms if all are parsed and indexed by all their texts. Each bucket is looked up once.
    """

    def __init__(self, patterns: Sequence[tuple[str, str]]) -> None:
        self._patterns = patterns
        self._starts = _Starts(enumerate(pattern for pattern, _ in patterns))
        # The end of a text is the start of the reversed one.
        self._ends = _Starts((number, patterns[number][0][::-1]) for number in self._starts.others)
        others = sorted(self._ends.others)
        self._others = PatternIndex(([[_parse(patterns[number][0]).required_texts]], number) for number in others)

    def match(self, bucket: str) -> Iterator[tuple[str, Match]]:
        """Yield the row of each pattern that matches a bucket's name, in the order of the map, with its match."""
        numbers = {*self._starts.find(bucket), *self._ends.find(bucket[::-1]), *self._others.find(bucket)}
        for number in sorted(numbers):
            pattern, row = self._patterns[number]
            if match := _parse(pattern).match(bucket):
                yield row, match


class _Starts:
    """The numbers of texts by their literal start; `others` are those whose start is empty or frequent."""

    def __init__(self, texts: Iterable[tuple[int, str]]) -> None:
        numbers_by_start: dict[str, list[int]] = {}
        for number, text in texts:
            numbers_by_start.setdefault(literal_start(text), []).append(number)
        frequent = [
            start for start, numbers in numbers_by_start.items() if not start or len(numbers) > _MAX_PATTERNS_OF_END
        ]
        self.others = [number for start in frequent for number in numbers_by_start.pop(start)]
        self._numbers_by_start = numbers_by_start
        self._lengths = set(map(len, numbers_by_start))

    def find(self, text: str) -> Iterator[int]:
        """Yield the numbers of a text's starts; twice for a text that is shorter than the longest one."""
        for length in self._lengths:
            yield from self._numbers_by_start.get(text[:length], ())


# A pattern with a capture is often that of many buckets.
@lru_cache(maxsize=10_000)
def _parse(pattern: str) -> Pattern:
    return Pattern(pattern, full_match=True)
