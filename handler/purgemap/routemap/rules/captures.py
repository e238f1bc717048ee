"""Where captures stand, a route must define them: in its own settings and in those that it takes over."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from purgemap.routemap.parse.distributions import DistributionLookup, is_template, name_regex
from purgemap.routemap.parse.model import DistributionConfig, MapConfig, RouteConfig, with_locations
from purgemap.routemap.parse.yaml_source import Location
from purgemap.routemap.patterns import capture_names
from purgemap.routemap.problems import Problem, did_you_mean
from purgemap.routemap.rules.patterns import RESERVED, captures_of, parts_of


class _Template(NamedTuple):
    """A text that captures are put into, and where it stands; `free` are those that every route has."""

    place: Location
    text: str
    free: tuple[str, ...] = ()


def captures_are_defined(config: MapConfig) -> Iterator[Problem]:
    """Refuse a capture that a route's bucket and prefix don't define; a shared template is told of once."""
    told: set[tuple[Location, str]] = set()
    inherited = _Inherited(config)
    for route in config.routes:
        defined = captures_of(route)
        if defined is None:
            continue
        for template in (*_own_templates(route), *inherited.templates(route, defined)):
            for name in _undefined(template, defined):
                if (template.place, name) not in told:
                    told.add((template.place, name))
                    yield template.place.error(_message(template, name, route, defined))


def _undefined(template: _Template, defined: tuple[str, ...]) -> list[str]:
    if "{" not in template.text:
        return []
    names = capture_names(parts_of(template.text) or ())
    return [name for name in dict.fromkeys(names) if name not in defined and name not in template.free]


def _message(template: _Template, name: str, route: RouteConfig, defined: tuple[str, ...]) -> str:
    if name in RESERVED:
        return f"{{{name}}} stands in invalidate only; take what you need from the bucket or prefix by another name"
    is_own = template.place.path[: len(route.place.path)] == route.place.path
    who = "the bucket and prefix" if is_own else f"the route at {route.place.text}, which takes this over,"
    cure = (
        did_you_mean(name, defined) if defined else f"write {{{name}}} in the bucket or prefix, where it is taken from"
    )
    return f"{{{name}}} is a capture that {who} {'do' if is_own else 'does'}n't define; {cure}"


def _own_templates(route: RouteConfig) -> Iterator[_Template]:
    yield from _templates(route.place, route.options)
    for target in route.targets:
        if target.text is not None:
            yield _Template(target.place, target.text)


def _templates(place: Location, options: Mapping[str, Any]) -> Iterator[_Template]:
    if options.get("origin_path"):
        yield _Template(place / "origin_path", options["origin_path"])
    for item, text in with_locations(place / "invalidate", options.get("invalidate")):
        yield _Template(item, text, RESERVED)


class _Inherited:
    """The templates that routes take over from their distributions and from the defaults."""

    def __init__(self, config: MapConfig) -> None:
        self._written = config
        self._directory = DistributionLookup(config)
        # Few distributions have captures in their settings; only these are looked at for a route's templates.
        self._capturing = [
            name
            for name, distribution in config.distributions.items()
            if any("{" in template.text for template in _templates(distribution.place, distribution.options))
        ]
        self._seen: set[tuple[str, tuple[str, ...], frozenset[str]]] = set()

    def templates(self, route: RouteConfig, defined: tuple[str, ...]) -> Iterator[_Template]:
        """Give the templates that a route uses and doesn't replace."""
        for distribution in self._distributions(route, defined):
            options = {name: value for name, value in distribution.options.items() if name not in route.options}
            yield from _templates(distribution.place, options)
        defaults = self._written.defaults
        options = {name: value for name, value in defaults.options.items() if self._reaches(name, route)}
        yield from _templates(defaults.place, options)

    def _reaches(self, option: str, route: RouteConfig) -> bool:
        """Tell whether a default isn't replaced by the route or by each of its distributions."""
        if option in route.options:
            return False
        found = [self._directory.find(target) for target in route.targets]
        return any(distribution is None or option not in distribution.options for distribution in found)

    def _distributions(self, route: RouteConfig, defined: tuple[str, ...]) -> Iterator[DistributionConfig]:
        for target in route.targets:
            distribution = self._directory.find(target)
            if distribution is not None:
                yield distribution
            elif target.text is not None and is_template(target.text):
                yield from self._nameable(target.text, defined, frozenset(route.options))

    def _nameable(
        self, template: str, defined: tuple[str, ...], replaced: frozenset[str]
    ) -> Iterator[DistributionConfig]:
        """Give the distributions that a template may name, once for all routes that would say the same of them."""
        seen = (template, defined, replaced) in self._seen
        self._seen.add((template, defined, replaced))
        if self._capturing and not seen and parts_of(template) is not None:
            makes = name_regex(template).fullmatch
            yield from (self._written.distributions[name] for name in self._capturing if makes(name))
