"""The judge of staleness: the origin's objects, and the copies that each distribution still serves.

An entry is cached under the viewer's spelling and never expires: only an invalidation evicts it. "CloudFront stores
URLs exactly as they are defined", so spellings of one object are cached separately:
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/LinkFormat.html
"""

from bisect import bisect_left
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from support.doubles.cloudfront_rules import is_tag, is_wildcard
from support.doubles.cloudfront_settings import Settings
from support.doubles.cloudfront_site import Site

MISSING: Final = 0  # the version of a missing object: a 404

# "CloudFront processes up to 50 tags per cached object"; it ignores a tag's case and the spaces around it:
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-tags.html
_MAX_TAGS = 50


class Stored(NamedTuple):
    """An object's current version, above MISSING, and its cache tags in lower case."""

    version: int
    tags: tuple[str, ...] = ()


class Stale(NamedTuple):
    """A spelling still served as `cached`, although the origin now has `current`."""

    distribution: str
    spelling: str
    cached: int
    current: int


_ABSENT = Stored(MISSING)


class Origin:
    """All buckets' objects, and when they last changed."""

    __slots__ = ("_changed", "_contents", "_objects", "_versions")

    def __init__(self) -> None:
        self._objects: dict[tuple[str, str], Stored] = {}
        self._changed: dict[tuple[str, str], float] = {}
        self._contents: dict[tuple[str, str, Hashable], int] = {}
        self._versions = MISSING

    def put(self, bucket: str, key: str, tags: Iterable[str], now: float, content: Hashable = None) -> int:
        """Create or overwrite; return the version: a new one, or that of an equal content of the key before."""
        version = self._versions + 1
        if content is not None:
            version = self._contents.setdefault((bucket, key, content), version)
        self._versions = max(self._versions, version)
        lowered = tuple(tag.strip().lower() for tag in tags)[:_MAX_TAGS]
        self._objects[bucket, key] = Stored(version, lowered)
        self._changed[bucket, key] = now
        return version

    def delete(self, bucket: str, key: str, now: float) -> None:
        """Remove an object if it exists."""
        if self._objects.pop((bucket, key), None):
            self._changed[bucket, key] = now

    def first_of(self, bucket: str, keys: Iterable[str]) -> Stored:
        """Return the first existing object of these keys: it answers their URL."""
        for key in keys:
            stored = self._objects.get((bucket, key))
            if stored:
                return stored
        return _ABSENT

    def last_change(self, bucket: str, keys: Iterable[str]) -> float:
        """Return when any of these keys last changed; 0 for never."""
        return max(self._changed.get((bucket, key), 0.0) for key in keys)


class Cache:
    """The copies that one distribution serves without a request to its origin."""

    __slots__ = (
        "_elsewhere",
        "_entries",
        "_keys",
        "_origin",
        "_spellings",
        "_tagged",
        "collateral",
        "seconds_to_fresh",
        "site",
    )

    def __init__(self, site: Site, origin: Origin) -> None:
        self.site = site
        self.collateral = 0  # copies evicted although they were current
        self.seconds_to_fresh: list[float] = []  # from an object's last change to the eviction of its old version
        self._origin = origin
        self._entries: dict[str, Stored] = {}
        self._elsewhere: dict[str, set[int]] = {}
        self._keys: dict[str, tuple[str, ...]] = {}
        self._tagged: dict[str, set[str]] = {}
        self._spellings = _Spellings()

    def view(self, spelling: str) -> int:
        """Serve a viewer's URL from its slash on: the cached version, else the origin's, which is then cached."""
        if not self.site.query_strings:
            spelling = spelling.partition("?")[0]
        cached = self._entries.get(spelling)
        return (cached or self._fetch(spelling)).version

    def view_elsewhere(self, spelling: str) -> None:
        """Let an edge location without a copy fetch the current version, beside the copies that others have."""
        self.view(spelling)
        self._elsewhere.setdefault(spelling, set()).add(self._current(spelling).version)

    def _fetch(self, spelling: str) -> Stored:
        stored = self._entries[spelling] = self._current(spelling)
        self._spellings.add(spelling)
        if self.site.cache_tags:
            for tag in stored.tags:
                self._tagged.setdefault(tag, set()).add(spelling)
        return stored

    def _current(self, spelling: str) -> Stored:
        return self._origin.first_of(self.site.bucket, self._keys_of(spelling))

    def _keys_of(self, spelling: str) -> tuple[str, ...]:
        keys = self._keys.get(spelling)
        if keys is None:
            keys = self._keys[spelling] = self.site.keys(spelling.partition("?")[0])
        return keys

    def stale(self) -> Iterator[Stale]:
        """Yield every spelling whose cached version isn't the origin's current one."""
        for spelling, cached in self._entries.items():
            current = self._current(spelling)
            for version in {cached.version, *self._elsewhere.get(spelling, ())} - {current.version}:
                yield Stale(self.site.id, spelling, version, current.version)

    def evict(self, items: Sequence[str], settings: Settings, now: float) -> None:
        """Let an invalidation take effect: evict every cached spelling that matches an item."""
        for item in items:
            for spelling in self._matches(item, settings):
                self._drop(spelling, now)

    def _matches(self, item: str, settings: Settings) -> list[str]:
        """Return the spellings that an item covers: none for some valid items (`%7E`, a needless `%2D`).

        https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html
        """
        if is_tag(item):
            return list(self._tagged.get(item[1:].lower(), ()))
        if settings.ignores_tilde and "%7e" in item.lower():
            return []
        if is_wildcard(item):
            return self._under(item[:-1], spares_stem=settings.spares_stem)
        return [item] if item in self._entries else []

    def _under(self, stem: str, *, spares_stem: bool) -> list[str]:
        """Return the spellings with this prefix; a setting decides whether `P*` covers P itself."""
        return [
            spelling
            for spelling in self._spellings.starting_with(stem)
            if spelling in self._entries and not (spares_stem and spelling == stem)
        ]

    def _drop(self, spelling: str, now: float) -> None:
        cached = self._entries.pop(spelling)
        self._elsewhere.pop(spelling, None)
        if self.site.cache_tags:
            for tag in cached.tags:
                self._tagged[tag].discard(spelling)
        if cached.version == self._current(spelling).version:
            self.collateral += 1
        else:
            changed = self._origin.last_change(self.site.bucket, self._keys_of(spelling))
            self.seconds_to_fresh.append(now - changed)


class _Spellings:
    """Every spelling ever cached, sorted, so that a wildcard's cost does not grow with the cache."""

    __slots__ = ("_known", "_ordered", "_unordered")

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._ordered: list[str] = []
        self._unordered = False

    def add(self, spelling: str) -> None:
        if spelling not in self._known:
            self._known.add(spelling)
            self._ordered.append(spelling)
            self._unordered = True

    def starting_with(self, stem: str) -> Iterator[str]:
        if self._unordered:  # close to linear: most of the list is sorted
            self._ordered.sort()
            self._unordered = False
        for index in range(bisect_left(self._ordered, stem), len(self._ordered)):
            if not self._ordered[index].startswith(stem):
                return
            yield self._ordered[index]
