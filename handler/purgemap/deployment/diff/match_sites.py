"""The sites of two maps → pairs of what stays, perhaps changed, and what comes or goes alone."""

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable
from typing import NamedTuple

from purgemap.routemap import Site


class SitePair(NamedTuple):
    """A site before and after; None where it isn't."""

    old: Site | None
    new: Site | None


def match_sites(old: Iterable[Site], new: Iterable[Site]) -> list[SitePair]:
    """Pair sites by what they most likely are: the same place and route, then ever less of that.

    A route has a name of its own, or else one made of bucket and prefix; so a changed prefix may be a changed name.
    """
    before, after = list(old), list(new)
    pairs: list[SitePair] = []
    for key in _KEYS:
        unpaired: defaultdict[Hashable, deque[Site]] = defaultdict(deque)
        for site in before:
            unpaired[key(site)].append(site)
        left = []
        for site in after:
            if unpaired[key(site)]:
                pairs.append(SitePair(unpaired[key(site)].popleft(), site))
            else:
                left.append(site)
        before, after = [site for sites in unpaired.values() for site in sites], left
    return sorted(
        [*pairs, *(SitePair(site, None) for site in before), *(SitePair(None, site) for site in after)], key=_order
    )


_KEYS: tuple[Callable[[Site], Hashable], ...] = (
    lambda site: (site.route, site.bucket, site.prefix, site.distribution.id),
    lambda site: (site.bucket, site.prefix, site.distribution.id),
    lambda site: (site.route, site.distribution.id),
    lambda site: (site.bucket, site.distribution.id),
)


def _order(match_sites: SitePair) -> tuple[str, str, str]:
    site = match_sites.new or match_sites.old
    return (site.bucket, site.prefix, site.distribution.id) if site else ("", "", "")
