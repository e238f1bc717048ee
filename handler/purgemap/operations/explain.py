"""Explain one change: each step from its key to the items, and why other routes don't match."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from purgemap.events import ObjectChange
from purgemap.operations.preview import preview_change
from purgemap.paths import ViewerPath, items_for_target, list_viewer_paths
from purgemap.routemap import Pattern, RouteMap, find_nearest, quote
from purgemap.routing import Router, Skip, Target


@dataclass(frozen=True, slots=True)
class MatchedTarget:
    """A target of the object, the paths under which viewers have it, and the items for them."""

    target: Target
    viewer_paths: tuple[ViewerPath, ...]
    items: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def route(self) -> str:
        """The name of the route."""
        return self.target.route

    @property
    def distribution(self) -> str:
        """The id of the distribution."""
        return self.target.distribution.id


class Invalidation(NamedTuple):
    """The items that are sent to one distribution, by its id."""

    distribution: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The decisions of the map for one change: the routes that match, those that don't, and what is sent."""

    change: ObjectChange
    matches: tuple[MatchedTarget, ...]
    skipped: tuple[Skip, ...]
    invalidations: tuple[Invalidation, ...]

    def document(self) -> dict[str, Any]:
        """Return the JSON document of `purgemap explain --json`."""
        return {
            "object": {"bucket": self.change.bucket, "key": self.change.key, "event": self.change.event},
            "matches": [
                {
                    "route": match.route,
                    "distribution": match.distribution,
                    "prefix": match.target.matched_prefix,
                    "captures": dict(match.target.captures),
                    "origin_path": match.target.origin_path,
                    "viewer_paths": [viewer_path.path for viewer_path in match.viewer_paths],
                    "items": list(match.items),
                    "warnings": list(match.warnings),
                }
                for match in self.matches
            ],
            "skipped": [
                {"route": skip.route, "reason": skip.reason}
                | ({"distribution": skip.distribution} if skip.distribution else {})
                for skip in self.skipped
            ],
            "invalidations": [
                {"distribution": distribution, "items": list(items)} for distribution, items in self.invalidations
            ],
        }


def explain_change(route_map: RouteMap, bucket: str, key: str, event: str) -> Explanation:
    """Explain the effect of one change under a map."""
    bucket_router = Router(route_map).bucket(bucket)
    decisions = list(bucket_router.decide(key, event))
    skips = [decision for decision in decisions if isinstance(decision, Skip)]
    return Explanation(
        ObjectChange(bucket, key, event, "", ""),
        tuple(_matched_target(decision, key) for decision in decisions if isinstance(decision, Target)),
        (*skips, *bucket_router.prefix_misses(key)),
        tuple(Invalidation(*pair) for pair in preview_change(route_map, bucket, key, event).items()),
    )


def is_bucket_in_map(bucket: str, route_map: RouteMap) -> bool:
    """Return whether a route of the map names a bucket, whatever its prefix is."""
    return bucket in route_map.buckets or any(
        Pattern(pattern, full_match=True).match(bucket) for pattern, _ in route_map.patterns
    )


def suggest_bucket(bucket: str, route_map: RouteMap) -> str:
    """Return `; did you mean "…"?` for a misspelt bucket of the map, else ""."""
    if is_bucket_in_map(bucket, route_map):
        return ""
    nearest = find_nearest(bucket, [*route_map.buckets, *(pattern for pattern, _ in route_map.patterns)])
    return f"; did you mean {quote(nearest)}?" if nearest else ""


def _matched_target(target: Target, key: str) -> MatchedTarget:
    target_items = items_for_target(target, [key])
    return MatchedTarget(
        target, list_viewer_paths(target, key), tuple(sorted(target_items.items)), tuple(target_items.warnings)
    )
