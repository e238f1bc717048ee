"""Object changes and the map → targets: which keys concern which distribution, under which settings.

What an event costs doesn't depend on the size of the map: exact buckets are found by hash, bucket patterns, prefixes
and filters by an index.
"""

from collections.abc import Iterable
from functools import lru_cache

from purgemap.events import ObjectChange
from purgemap.routemap import Pattern, PatternIndex, RouteMap, load_routes
from purgemap.routing.bucket_router import BucketRouter
from purgemap.routing.route_index import RouteIndex
from purgemap.routing.targets import Changes, RoutedChanges

# The owner of a bucket chooses its name, so the memory for buckets that match a pattern is bounded.
_MAX_BUCKETS = 10_000


class Router:
    """The map, ready to route; buckets are looked up once each."""

    def __init__(self, routes: RouteMap) -> None:
        self._routes = routes
        patterns = ((Pattern(pattern, full_match=True), text) for pattern, text in routes.patterns)
        self._patterns = PatternIndex(([[pattern.clues]], (pattern, text)) for pattern, text in patterns)
        self.bucket = lru_cache(maxsize=_MAX_BUCKETS)(self._bucket)
        self._feed_table = lru_cache(maxsize=_MAX_BUCKETS)(self._decode_feeds)

    def _bucket(self, name: str) -> BucketRouter:
        matches = [(text, match) for pattern, text in self._patterns.find(name) if (match := pattern.match(name))]
        own = self._routes.buckets.get(name, "[]")
        route_index = self._feed_table((own, *(text for text, _ in matches)))
        return BucketRouter(name, route_index, [{}, *(match.captures for _, match in matches)], self._routes)

    def _decode_feeds(self, texts: tuple[str, ...]) -> RouteIndex:
        return RouteIndex([load_routes(text) for text in texts], self._routes)

    def route(self, changes: Iterable[ObjectChange]) -> RoutedChanges:
        """Group changes by the targets that want them; the same object twice counts once."""
        routed = RoutedChanges({}, _by_bucket_and_event(changes), [], [])
        for bucket, changes_by_event in routed.changes.items():
            router = self.bucket(bucket)
            for event, found in changes_by_event.items():
                router.route(event, found.first, routed)
        return routed


def _by_bucket_and_event(changes: Iterable[ObjectChange]) -> dict[str, dict[str, Changes]]:
    grouped: dict[str, dict[str, Changes]] = {}
    for change in changes:
        # Unpacked at once: by name each field takes as long as all of them.
        bucket, key, event, _, _ = change
        try:
            first, further = grouped[bucket][event]
        except KeyError:
            first, further = grouped.setdefault(bucket, {}).setdefault(event, Changes({}, {}))
        if first.setdefault(key, change) is not change:
            further.setdefault(key, []).append(change)
    return grouped
