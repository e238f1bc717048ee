"""What is behind the API: S3 objects, viewers' requests, caches, and invalidations that take effect later."""

from collections.abc import Callable, Hashable, Iterable
from heapq import heappop, heappush
from threading import RLock

from support.doubles.cloudfront_cache import Cache, Origin, Stale
from support.doubles.cloudfront_invalidations import Invalidation
from support.doubles.cloudfront_settings import Settings
from support.doubles.cloudfront_site import Site


class Edge:
    """All distributions' caches over one origin. `settings` may be replaced at any time."""

    def __init__(self, clock: Callable[[], float], settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self._clock = clock
        self._origin = Origin()
        self._caches: dict[str, Cache] = {}
        self._effects: list[tuple[float, str, Invalidation]] = []
        self._lock = RLock()

    def add(self, *sites: Site) -> None:
        """Create distributions and tenants; their ids share one namespace here."""
        with self._lock:
            self._caches |= {site.id: Cache(site, self._origin) for site in sites}

    def remove(self, distribution: str) -> None:
        """Delete a distribution and its cache."""
        with self._lock:
            del self._caches[distribution]

    def put(self, bucket: str, key: str, tags: Iterable[str] = (), content: Hashable = None) -> int:
        """Write an S3 object with its cache tags; return its version, which is new unless a content is given."""
        with self._lock:
            return self._origin.put(bucket, key, tags, self._settle(), content)

    def delete(self, bucket: str, key: str) -> None:
        """Delete an S3 object; its URLs become 404 if no other object answers."""
        with self._lock:
            self._origin.delete(bucket, key, self._settle())

    def view(self, distribution: str, spelling: str) -> int:
        """Request a URL, from its slash on; return the version served, MISSING for a 404."""
        with self._lock:
            self._settle()
            return self._caches[distribution].view(spelling)

    def view_elsewhere(self, distribution: str, spelling: str) -> None:
        """Request a URL at an edge location that has no copy of it; locations with a copy keep it."""
        with self._lock:
            self._settle()
            self._caches[distribution].view_elsewhere(spelling)

    def stale(self) -> list[Stale]:
        """List the spellings that any distribution serves although the origin has another version."""
        with self._lock:
            self._settle()
            return [stale for cache in self._caches.values() for stale in cache.stale()]

    def cache(self, distribution: str) -> Cache:
        """Get one cache, for its counts of collateral and of seconds to fresh."""
        with self._lock:
            self._settle()
            return self._caches[distribution]

    def settled_at(self) -> float:
        """Return the time at which every accepted invalidation has taken effect."""
        with self._lock:
            return max([self._settle(), *(at for at, _, _ in self._effects)])

    def _schedule(self, invalidation: Invalidation) -> None:
        heappush(self._effects, (invalidation.created + self.settings.seconds_to_effect, invalidation.id, invalidation))
        self._settle()

    def _settle(self) -> float:
        """Apply every effect that is due, in order; return the time."""
        now = self._clock()
        while self._effects and self._effects[0][0] <= now:
            at, _, invalidation = heappop(self._effects)
            cache = self._caches.get(invalidation.distribution)
            if cache:
                cache.evict(invalidation.items, self.settings, at)
        return now
