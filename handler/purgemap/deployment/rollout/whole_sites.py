"""Build jobs that invalidate whole sites, for deploys that switch an origin and so change no object."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from purgemap.deployment.rollout.refresh import site_items, target_items, without_covered
from purgemap.errors import PurgemapError
from purgemap.jobs import Job, PendingJob, merge_items
from purgemap.routemap import Distribution, Pattern, RouteMap, TokenKind, tokenize
from purgemap.routemap.sites import Site, list_sites
from purgemap.routing import Router, Skip, Target

_Items = Mapping[str, str | None]


class SiteSelection(NamedTuple):
    """The objects of a bucket whose keys start with a prefix, "" for all."""

    bucket: str
    prefix: str

    def __str__(self) -> str:
        return f"{self.bucket}/{self.prefix}" if self.prefix else self.bucket


class WholeSites(NamedTuple):
    """One job per distribution, and warnings about routes whose captures name no distribution of the map."""

    pending: list[PendingJob]
    warnings: list[str]


def whole_site_jobs(route_map: RouteMap, selections: Sequence[SiteSelection], source: str, now: float) -> WholeSites:
    """Build jobs that invalidate all of the selected objects; without selections, all sites of the map.

    Raises PurgemapError for a selection that no route matches, or whose captures are not known.
    """
    sites, warnings = list_sites(route_map), list[str]()
    found: list[tuple[Distribution, _Items]] = [
        (site.distribution, site_items(site)) for site in sites if not selections
    ]
    for selection in selections:
        parts = [*_parts(selection, sites, Router(route_map), warnings)]
        if not any(items for _, items in parts):
            reasons = "".join(f"; {warning}" for warning in warnings)
            raise PurgemapError(f"{selection}: no route matches it; name a bucket and prefix of the map{reasons}")
        found += parts
    return WholeSites([*_build_jobs(found, source, now)], warnings)


def _build_jobs(found: Iterable[tuple[Distribution, _Items]], source: str, now: float) -> Iterator[PendingJob]:
    items_by_distribution: defaultdict[str, list[_Items]] = defaultdict(list)
    distributions = {}
    for distribution, items in found:
        # A distribution has no items if it can't serve the site.
        if items:
            items_by_distribution[distribution.id].append(items)
            distributions[distribution.id] = distribution
    for id_, items_of_sites in sorted(items_by_distribution.items()):
        scopes = without_covered(merge_items(items_of_sites))
        yield PendingJob(Job(id_, scopes, (source,), oldest_event_time=now, changes=0), distributions[id_])


def _parts(
    selection: SiteSelection, sites: Iterable[Site], router: Router, warnings: list[str]
) -> Iterator[tuple[Distribution, _Items]]:
    """Yield what a selection invalidates: its part of each site that contains it, and each site that lies in it."""
    bucket, prefix = selection
    for target in router.bucket(bucket).match_prefixes(prefix):
        if isinstance(target, Skip):
            warnings.append(f"route {target.route}: {target.reason}")
        else:
            yield target.distribution, _items_of_part(target, prefix)
    for site in sites:
        contains_selection = Pattern(site.prefix, full_match=False).match(prefix)
        if contains_selection or not Pattern(site.bucket, full_match=True).match(bucket):
            continue
        if _literal_start(site.prefix).startswith(prefix):
            if _is_routed(site, bucket, router):
                yield site.distribution, site_items(replace(site, bucket=bucket))
        elif _may_hold(site.prefix, prefix):
            raise PurgemapError(
                f"{selection}: it is unknown which sites of {site.place} (route {site.route}) it selects; "
                f"name the prefix up to the end of one site, or up to {_literal_start(site.prefix)!r} for all of them"
            )


def _items_of_part(target: Target, prefix: str) -> _Items:
    """Return the items of the objects of a target whose keys start with a prefix."""
    if target.origin_prefix.startswith(prefix):
        # All that the distribution can serve is selected.
        return target_items(replace(target, matched_prefix=max(target.matched_prefix, target.origin_prefix, key=len)))
    return target_items(replace(target, matched_prefix=prefix)) if prefix.startswith(target.origin_prefix) else {}


def _is_routed(site: Site, bucket: str, router: Router) -> bool:
    """Return whether the bucket's captures name the site's distribution; True if a capture of the prefix decides it."""
    prefix = _literal_start(site.prefix)
    if any(token.kind is not TokenKind.LITERAL for token in tokenize(site.prefix)):
        return True
    targets = router.bucket(bucket).match_prefixes(prefix)
    return any(isinstance(target, Target) and target.distribution == site.distribution for target in targets)


def _may_hold(pattern: str, prefix: str) -> bool:
    """Return whether a prefix pattern may match keys that start with a prefix, segment by segment."""
    # No capture and no star holds a slash.
    segments = zip(pattern.split("/")[:-1], prefix.split("/")[:-1], strict=False)
    start = _literal_start(pattern)
    return prefix.startswith(start) and all(Pattern(segment, full_match=True).match(text) for segment, text in segments)


def _literal_start(prefix: str) -> str:
    return Pattern(prefix, full_match=False).literal_prefix
