"""Warn of edits that invalidate more than before: by mistake they cost cache hits, or money."""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping

from purgemap.deployment.diff.match_sites import SitePair
from purgemap.planning import PRICE_PER_PATH_USD
from purgemap.routemap import Distribution, Pattern
from purgemap.routemap.sites import Site

_Distributions = Mapping[str, Distribution]


def scope_warnings(
    pairs: Iterable[SitePair], before: _Distributions, after: _Distributions, label: Callable[[str], str]
) -> list[str]:
    """List a warning for each change that widens a site's scope; `pairs` holds all sites, also unchanged ones."""
    pairs = list(pairs)
    kept_pairs = [(old, new) for old, new in pairs if old and new]
    added_sites = [new for old, new in pairs if new and not old]
    warnings = [f"{new}: {warning}" for old, new in kept_pairs for check in _CHECKS for warning in check(old, new)]
    warnings += _added_sites({new.place for _, new in kept_pairs}, added_sites, before)
    for name in sorted(before.keys() & after.keys()):
        warnings += [f"{label(name)}: {warning}" for warning in _budget(before[name], after[name])]
    return list(dict.fromkeys(warnings))


def _added_sites(places: Container[str], added: Iterable[Site], before: _Distributions) -> Iterator[str]:
    """Warn if an existing site gains a distribution, or if a new route adds wildcards to an existing one."""
    for site in added:
        if site.place in places:
            yield f"{site}: changes here now also invalidate {site.label}"
        for template in filter(_is_wide, site.settings.invalidate if site.distribution.id in before else ()):
            yield f"{site}: every change here invalidates {template}"


def _is_wide(template: str) -> bool:
    return template.endswith("*") or template.startswith("#")


def _bucket(old: Site, new: Site) -> Iterator[str]:
    # If the old bucket is a pattern, test one example of its buckets.
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
        yield f"include also has {_list(set(after) - set(before))}"


def _exclude(old: Site, new: Site) -> Iterator[str]:
    removed = set(old.settings.exclude) - set(new.settings.exclude)
    if removed:
        yield f"{_list(removed)} is no longer excluded"


def _events(old: Site, new: Site) -> Iterator[str]:
    added = set(new.settings.events) - set(old.settings.events)
    if added:
        yield f"objects that are {_list(added)} also count"


def _invalidate(old: Site, new: Site) -> Iterator[str]:
    for template in new.settings.invalidate:
        if template not in old.settings.invalidate and _is_wide(template):
            yield f"every change now invalidates {template}"


def _query_strings(old: Site, new: Site) -> Iterator[str]:
    if new.settings.query_strings and not old.settings.query_strings:
        yield "query_strings sends a wildcard beside every path"


def _budget(old: Distribution, new: Distribution) -> Iterator[str]:
    if new.max_paths < old.max_paths:
        yield f"with max_paths {new.max_paths} wildcards replace paths sooner than with {old.max_paths}"
    if new.max_paths > old.max_paths:
        more = f"with max_paths {new.max_paths} a batch may send more paths than {old.max_paths}"
        yield f"{more}, at ${PRICE_PER_PATH_USD} each"
    yield from _daily_budget(old.max_paths_per_day, new.max_paths_per_day)


def _daily_budget(old: int, new: int) -> Iterator[str]:
    # 0 means unlimited. A lower budget widens as well: above it, whole scopes replace paths.
    before = f"{old} (${old * PRICE_PER_PATH_USD:,.2f})" if old else "0"
    if old and not new:
        yield f"with max_paths_per_day 0 a day has no ceiling; it was {before}"
    elif old and new > old:
        yield f"with max_paths_per_day {new} a day may cost ${new * PRICE_PER_PATH_USD:,.2f}; it was {before}"
    elif new and (new < old or not old):
        yield f"with max_paths_per_day {new} whole scopes replace paths sooner than with {before}"


def _list(texts: Iterable[str]) -> str:
    return ", ".join(sorted(texts))


_CHECKS: tuple[Callable[[Site, Site], Iterator[str]], ...] = (
    _bucket,
    _prefix,
    _origin_path,
    _include,
    _exclude,
    _events,
    _invalidate,
    _query_strings,
)
