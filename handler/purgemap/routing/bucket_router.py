"""The routes of one bucket and changed keys of it → targets, at a cost that doesn't grow with the routes.

Where a bucket has more than a few feeds, an index finds the few that a key may concern. Keys that it can't tell apart
are decided together, so that what several feeds ask of them, a prefix or a list of globs that they share, is found out
once.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from purgemap.events import ObjectChange
from purgemap.routemap import GlobList, Pattern, RouteMap, is_distribution_name, load_settings
from purgemap.routing.route_index import RouteIndex
from purgemap.routing.targets import RoutedChanges, Skip, Target, substitute_captures

# Texts that a route's prefix matched are remembered, for all buckets together: uploaders choose them, and a text
# takes up to 5 KB with what it resolves to.
_MAX_RESOLVED = 4096

_MAX_FILTERS = 10_000

_Captured = tuple[tuple[str, str], ...]


class _Filter:
    """Include and exclude of a target, over the rest of a key after the prefix."""

    def __init__(self, include: tuple[str, ...], exclude: tuple[str, ...]) -> None:
        self.include = GlobList(include) if include else None
        self.exclude = GlobList(exclude) if exclude else None

    def passes(self, rest: str) -> bool:
        """Whether an include matches, where there are any, and no exclude does."""
        if self.include and self.include.find(rest) is None:
            return False
        return not self.exclude or self.exclude.find(rest) is None


@lru_cache(maxsize=_MAX_FILTERS)
def _filter(include: tuple[str, ...], exclude: tuple[str, ...]) -> _Filter | None:
    """Make a filter once for all targets that share it; None where nothing is filtered."""
    return _Filter(include, exclude) if include or exclude else None


class _Resolved(NamedTuple):
    """A target, and what else looks at a key: its filter, and how it starts where the prefix doesn't say so already."""

    target: Target
    filter: _Filter | None
    start: str


class _Group:
    """Changed keys that may concern the same feeds; what several targets ask of them is found out once."""

    __slots__ = ("_kept", "_matched", "event", "keys")

    def __init__(self, keys: list[str], event: str) -> None:
        self.keys = keys
        self.event = event
        self._matched: dict[str, list[tuple[str, _Captured, list[str]]]] = {}
        self._kept: dict[tuple[_Filter, int], list[str]] = {}

    def matched(self, pattern: Pattern) -> list[tuple[str, _Captured, list[str]]]:
        """Return the keys whose start a prefix matches, by the text that it matched and what it captured."""
        found = self._matched.get(pattern.text)
        if found is None:
            found = self._starting(pattern) if pattern.is_plain_prefix else self._matching(pattern)
            self._matched[pattern.text] = found
        return found

    def _starting(self, pattern: Pattern) -> list[tuple[str, _Captured, list[str]]]:
        start = pattern.literal_prefix
        keys = [key for key in self.keys if key.startswith(start)] if start else self.keys
        return [(start, (), keys)] if keys else []

    def _matching(self, pattern: Pattern) -> list[tuple[str, _Captured, list[str]]]:
        keys_by_match: dict[tuple[str, _Captured], list[str]] = {}
        for key in self.keys:
            match = pattern.match(key)
            if match:
                keys_by_match.setdefault((match.text, tuple(match.captures.items())), []).append(key)
        return [(text, captured, keys) for (text, captured), keys in keys_by_match.items()]

    def admitted(self, resolved: _Resolved, keys: list[str]) -> list[str]:
        """Leave of the keys that a prefix matched those that concern a target, as `_refusal` tells of each."""
        target = resolved.target
        if self.event not in target.settings.events:
            return []
        if resolved.filter:
            keys = self._filtered(resolved.filter, target.matched_prefix, keys)
        return [key for key in keys if key.startswith(resolved.start)] if resolved.start else keys

    def _filtered(self, chosen: _Filter, matched: str, keys: list[str]) -> list[str]:
        # The lists are this group's own, or kept in `_matched`: none of them goes before the group, to leave its id.
        known = (chosen, id(keys))
        kept = self._kept.get(known)
        if kept is None:
            cut = len(matched)
            kept = self._kept[known] = [key for key in keys if chosen.passes(key[cut:].removeprefix("/"))]
        return kept


class BucketRouter:
    """The routes of one bucket; `captures` are those of its patterns, by the number that `Feed.source` gives."""

    __slots__ = ("_bucket", "_captures", "_feed_table", "_feeds", "_table")

    def __init__(
        self, bucket: str, route_index: RouteIndex, captures: Sequence[Mapping[str, str]], table: RouteMap
    ) -> None:
        self._bucket = bucket
        self._feed_table = route_index
        self._feeds = route_index.feeds
        self._captures = captures
        self._table = table

    def route(self, event: str, changes_by_key: Mapping[str, ObjectChange], routed: RoutedChanges) -> None:
        """Add the targets of this bucket's changed keys to `routed`."""
        for keys, numbers in self._feed_table.group(changes_by_key):
            taken = self._route_group(_Group(keys, event), numbers, routed)
            if len(taken) < len(keys):
                routed.unrouted.extend(changes_by_key[key] for key in keys if key not in taken)

    def _route_group(self, group: _Group, numbers: Iterable[int], routed: RoutedChanges) -> Collection[str]:
        """Add the targets of keys that may concern the same feeds to `routed`; returns the keys that any takes."""
        everything = group.keys
        taken: set[str] = set()
        is_taken_whole = False
        for number in numbers:
            for matched, captured, keys in group.matched(self._feeds[number].pattern):
                resolved = _resolved(self, number, matched, captured)
                if isinstance(resolved, Skip):
                    routed.unknown_names.append(resolved)
                    continue
                admitted = group.admitted(resolved, keys)
                if admitted:
                    routed.keys_by_target.setdefault(resolved.target, []).extend(admitted)
                    is_taken_whole = is_taken_whole or len(admitted) == len(everything)
                    if not is_taken_whole:
                        taken.update(admitted)
        return everything if is_taken_whole else taken

    def decide(self, key: str, event: str) -> Iterator[Target | Skip]:
        """Decide for each route whose prefix matches, and each of its distributions, whether the key concerns it."""
        for resolved in self._matches(key):
            reason = None if isinstance(resolved, Skip) else _refusal(resolved, key, event)
            if isinstance(resolved, Skip):
                yield resolved
            else:
                yield _skip(resolved.target, reason) if reason else resolved.target

    def matches(self, key: str) -> Iterator[Target | Skip]:
        """Yield each distribution of each route whose prefix matches, whatever its filters say."""
        for resolved in self._matches(key):
            yield resolved if isinstance(resolved, Skip) else resolved.target

    def _matches(self, key: str) -> Iterator[_Resolved | Skip]:
        for number in self._feed_table.by_prefix.find(key):
            match = self._feeds[number].pattern.match(key)
            if match:
                yield _resolved(self, number, match.text, tuple(match.captures.items()))

    def prefix_misses(self, key: str) -> Iterator[Skip]:
        """Tell which routes of the bucket don't match the key by their prefix (for people; it looks at all of them)."""
        for route in {id(feed.route): feed.route for feed in self._feeds if not feed.pattern.match(key)}.values():
            yield Skip(route.name, "", f"the key does not start with the prefix {route.prefix!r}")

    def resolve(self, number: int, matched: str, captured: _Captured) -> _Resolved | Skip:
        """Fill a feed's captures in; a Skip where they name no distribution of the map."""
        route, name, _, source = self._feeds[number]
        captures = {**self._captures[source], **dict(captured)}
        filled = substitute_captures(name, captures)
        # A key is an uploader's text: what it says may pick a name of the map, never an id.
        distribution = self._table.distribution(filled) if filled == name or is_distribution_name(filled) else None
        if distribution is None:
            reason = f"{name} names {filled!r}, which is not under distributions:"
            return Skip(route.name, filled, reason, unknown_name=True)
        settings = load_settings(route, distribution)
        origin_path = substitute_captures(settings.origin_path, captures)
        target = Target(route.name, self._bucket, distribution, settings, origin_path, matched, captures)
        start = "" if matched.startswith(target.origin_prefix) else target.origin_prefix
        return _Resolved(target, _filter(settings.include, settings.exclude), start)


@lru_cache(maxsize=_MAX_RESOLVED)
def _resolved(router: BucketRouter, number: int, matched: str, captured: _Captured) -> _Resolved | Skip:
    return router.resolve(number, matched, captured)


def _refusal(resolved: _Resolved, key: str, event: str) -> str | None:
    """Ask the target's events, include, exclude and origin path, in this order, for why the key doesn't concern it."""
    target, chosen, _ = resolved
    settings, rest = target.settings, _rest(key, target.matched_prefix)
    if event not in settings.events:
        return f"the event {event} is not among its events: {', '.join(settings.events)}"
    if chosen and chosen.include and chosen.include.first_match(rest) is None:
        return f"no include pattern matches {rest!r}: {', '.join(settings.include)}"
    excluding = chosen.exclude.first_match(rest) if chosen and chosen.exclude else None
    if excluding is not None:
        return f"excluded by {excluding!r}"
    if not key.startswith(target.origin_prefix):
        return f"the key is outside the origin path {target.origin_path}: it can't be served"
    return None


def _rest(key: str, matched: str) -> str:
    return key[len(matched) :].removeprefix("/")


def _skip(target: Target, reason: str) -> Skip:
    return Skip(target.route, target.distribution.id, reason)
