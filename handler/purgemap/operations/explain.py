"""One object's change → every step from its key to what is sent, and why the rest isn't."""

from dataclasses import dataclass
from typing import Any

from purgemap.events import ObjectChange
from purgemap.operations.preview import preview_change
from purgemap.paths import ViewerPath, items_for_target, list_viewer_paths
from purgemap.routemap import Pattern, RouteMap, find_nearest, quote
from purgemap.routing import Router, Skip, Target


@dataclass(frozen=True, slots=True)
class MatchedTarget:
    """A route that takes the object for a distribution: the viewer's spellings and the items they become."""

    target: Target
    viewer_paths: tuple[ViewerPath, ...]
    items: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that the map says of one change; `invalidations` holds pairs of distribution and items."""

    change: ObjectChange
    matches: tuple[MatchedTarget, ...]
    skipped: tuple[Skip, ...]
    invalidations: tuple[tuple[str, tuple[str, ...]], ...]

    def document(self) -> dict[str, Any]:
        """Return the JSON document of `purgemap explain --json`."""
        return {
            "object": {"bucket": self.change.bucket, "key": self.change.key, "event": self.change.event},
            "matches": [
                {"route": match.target.route, "distribution": match.target.distribution.id, "items": list(match.items)}
                for match in self.matches
            ],
            "skipped": [_skip_document(skip) for skip in self.skipped],
            "invalidations": [
                {"distribution": distribution, "items": list(items)} for distribution, items in self.invalidations
            ],
        }


def explain_change(routes: RouteMap, bucket: str, key: str, event: str) -> Explanation:
    """Follow one change through the map."""
    change = ObjectChange(bucket, key, event, "", "")
    router = Router(routes)
    decisions = list(router.bucket(bucket).decide(key, event))
    return Explanation(
        change,
        tuple(_matched(decision, key) for decision in decisions if isinstance(decision, Target)),
        (
            *(decision for decision in decisions if isinstance(decision, Skip)),
            *router.bucket(bucket).prefix_misses(key),
        ),
        tuple(preview_change(routes, bucket, key, event).items()),
    )


def is_bucket_known(bucket: str, routes: RouteMap) -> bool:
    """Return whether a route of the map names a bucket, whatever its prefix is."""
    return bucket in routes.buckets or any(
        Pattern(pattern, full_match=True).match(bucket) for pattern, _ in routes.patterns
    )


def suggest_bucket(bucket: str, routes: RouteMap) -> str:
    """Write which bucket of the map an unknown one may mean; "" where none is like it, or it is known."""
    if is_bucket_known(bucket, routes):
        return ""
    nearest = find_nearest(bucket, [*routes.buckets, *(pattern for pattern, _ in routes.patterns)])
    return f"; did you mean {quote(nearest)}?" if nearest else ""


def _matched(target: Target, key: str) -> MatchedTarget:
    asked = items_for_target(target, [key])
    return MatchedTarget(target, list_viewer_paths(target, key), tuple(sorted(asked.items)), tuple(asked.warnings))


def _skip_document(skip: Skip) -> dict[str, str]:
    document = {"route": skip.route, "reason": skip.reason}
    return {**document, "distribution": skip.distribution} if skip.distribution else document
