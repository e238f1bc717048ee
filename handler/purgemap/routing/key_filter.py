"""The conditions of a target on a key that its prefix matched: events, include, exclude and origin path."""

from functools import lru_cache
from typing import NamedTuple

from purgemap.routemap import GlobList
from purgemap.routing.targets import Target

_MAX_FILTERS = 10_000


class KeyFilter:
    """The include and exclude of a target, matched against the rest of a key after the prefix."""

    def __init__(self, include: tuple[str, ...], exclude: tuple[str, ...]) -> None:
        self.include = GlobList(include) if include else None
        self.exclude = GlobList(exclude) if exclude else None

    def passes(self, rest: str) -> bool:
        """Return whether an include matches, if there are any, and no exclude does."""
        if self.include and self.include.find(rest) is None:
            return False
        return not self.exclude or self.exclude.find(rest) is None


@lru_cache(maxsize=_MAX_FILTERS)
def build_filter(include: tuple[str, ...], exclude: tuple[str, ...]) -> KeyFilter | None:
    """Return the filter that all targets with these globs share; None if there are no globs."""
    return KeyFilter(include, exclude) if include or exclude else None


FilteredKeys = dict[tuple[KeyFilter, int], list[str]]
"""The keys that pass a filter, by the filter and the id of the list of keys; valid while these lists are alive."""


class TargetMatcher(NamedTuple):
    """A target with its filter and, if the prefix does not imply it, the origin prefix that a key must start with."""

    target: Target
    filter: KeyFilter | None
    origin_prefix: str

    def passing(self, event: str, keys: list[str], filtered: FilteredKeys) -> list[str]:
        """Return the keys that the target matches, of keys that its prefix matched; `skip_reason` explains one key."""
        target, key_filter, origin_prefix = self
        if event not in target.settings.events:
            return []
        if key_filter:
            # Targets of one prefix often share a filter: each of its globs is matched once for a key, not per target.
            cached = filtered.get((key_filter, id(keys)))
            if cached is None:
                passes, start = key_filter.passes, len(target.matched_prefix)
                cached = filtered[key_filter, id(keys)] = [key for key in keys if passes(key[start:].removeprefix("/"))]
            keys = cached
        return [key for key in keys if key.startswith(origin_prefix)] if origin_prefix else keys

    def skip_reason(self, key: str, event: str) -> str | None:
        """Return why the target does not match a key; None if it does."""
        target, key_filter, _ = self
        settings, rest = target.settings, key[len(target.matched_prefix) :].removeprefix("/")
        if event not in settings.events:
            return f"the event {event} is not among its events: {', '.join(settings.events)}"
        if key_filter and key_filter.include and key_filter.include.first_match(rest) is None:
            return f"no include pattern matches {rest!r}: {', '.join(settings.include)}"
        excluding = key_filter.exclude.first_match(rest) if key_filter and key_filter.exclude else None
        if excluding is not None:
            return f"excluded by {excluding!r}"
        if not key.startswith(target.origin_prefix):
            return f"the key is outside the origin path {target.origin_path}: it can't be served"
        return None
