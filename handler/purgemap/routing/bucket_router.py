"""The routes of one bucket: match its changed keys with targets, at a cost that does not grow with the routes."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from purgemap.events import ObjectChange
from purgemap.routemap import IndexKey, Pattern, RouteMap, is_distribution_name, load_settings
from purgemap.routing.key_filter import FilteredKeys, TargetMatcher, build_filter
from purgemap.routing.route_index import RouteIndex
from purgemap.routing.targets import RoutedChanges, Skip, Target, substitute_captures

# Shared by all buckets. Uploaders choose the keys, so memory is bounded: a matcher takes up to 5 KB.
_CACHE_SIZE = 4096

# Up to 4 entries, which is what most buckets have, are tried one by one in less time than the index takes.
_MAX_ENTRIES_WITHOUT_INDEX = 4

_Captures = tuple[tuple[str, str], ...]
_PrefixMatch = tuple[str, _Captures, list[str]]
"""The text that a prefix matched, its captures, and the keys that start so."""


class BucketRouter:
    """The router of one bucket's changed keys; `captures` are those of each bucket pattern that matched its name."""

    __slots__ = ("_bucket", "_captures", "_entries", "_route_index", "_route_map")

    def __init__(
        self, bucket: str, route_index: RouteIndex, captures: Sequence[Mapping[str, str]], route_map: RouteMap
    ) -> None:
        self._bucket = bucket
        self._route_index = route_index
        self._entries = route_index.entries
        self._captures = captures
        self._route_map = route_map

    def route(self, event: str, changes_by_key: Mapping[str, ObjectChange], routed: RoutedChanges) -> None:
        """Add the targets of changed keys to `routed`, and the changes that no target matched."""
        for keys, numbers in self._group(changes_by_key):
            routed_keys = self._route_keys(keys, event, numbers, routed)
            if len(routed_keys) < len(keys):
                routed.unrouted.extend([changes_by_key[key] for key in keys if key not in routed_keys])

    def _group(self, keys: Iterable[str]) -> Iterable[tuple[list[str], Iterable[int]]]:
        """Group keys by the entries that they may match; returns keys with the numbers of these entries."""
        if len(self._entries) <= _MAX_ENTRIES_WITHOUT_INDEX:
            return [(list(keys), range(len(self._entries)))]
        index = self._route_index.by_settings
        keys_by_index_key: dict[IndexKey, list[str]] = {}
        for key in keys:
            keys_by_index_key.setdefault(index.lookup(key), []).append(key)
        return [(group, index.candidates(index_key)) for index_key, group in keys_by_index_key.items()]

    def _route_keys(
        self, keys: list[str], event: str, numbers: Iterable[int], routed: RoutedChanges
    ) -> Collection[str]:
        """Add the targets of keys that may match the same entries to `routed`; returns the keys with a target."""
        matches_by_prefix: dict[str, list[_PrefixMatch]] = {}
        filtered: FilteredKeys = {}
        routed_keys: set[str] = set()
        is_complete = False
        for number in numbers:
            prefix = self._entries[number].prefix
            matches = matches_by_prefix.get(prefix.text)
            if matches is None:
                matches = matches_by_prefix[prefix.text] = _match_prefix(prefix, keys)
            for matched_prefix, captures, matched_keys in matches:
                matcher = _matcher(self, number, matched_prefix, captures)
                if isinstance(matcher, Skip):
                    routed.unknown_names.append(matcher)
                elif passing := matcher.passing(event, matched_keys, filtered):
                    routed.keys_by_target.setdefault(matcher.target, []).extend(passing)
                    # Usually the first target matches every key: then no set is filled.
                    is_complete = is_complete or len(passing) == len(keys)
                    if not is_complete:
                        routed_keys.update(passing)
        return keys if is_complete else routed_keys

    def decide(self, key: str, event: str) -> Iterator[Target | Skip]:
        """Yield a target or the reason to skip it, for each distribution of each route whose prefix matches a key."""
        for matcher in self._match_key(key):
            if isinstance(matcher, Skip):
                yield matcher
            elif reason := matcher.skip_reason(key, event):
                yield Skip(matcher.target.route, matcher.target.distribution.id, reason)
            else:
                yield matcher.target

    def match_prefixes(self, key: str) -> Iterator[Target | Skip]:
        """Yield each distribution of each route whose prefix matches a key, whatever its filter and events."""
        for matcher in self._match_key(key):
            yield matcher if isinstance(matcher, Skip) else matcher.target

    def _match_key(self, key: str) -> Iterator[TargetMatcher | Skip]:
        for number in self._route_index.by_prefix.find(key):
            match = self._entries[number].prefix.match(key)
            if match:
                yield _matcher(self, number, match.text, tuple(match.captures.items()))

    def prefix_misses(self, key: str) -> Iterator[Skip]:
        """Yield a skip for each route whose prefix does not match a key. It tries all routes: for `explain` only."""
        missing = (entry.route for entry in self._entries if not entry.prefix.match(key))
        for route in {id(route): route for route in missing}.values():
            yield Skip(route.name, "", f"the key does not start with the prefix {route.prefix!r}")

    def build_matcher(self, number: int, matched_prefix: str, captures: _Captures) -> TargetMatcher | Skip:
        """Substitute the captures of an entry; returns a Skip if they name no distribution of the map."""
        route, template, _, bucket_match = self._entries[number]
        all_captures = {**self._captures[bucket_match], **dict(captures)}
        name = substitute_captures(template, all_captures)
        # Uploaders choose the keys: a capture may select a name of the map, never a distribution by its id.
        is_allowed = name == template or is_distribution_name(name)
        distribution = self._route_map.distribution(name) if is_allowed else None
        if distribution is None:
            reason = f"{template} names {name!r}, which is not under distributions:"
            return Skip(route.name, name, reason, unknown_name=True)
        settings = load_settings(route, distribution)
        origin_path = substitute_captures(settings.origin_path, all_captures)
        target = Target(route.name, self._bucket, distribution, settings, origin_path, matched_prefix, all_captures)
        origin_prefix = "" if matched_prefix.startswith(target.origin_prefix) else target.origin_prefix
        return TargetMatcher(target, build_filter(settings.include, settings.exclude), origin_prefix)


# One cache at module level bounds the memory of all buckets together.
@lru_cache(maxsize=_CACHE_SIZE)
def _matcher(router: BucketRouter, number: int, matched_prefix: str, captures: _Captures) -> TargetMatcher | Skip:
    return router.build_matcher(number, matched_prefix, captures)


def _match_prefix(prefix: Pattern, keys: list[str]) -> list[_PrefixMatch]:
    """Return the keys that a prefix matches, grouped by the text that it matched and its captures."""
    if prefix.is_plain_prefix:
        text = prefix.literal_prefix
        matched_keys = [key for key in keys if key.startswith(text)] if text else keys
        return [(text, (), matched_keys)] if matched_keys else []
    keys_by_match: dict[tuple[str, _Captures], list[str]] = {}
    for key in keys:
        match = prefix.match(key)
        if match:
            keys_by_match.setdefault((match.text, tuple(match.captures.items())), []).append(key)
    return [(text, captures, matched_keys) for (text, captures), matched_keys in keys_by_match.items()]
