"""The feeds of a bucket, each a route to one of its distributions, and an index of the keys that they may concern."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from purgemap.routemap import (
    AnyOf,
    Glob,
    IndexKey,
    Pattern,
    PatternIndex,
    Position,
    RequiredText,
    Route,
    RouteMap,
    load_settings,
    ngram_texts,
    segment_texts,
)

# So many feeds of one bucket, which is what most have, are tried one by one in less time than the index takes.
_FEW_FEEDS = 4

# Of more feeds that share a prefix their settings are indexed, too; of an include no more globs than this.
_FEW_SHARERS = 8
_MOST_GLOBS_INDEXED = 8

_TEMPLATE = frozenset("{}*\\")


class RouteDistribution(NamedTuple):
    """A route to one of its distributions, by name; `source` numbers the bucket pattern that the route has."""

    route: Route
    name: str
    pattern: Pattern
    source: int


class RouteIndex:
    """The feeds of all buckets that match the same patterns, with an index that finds those which a key may concern."""

    def __init__(self, routes_by_source: Sequence[Sequence[Route]], table: RouteMap) -> None:
        self._table = table
        found = [
            (route, Pattern(route.prefix, full_match=False), source)
            for source, routes in enumerate(routes_by_source)
            for route in routes
        ]
        found.sort(key=lambda each: len(each[1].literal_prefix))
        self.feeds = [
            RouteDistribution(route, name, pattern, source)
            for route, pattern, source in found
            for name in route.distributions
        ]

    @cached_property
    def by_prefix(self) -> PatternIndex[int]:
        """The feeds, by number, whose prefix may match a key."""
        return PatternIndex(([[feed.pattern.clues]], number) for number, feed in enumerate(self.feeds))

    @cached_property
    def index(self) -> PatternIndex[int]:
        """The feeds, by number, that a key may concern; where many share a prefix, their settings separate them."""
        sharers = Counter(feed.pattern.text for feed in self.feeds)
        if max(sharers.values(), default=0) <= _FEW_SHARERS:
            return self.by_prefix
        return PatternIndex(
            ([*self._needs(feed, is_crowded=sharers[feed.pattern.text] > _FEW_SHARERS)], number)
            for number, feed in enumerate(self.feeds)
        )

    def _needs(self, feed: RouteDistribution, *, is_crowded: bool) -> Iterator[AnyOf]:
        """Give what a feed asks of every key: its prefix, and where it is crowded what no capture has a say in."""
        yield [feed.pattern.clues]
        distribution = self._table.distribution(feed.name) if is_crowded and "{" not in feed.name else None
        if distribution is None:
            return
        settings = load_settings(feed.route, distribution)
        if settings.origin_path and not _TEMPLATE.intersection(settings.origin_path):
            yield [[RequiredText(Position.START, settings.origin_path[1:] + "/")]]
        if 0 < len(settings.include) <= _MOST_GLOBS_INDEXED:
            yield [_key_clues(Glob(glob), feed.pattern) for glob in settings.include]

    def group(self, keys: Iterable[str]) -> Iterator[tuple[list[str], Iterable[int]]]:
        """Put keys together that may concern the same feeds, and number these; all keys where the feeds are few."""
        if len(self.feeds) <= _FEW_FEEDS:
            yield list(keys), range(len(self.feeds))
            return
        keys_by_places: dict[IndexKey, list[str]] = {}
        index = self.index
        for key in keys:
            keys_by_places.setdefault(index.places(key), []).append(key)
        for places, together in keys_by_places.items():
            yield together, index.at(places)


def _key_clues(glob: Glob, pattern: Pattern) -> list[RequiredText]:
    """Turn a glob's clues, which hold for the rest of a key or for its name, into clues of the whole key."""
    clues: list[RequiredText] = []
    run = Position.RUN_OF_NAME if glob.by_name else Position.RUN
    for where, text in glob.clues:
        if where is Position.START:
            # The key has it after a prefix, and perhaps a slash.
            clues += [*ngram_texts(text, run), *(segment_texts(f"/{text}") if pattern.ends_at_slash else ())]
        elif where is Position.RUN:
            clues.append(RequiredText(run, text))
        elif where is not Position.SEGMENT or pattern.ends_at_slash:
            clues.append(RequiredText(where, text))
    return clues
