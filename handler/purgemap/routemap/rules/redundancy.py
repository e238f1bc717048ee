"""Routes that change nothing: what another route sends anyway, and what no viewer can ask for."""

import json
from collections.abc import Iterator
from typing import Any

from purgemap.routemap.parse.distributions import DistributionLookup
from purgemap.routemap.parse.model import DistributionConfig, MapConfig, RouteConfig, TargetConfig
from purgemap.routemap.patterns import TokenKind
from purgemap.routemap.problems import Problem
from purgemap.routemap.rules.patterns import parts_of

_FILTERS = ("include", "exclude")


def routes_reach_something(config: MapConfig) -> Iterator[Problem]:
    """Warn of a prefix outside the origin path: a distribution can't serve such keys, so nothing is sent to it."""
    directory = DistributionLookup(config)
    for route in config.routes:
        for target in route.targets:
            distribution = directory.find(target)
            origin_path = _setting("origin_path", route, distribution, config) or ""
            if distribution is not None and _are_apart(route.prefix or "", f"{origin_path.removeprefix('/')}/"):
                what = f"the prefix {route.prefix} lies outside the origin path {origin_path}"
                yield target.place.warning(f"{what}, so nothing is ever sent; make the two agree")


def _setting(name: str, route: RouteConfig, distribution: DistributionConfig | None, config: MapConfig) -> Any:
    holders = (route.options, distribution.options if distribution else {}, config.defaults.options)
    return next((options[name] for options in holders if name in options), None)


def _are_apart(prefix: str, folder: str) -> bool:
    """Tell whether no key starts with the prefix and lies in the folder, as far as their literal starts show."""
    left, right = _literal_start(prefix), _literal_start(folder)
    return folder != "/" and not left.startswith(right) and not right.startswith(left)


def _literal_start(text: str) -> str:
    parts = parts_of(text)
    return parts[0].text if parts and parts[0].kind is TokenKind.LITERAL else ""


def routes_are_needed(config: MapConfig) -> Iterator[Problem]:
    """Warn of a route whose every distribution is told the same by other routes, for the same keys or more.

    Only what is certain is told: the same bucket and options, a prefix that starts with the other's, and filters on
    the route that is told of alone.
    """
    index = _Index(config)
    for route in index.routes:
        others = [index.find_other(route, target) for target in route.targets]
        if others and None not in others:
            places = dict.fromkeys(other.place.text for other in others if other is not None)
            message = f"sends nothing that isn't sent by what stands at {', '.join(places)}; take this route away"
            yield route.place.warning(message)


class _Index:
    """Routes by what they send where, so that a route's other is found by as many look-ups as its prefix is long."""

    def __init__(self, config: MapConfig) -> None:
        self._written = config
        self._directory = DistributionLookup(config)
        self._has_filters = any(options.get(name) for _, options in config.option_sets() for name in _FILTERS)
        self._alike: dict[tuple[str, ...], RouteConfig] = {}
        self._unfiltered: dict[tuple[str, ...], RouteConfig] = {}
        self.routes = [route for route in config.routes if _is_sound(route)]
        for route in self.routes:
            for target in route.targets:
                self._add(route, target)

    def _add(self, route: RouteConfig, target: TargetConfig) -> None:
        prefix = str(route.prefix)
        self._alike.setdefault((*self._key(route, target), _filters(route), prefix), route)
        if not self._is_filtered(route, target):
            self._unfiltered.setdefault((*self._key(route, target), prefix), route)

    def find_other(self, route: RouteConfig, target: TargetConfig) -> RouteConfig | None:
        """Find a route that tells the target all that this route does: an earlier one just like it, or a wider one."""
        key, prefix = self._key(route, target), str(route.prefix)
        first = self._alike[(*key, _filters(route), prefix)]
        if first is not route:
            return first
        lengths = range(len(prefix) + 1) if _is_literal(prefix) else [len(prefix)]
        wider = (self._unfiltered.get((*key, prefix[:length])) for length in lengths)
        return next((found for found in wider if found is not None and found is not route), None)

    def _key(self, route: RouteConfig, target: TargetConfig) -> tuple[str, ...]:
        distribution = self._directory.find(target)
        meant = (str(distribution.id), _text(distribution.options)) if distribution else (str(target.text), "")
        options = {name: value for name, value in route.options.items() if name not in _FILTERS}
        return (str(route.bucket), _text(options), *meant)

    def _is_filtered(self, route: RouteConfig, target: TargetConfig) -> bool:
        distribution = self._directory.find(target)
        if distribution is None and not all(name in route.options for name in _FILTERS):
            return self._has_filters
        return any(_setting(name, route, distribution, self._written) for name in _FILTERS)


def _is_sound(route: RouteConfig) -> bool:
    targets = all(target.text is not None or (target.inline and target.inline.id) for target in route.targets)
    values = [item for value in route.options.values() for item in (value if isinstance(value, list) else [value])]
    return None not in (route.bucket, route.prefix, *values) and targets


def _is_literal(prefix: str) -> bool:
    return not any(character in prefix for character in "*{}\\")


def _filters(route: RouteConfig) -> str:
    return _text([route.options.get(name) for name in _FILTERS])


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True)
