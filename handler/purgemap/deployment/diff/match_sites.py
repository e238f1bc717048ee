"""Match the sites of two maps, so that an edit shows as a change of a site rather than as a removal and an addition."""

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable
from typing import NamedTuple

from purgemap.routemap.sites import Site


class SitePair(NamedTuple):
    """A site in the old and the new map; None for a map without it."""

    old: Site | None
    new: Site | None


# From the surest match to the vaguest. A route without a name is named by its bucket and prefix, so if its prefix
# changes, its name does, too.
_KEYS: tuple[Callable[[Site], Hashable], ...] = (
    lambda site: (site.route, site.bucket, site.prefix, site.distribution.id),
    lambda site: (site.bucket, site.prefix, site.distribution.id),
    lambda site: (site.route, site.distribution.id),
    lambda site: (site.bucket, site.distribution.id),
)


def match_sites(old: Iterable[Site], new: Iterable[Site]) -> list[SitePair]:
    """Pair each site with the most similar one of the other map, by one key after the other."""
    removed, added = list(old), list(new)
    pairs: list[SitePair] = []
    for key in _KEYS:
        candidates: defaultdict[Hashable, deque[Site]] = defaultdict(deque)
        for site in removed:
            candidates[key(site)].append(site)
        unmatched = []
        for site in added:
            if candidates[key(site)]:
                pairs.append(SitePair(candidates[key(site)].popleft(), site))
            else:
                unmatched.append(site)
        removed, added = [site for sites in candidates.values() for site in sites], unmatched
    pairs += [SitePair(site, None) for site in removed]
    pairs += [SitePair(None, site) for site in added]
    return sorted(pairs, key=_order)


def _order(pair: SitePair) -> tuple[str, str, str]:
    site = pair.new or pair.old
    return (site.bucket, site.prefix, site.distribution.id) if site else ("", "", "")
