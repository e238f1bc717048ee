"""Warn of routes that change nothing: other routes do the same, or no viewer can request their objects."""

import json
from collections.abc import Iterator
from typing import Any

from purgemap.routemap.parse.model import DistributionConfig, MapConfig, RouteConfig, TargetConfig
from purgemap.routemap.problems import Problem
from purgemap.routemap.rules.context import RuleContext

_FILTERS = ("include", "exclude")


def prefixes_are_below_origin_paths(context: RuleContext) -> Iterator[Problem]:
    """Warn of a prefix outside the origin path: the distribution cannot serve such keys."""
    for route in context.config.routes:
        for target in route.targets:
            distribution = context.lookup.find(target)
            origin_path = _effective_option("origin_path", route, distribution, context.config) or ""
            folder = f"{origin_path.removeprefix('/')}/"
            if distribution is not None and folder != "/" and _are_disjoint(context, route.prefix or "", folder):
                message = f"the prefix {route.prefix} is outside the origin path {origin_path}"
                yield target.location.warning(f"{message}, so nothing is ever invalidated; change one of them")


def _effective_option(name: str, route: RouteConfig, distribution: DistributionConfig | None, config: MapConfig) -> Any:
    option_sets = (route.options, distribution.options if distribution else {}, config.defaults.options)
    return next((options[name] for options in option_sets if name in options), None)


def _are_disjoint(context: RuleContext, prefix: str, folder: str) -> bool:
    # As far as the literal starts show: captures may match anything.
    tokens = (context.tokens(text) for text in (prefix, folder))
    left, right = (parts[0].literal if parts else "" for parts in tokens)
    return not left.startswith(right) and not right.startswith(left)


def no_redundant_routes(context: RuleContext) -> Iterator[Problem]:
    """Warn of a route if other routes send the same to its distributions, for the same keys or more.

    Only certain cases are reported: equal buckets and options, a prefix that starts with the other's, and no filters
    on the other.
    """
    index = _RouteIndex(context)
    for route in index.routes:
        other_routes = [index.find_other(route, target) for target in route.targets]
        if other_routes and None not in other_routes:
            locations = dict.fromkeys(other.location.text for other in other_routes if other is not None)
            message = f"everything that it sends is also sent by {', '.join(locations)}; remove this route"
            yield route.location.warning(message)


class _RouteIndex:
    """Routes by bucket, options, distribution and prefix."""

    def __init__(self, context: RuleContext) -> None:
        self._context = context
        self._has_filters = any(options.get(name) for _, options in context.config.option_sets() for name in _FILTERS)
        self._equal: dict[tuple[str, ...], RouteConfig] = {}
        self._unfiltered: dict[tuple[str, ...], RouteConfig] = {}
        self.routes = [route for route in context.config.routes if _is_valid(route)]
        for route in self.routes:
            for target in route.targets:
                key, prefix = self._key(route, target), str(route.prefix)
                self._equal.setdefault((*key, _filters_text(route), prefix), route)
                if not self._is_filtered(route, target):
                    self._unfiltered.setdefault((*key, prefix), route)

    def find_other(self, route: RouteConfig, target: TargetConfig) -> RouteConfig | None:
        """Find a route that sends the target all that this route does: an equal earlier one, or a wider one."""
        key, prefix = self._key(route, target), str(route.prefix)
        equal_route = self._equal[(*key, _filters_text(route), prefix)]
        if equal_route is not route:
            return equal_route
        # One look-up for each length, so that 10,000 routes are not compared pairwise. A pattern cannot be cut.
        is_literal = not any(character in prefix for character in "*{}\\")
        lengths = range(len(prefix) + 1) if is_literal else [len(prefix)]
        wider_routes = (self._unfiltered.get((*key, prefix[:length])) for length in lengths)
        return next((other for other in wider_routes if other is not None and other is not route), None)

    def _key(self, route: RouteConfig, target: TargetConfig) -> tuple[str, ...]:
        distribution = self._context.lookup.find(target)
        identity = (str(distribution.id), _json(distribution.options)) if distribution else (str(target.text), "")
        options = {name: value for name, value in route.options.items() if name not in _FILTERS}
        return (str(route.bucket), _json(options), *identity)

    def _is_filtered(self, route: RouteConfig, target: TargetConfig) -> bool:
        distribution = self._context.lookup.find(target)
        if distribution is None and not all(name in route.options for name in _FILTERS):
            # A template may name any distribution, with its filters.
            return self._has_filters
        return any(_effective_option(name, route, distribution, self._context.config) for name in _FILTERS)


def _is_valid(route: RouteConfig) -> bool:
    targets = all(target.text is not None or (target.inline and target.inline.id) for target in route.targets)
    values = [item for value in route.options.values() for item in (value if isinstance(value, list) else [value])]
    return None not in (route.bucket, route.prefix, *values) and targets


def _filters_text(route: RouteConfig) -> str:
    return _json([route.options.get(name) for name in _FILTERS])


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True)
