"""Pairs of sites → warnings where more is invalidated than before: what costs hits, or money, if it wasn't meant."""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping

from purgemap.deployment.diff.match_sites import SitePair
from purgemap.planning import PRICE_PER_PATH_USD
from purgemap.routemap import Distribution, Pattern, Site

_Distributions = Mapping[str, Distribution]


def scope_warnings(
    pairs: Iterable[SitePair], before: _Distributions, after: _Distributions, label: Callable[[str], str]
) -> list[str]:
    """Warn of each change that widens what is invalidated; the pairs are all sites, unchanged ones included."""
    pairs = list(pairs)
    stayed = [(old, new) for old, new in pairs if old and new]
    gained = [new for old, new in pairs if new and not old]
    warnings = [f"{new}: {warning}" for old, new in stayed for widens in _WIDENINGS for warning in widens(old, new)]
    warnings += _gains({new.place for _, new in stayed}, gained, before)
    for name in sorted(before.keys() & after.keys()):
        warnings += [f"{label(name)}: {warning}" for warning in _budget(before[name], after[name])]
    return list(dict.fromkeys(warnings))


def _gains(kept_places: Container[str], gained: Iterable[Site], before: _Distributions) -> Iterator[str]:
    """Warn of a distribution more for a place that has one, and of wildcards for one that had others' changes only."""
    for site in gained:
        if site.place in kept_places:
            yield f"{site}: what changes here now also invalidates {site.label}"
        for template in filter(_is_wide, site.settings.invalidate if site.distribution.id in before else ()):
            yield f"{site}: every change here invalidates {template}"


def _is_wide(template: str) -> bool:
    return template.endswith("*") or template.startswith("#")


def _bucket(old: Site, new: Site) -> Iterator[str]:
    if new.bucket != old.bucket and Pattern(new.bucket, full_match=True).match(old.bucket.replace("*", "x")):
        yield f"{new.bucket} matches more buckets than {old.bucket}"


def _prefix(old: Site, new: Site) -> Iterator[str]:
    start_before, start_after = (Pattern(site.prefix, full_match=False).literal_prefix for site in (old, new))
    if old.prefix != new.prefix and start_before.startswith(start_after):
        yield f"the prefix {new.prefix or '(all keys)'} selects more than {old.prefix}"


def _origin_path(old: Site, new: Site) -> Iterator[str]:
    before, after = old.settings.origin_path, new.settings.origin_path
    if before != after and before.startswith(after):
        yield f"with the origin path {after or '/'} more keys count as served than with {before}"


def _include(old: Site, new: Site) -> Iterator[str]:
    before, after = old.settings.include, new.settings.include
    if before and not after:
        yield f"without include ({', '.join(before)}) every key counts"
    elif before and set(after) - set(before):
        yield f"include has {_listed(set(after) - set(before))}, too"


def _exclude(old: Site, new: Site) -> Iterator[str]:
    gone = set(old.settings.exclude) - set(new.settings.exclude)
    if gone:
        yield f"{_listed(gone)} is no longer excluded"


def _events(old: Site, new: Site) -> Iterator[str]:
    added = set(new.settings.events) - set(old.settings.events)
    if added:
        yield f"objects that are {_listed(added)} count, too"


def _invalidate(old: Site, new: Site) -> Iterator[str]:
    for template in new.settings.invalidate:
        if template not in old.settings.invalidate and _is_wide(template):
            yield f"every change now invalidates {template}"


def _query_strings(old: Site, new: Site) -> Iterator[str]:
    if new.settings.query_strings and not old.settings.query_strings:
        yield "query_strings sends a wildcard beside every path"


def _budget(old: Distribution, new: Distribution) -> Iterator[str]:
    if new.max_paths < old.max_paths:
        yield f"with max_paths {new.max_paths} wildcards stand for paths sooner than with {old.max_paths}"
    if new.max_paths > old.max_paths:
        more = f"with max_paths {new.max_paths} a batch may send more paths than {old.max_paths}"
        yield f"{more}, at ${PRICE_PER_PATH_USD} each"
    yield from _daily_budget(old.max_paths_per_day, new.max_paths_per_day)


def _daily_budget(old: int, new: int) -> Iterator[str]:
    before = f"{old} (${old * PRICE_PER_PATH_USD:,.2f})" if old else "0"
    if old and not new:
        yield f"with max_paths_per_day 0 a day has no ceiling; it was {before}"
    elif old and new > old:
        yield f"with max_paths_per_day {new} a day may cost ${new * PRICE_PER_PATH_USD:,.2f}; it was {before}"
    elif new and (new < old or not old):
        yield f"with max_paths_per_day {new} whole scopes replace paths sooner than with {before}"


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(sorted(texts))


_WIDENINGS: tuple[Callable[[Site, Site], Iterator[str]], ...] = (
    _bucket,
    _prefix,
    _origin_path,
    _include,
    _exclude,
    _events,
    _invalidate,
    _query_strings,
)
