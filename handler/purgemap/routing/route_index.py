"""The routes of a bucket, one entry for each distribution, and an index of the keys that they may match."""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from purgemap.routemap import (
    AnyOf,
    Glob,
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

# If more than 8 entries share a prefix, also index their origin paths and includes (at most 8 globs each).
_MAX_ENTRIES_BY_PREFIX_ONLY = 8
_MAX_INDEXED_GLOBS = 8

_TEMPLATE_CHARACTERS = frozenset("{}*\\")


class RouteDistribution(NamedTuple):
    """One route for one distribution, by name; `bucket_match` numbers the bucket pattern whose captures apply."""

    route: Route
    distribution_name: str
    prefix: Pattern
    bucket_match: int


class RouteIndex:
    """The entries of all buckets that match the same patterns, the shortest literal prefix first."""

    def __init__(self, routes_by_bucket_match: Sequence[Sequence[Route]], route_map: RouteMap) -> None:
        self._route_map = route_map
        self.entries = [
            RouteDistribution(route, name, prefix, bucket_match)
            for bucket_match, routes in enumerate(routes_by_bucket_match)
            for route in routes
            for prefix in [Pattern(route.prefix, full_match=False)]
            for name in route.distributions
        ]
        self.entries.sort(key=lambda entry: len(entry.prefix.literal_prefix))

    @cached_property
    def by_prefix(self) -> PatternIndex[int]:
        """The numbers of the entries whose prefix may match a key."""
        return PatternIndex(([[entry.prefix.required_texts]], number) for number, entry in enumerate(self.entries))

    @cached_property
    def by_settings(self) -> PatternIndex[int]:
        """The numbers of the entries that may match a key by their prefix and, if many share it, their settings."""
        frequency = Counter(entry.prefix.text for entry in self.entries)
        if max(frequency.values(), default=0) <= _MAX_ENTRIES_BY_PREFIX_ONLY:
            return self.by_prefix
        return PatternIndex(
            ([*self._requirements(entry, is_shared=frequency[entry.prefix.text] > _MAX_ENTRIES_BY_PREFIX_ONLY)], number)
            for number, entry in enumerate(self.entries)
        )

    def _requirements(self, entry: RouteDistribution, *, is_shared: bool) -> Iterator[AnyOf]:
        """Yield the texts that every matching key contains: the prefix's, and for a shared prefix the settings'."""
        yield [entry.prefix.required_texts]
        name = entry.distribution_name
        distribution = self._route_map.distribution(name) if is_shared and "{" not in name else None
        if distribution is None:
            return
        settings = load_settings(entry.route, distribution)
        if settings.origin_path and not _TEMPLATE_CHARACTERS.intersection(settings.origin_path):
            yield [[RequiredText(Position.PREFIX, settings.origin_path[1:] + "/")]]
        if 0 < len(settings.include) <= _MAX_INDEXED_GLOBS:
            yield [_key_texts(Glob(glob), entry.prefix) for glob in settings.include]


def _key_texts(glob: Glob, prefix: Pattern) -> list[RequiredText]:
    """Return the texts that a glob requires of the whole key, not only of the file name or the rest."""
    key_texts: list[RequiredText] = []
    substring = Position.SUBSTRING_OF_NAME if glob.by_name else Position.SUBSTRING
    for position, text in glob.required_texts:
        if position is Position.PREFIX:
            # In the key it follows the prefix and perhaps a slash, so its position is unknown.
            key_texts += ngram_texts(text, substring)
            key_texts += segment_texts(f"/{text}") if prefix.ends_at_slash else ()
        elif position is not Position.SEGMENT or prefix.ends_at_slash:
            key_texts.append(RequiredText(substring if position is Position.SUBSTRING else position, text))
    return key_texts
