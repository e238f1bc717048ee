"""Match object changes with the routes of the map: which keys concern which target.

The cost of a change does not grow with the map: buckets are found by hash, patterns by an index.
"""

from collections.abc import Iterable
from functools import lru_cache

from purgemap.events import ObjectChange
from purgemap.routemap import RouteMap, load_routes
from purgemap.routing.bucket_patterns import BucketPatterns
from purgemap.routing.bucket_router import BucketRouter
from purgemap.routing.route_index import RouteIndex
from purgemap.routing.targets import Changes, RoutedChanges

# A bucket's owner chooses its name, so nothing else limits the buckets that match a pattern.
_MAX_BUCKETS = 10_000


class Router:
    """The router of a map; the routes of a bucket are decoded when its first change arrives."""

    def __init__(self, route_map: RouteMap) -> None:
        self._route_map = route_map
        self._patterns = BucketPatterns(route_map.patterns)
        self.bucket = lru_cache(maxsize=_MAX_BUCKETS)(self._build_bucket_router)
        # Buckets that match the same patterns share one index.
        self._route_index = lru_cache(maxsize=_MAX_BUCKETS)(self._build_route_index)

    def _build_bucket_router(self, name: str) -> BucketRouter:
        matches = list(self._patterns.match(name))
        exact = self._route_map.buckets.get(name, "[]")
        route_index = self._route_index((exact, *(text for text, _ in matches)))
        return BucketRouter(name, route_index, [{}, *(match.captures for _, match in matches)], self._route_map)

    def _build_route_index(self, texts: tuple[str, ...]) -> RouteIndex:
        return RouteIndex([load_routes(text) for text in texts], self._route_map)

    def route(self, changes: Iterable[ObjectChange]) -> RoutedChanges:
        """Group the keys of changes by target; a key that changed twice in the same way is routed once."""
        changes_by_bucket: dict[str, dict[str, Changes]] = {}
        for change in changes:
            # Unpacked at once: one field by name takes as long as all five.
            bucket, key, event, _, _ = change
            try:
                first_by_key, duplicates_by_key = changes_by_bucket[bucket][event]
            except KeyError:
                changes_by_event = changes_by_bucket.setdefault(bucket, {})
                first_by_key, duplicates_by_key = changes_by_event[event] = Changes({}, {})
            if first_by_key.setdefault(key, change) is not change:
                duplicates_by_key.setdefault(key, []).append(change)
        routed = RoutedChanges({}, changes_by_bucket, [], [])
        for bucket, changes_by_event in changes_by_bucket.items():
            bucket_router = self.bucket(bucket)
            for event, (first_by_key, _) in changes_by_event.items():
                bucket_router.route(event, first_by_key, routed)
        return routed
