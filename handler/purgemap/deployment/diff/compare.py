"""Two maps → what they differ in: sites, buckets, distributions, rules and rights."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from purgemap.deployment.diff.match_sites import SitePair, match_sites
from purgemap.deployment.diff.scope_warnings import scope_warnings
from purgemap.deployment.template import RenderError, list_permissions, render_rules, render_stack
from purgemap.routemap import Distribution, RouteMap, Settings, Site, list_sites

_SETTINGS = Settings._fields


@dataclass(frozen=True, slots=True)
class Delta:
    """What is there only after the step, and what only before it."""

    gained: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.gained or self.lost)


class Modification(NamedTuple):
    """Something that stays and changes: what kind of thing, which, and a line for each change."""

    kind: str
    subject: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MapDiff:
    """What changes in service from one map to another; `sites` pairs what stays, and has the rest alone.

    `refusal` says why AWS would refuse the new map, "" where it wouldn't.
    """

    sites: tuple[SitePair, ...] = ()
    altered: tuple[Modification, ...] = ()
    buckets: Delta = field(default_factory=Delta)
    distributions: Delta = field(default_factory=Delta)
    rules: Delta = field(default_factory=Delta)
    rights: Delta = field(default_factory=Delta)
    warnings: tuple[str, ...] = ()
    refusal: str = ""

    @property
    def gained(self) -> list[Site]:
        """The sites that only the new map has."""
        return [new for old, new in self.sites if new and not old]

    @property
    def lost(self) -> list[Site]:
        """The sites that only the old map has."""
        return [old for old, new in self.sites if old and not new]

    def __bool__(self) -> bool:
        parts = (self.sites, self.altered, self.buckets, self.distributions, self.rules, self.rights)
        return any(map(bool, parts))


def changed_sites(old: RouteMap, new: RouteMap) -> list[SitePair]:
    """Pair the sites that differ between two maps; a site that only one of them has is alone in its pair."""
    return _select_changed(match_sites(list_sites(old), list_sites(new)))


def compare_maps(old: RouteMap, new: RouteMap) -> MapDiff:
    """Compare two maps; what means the same in service is no difference, whatever it is called."""
    everything = match_sites(list_sites(old), list_sites(new))
    pairs = _select_changed(everything)
    before, after = old.distributions_by_id, new.distributions_by_id
    kept = sorted(before.keys() & after.keys())
    changes = [
        Modification("site", str(found.new), _site_changes(*found)) for found in pairs if found.old and found.new
    ]
    changes += [
        Modification("distribution", new.label(each), _distribution_changes(before[each], after[each])) for each in kept
    ]
    return MapDiff(
        sites=tuple(pairs),
        altered=tuple(change for change in changes if change.changes),
        buckets=_step(_buckets(old), _buckets(new)),
        distributions=Delta(
            tuple(new.label(each) for each in sorted(after.keys() - before.keys())),
            tuple(old.label(each) for each in sorted(before.keys() - after.keys())),
        ),
        rules=_step(_rules(old), _rules(new)),
        rights=_step(_rights(old), _rights(new)),
        warnings=tuple(scope_warnings(everything, before, after, new.label)),
        refusal=_refusal(new),
    )


def _select_changed(pairs: Iterable[SitePair]) -> list[SitePair]:
    return [pair for pair in pairs if not (pair.old and pair.new) or _site_changes(*pair)]


def _step(old: Iterable[str], new: Iterable[str]) -> Delta:
    before, after = set(old), set(new)
    return Delta(tuple(sorted(after - before)), tuple(sorted(before - after)))


def _buckets(routes: RouteMap) -> list[str]:
    return [*routes.buckets, *(pattern for pattern, _ in routes.patterns)]


def _rules(routes: RouteMap) -> list[str]:
    """Tell the event rules by what they match; none for a map that can't be deployed."""
    try:
        rules = render_rules(routes, target={})
    except RenderError:
        return []
    patterns = (rule["Properties"]["EventPattern"]["detail"]["bucket"]["name"] for rule in rules.values())
    return ["buckets " + ", ".join(map(_matcher_text, pattern)) for pattern in patterns]


def _matcher_text(matcher: Any) -> str:
    return matcher if isinstance(matcher, str) else json.dumps(matcher)


def _refusal(routes: RouteMap) -> str:
    try:
        render_stack(routes)
    except RenderError as error:
        return str(error)
    return ""


def _rights(routes: RouteMap) -> list[str]:
    """Tell the function's rights; resources of the stack's own account by what tells them apart."""
    grants = list_permissions(routes)
    return [
        f"{action} on {each.arn.rpartition(':')[2] if '${' in each.arn else each.arn}"
        for each in grants
        for action in each.actions
    ]


def _site_changes(old: Site | None, new: Site | None) -> tuple[str, ...]:
    """Tell what changes of a site that stays; its distribution's own settings are told once, with that."""
    if not old or not new:
        return ()
    texts = [_change(name, getattr(old, name), getattr(new, name)) for name in ("bucket", "prefix")]
    texts += [_change(name, getattr(old.settings, name), getattr(new.settings, name)) for name in _SETTINGS]
    return tuple(filter(None, texts))


def _distribution_changes(old: Distribution, new: Distribution) -> tuple[str, ...]:
    names = ("role_arn", "external_id", "max_paths", "max_wildcards", "max_paths_per_day")
    return tuple(filter(None, (_change(name, getattr(old, name), getattr(new, name)) for name in names)))


def _change(name: str, old: Any, new: Any) -> str:
    return f"{name}: {_value(old)} → {_value(new)}" if old != new else ""


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(value)}]"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if value not in {None, ""} else "none"
