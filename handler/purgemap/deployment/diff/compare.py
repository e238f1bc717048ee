"""Compare two maps: their sites, buckets, distributions, event rules and permissions."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from purgemap.deployment.diff.match_sites import SitePair, match_sites
from purgemap.deployment.diff.scope_warnings import scope_warnings
from purgemap.deployment.template import RenderError, list_permissions, render_rules, render_stack
from purgemap.routemap import Distribution, RouteMap, Settings
from purgemap.routemap.sites import Site, list_sites

_DISTRIBUTION_FIELDS = ("role_arn", "external_id", "max_paths", "max_wildcards", "max_paths_per_day")


class Delta(NamedTuple):
    """The texts that only the new map has, and those that only the old one has."""

    added: tuple[str, ...]
    removed: tuple[str, ...]


class Modification(NamedTuple):
    """A site or distribution of both maps that changes: its kind, its name, and a line for each change."""

    kind: str
    subject: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MapDiff:
    """The differences in service between two maps.

    `sites` has a pair for each site that is added, removed or changed. `refusal` is AWS's reason to refuse the new map,
    "" for none.
    """

    sites: tuple[SitePair, ...]
    changed: tuple[Modification, ...]
    buckets: Delta
    distributions: Delta
    rules: Delta
    permissions: Delta
    warnings: tuple[str, ...]
    refusal: str


def changed_sites(old: RouteMap, new: RouteMap) -> list[SitePair]:
    """List a pair for each site that is added, removed or changed between two maps."""
    return _select_changed(match_sites(list_sites(old), list_sites(new)))


def compare_maps(old: RouteMap, new: RouteMap) -> MapDiff:
    """Compare two maps by their effect in service, whatever their routes and distributions are called."""
    pairs = match_sites(list_sites(old), list_sites(new))
    before, after = old.distributions_by_id, new.distributions_by_id
    modifications = [
        *(Modification("site", str(pair.new), _site_changes(*pair)) for pair in pairs),
        *(
            Modification("distribution", new.label(name), _changes(before[name], after[name], _DISTRIBUTION_FIELDS))
            for name in sorted(before.keys() & after.keys())
        ),
    ]
    return MapDiff(
        sites=tuple(_select_changed(pairs)),
        changed=tuple(modification for modification in modifications if modification.changes),
        buckets=_delta(_buckets(old), _buckets(new)),
        distributions=Delta(
            added=tuple(map(new.label, sorted(after.keys() - before.keys()))),
            removed=tuple(map(old.label, sorted(before.keys() - after.keys()))),
        ),
        rules=_delta(_rules(old), _rules(new)),
        permissions=_delta(_permissions(old), _permissions(new)),
        warnings=tuple(scope_warnings(pairs, before, after, new.label)),
        refusal=_refusal(new),
    )


def _select_changed(pairs: Iterable[SitePair]) -> list[SitePair]:
    return [pair for pair in pairs if None in pair or _site_changes(*pair)]


def _delta(old: Iterable[str], new: Iterable[str]) -> Delta:
    before, after = set(old), set(new)
    return Delta(tuple(sorted(after - before)), tuple(sorted(before - after)))


def _buckets(routes: RouteMap) -> list[str]:
    return [*routes.buckets, *(pattern for pattern, _ in routes.patterns)]


def _rules(routes: RouteMap) -> list[str]:
    """List the event rules by the buckets that they match; none for a map that exceeds a limit."""
    try:
        rules = render_rules(routes, target={})
    except RenderError:
        return []
    matchers = (rule["Properties"]["EventPattern"]["detail"]["bucket"]["name"] for rule in rules.values())
    return [
        "buckets " + ", ".join(name if isinstance(name, str) else json.dumps(name) for name in names)
        for names in matchers
    ]


def _refusal(routes: RouteMap) -> str:
    try:
        render_stack(routes)
    except RenderError as error:
        return str(error)
    return ""


def _permissions(routes: RouteMap) -> list[str]:
    # The ARNs of the stack's own account start alike, with the account's number still to fill in.
    return [
        f"{action} on {arn.rpartition(':')[2] if '${' in arn else arn}"
        for _, actions, arn in list_permissions(routes)
        for action in actions
    ]


def _site_changes(old: Site | None, new: Site | None) -> tuple[str, ...]:
    """List the changes of a site that both maps have; its distribution's budgets change once, with that."""
    if not old or not new:
        return ()
    return _changes(old, new, ("bucket", "prefix")) + _changes(old.settings, new.settings, Settings._fields)


def _changes(
    old: Site | Settings | Distribution, new: Site | Settings | Distribution, names: Iterable[str]
) -> tuple[str, ...]:
    values = ((name, getattr(old, name), getattr(new, name)) for name in names)
    return tuple(f"{name}: {_value(before)} → {_value(after)}" for name, before, after in values if before != after)


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(value)}]"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if value not in {None, ""} else "none"
