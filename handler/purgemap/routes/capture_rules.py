"""Where captures stand, a route must define them: in its own settings and in those that it takes over."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from purgemap.patterns import capture_names
from purgemap.routes.naming import Directory, is_template, name_regex
from purgemap.routes.pattern_rules import RESERVED, captures_of, parts_of
from purgemap.routes.problems import Problem
from purgemap.routes.source import Place
from purgemap.routes.suggestion import did_you_mean
from purgemap.routes.written import WrittenDistribution, WrittenMap, WrittenRoute, texts


class _Template(NamedTuple):
    """A text that captures are put into, and where it stands; `free` are those that every route has."""

    place: Place
    text: str
    free: tuple[str, ...] = ()


def captures_are_defined(written: WrittenMap) -> Iterator[Problem]:
    """Refuse a capture that a route's bucket and prefix don't define; a shared template is told of once."""
    told: set[tuple[Place, str]] = set()
    inherited = _Inherited(written)
    for route in written.routes:
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


def _message(template: _Template, name: str, route: WrittenRoute, defined: tuple[str, ...]) -> str:
    if name in RESERVED:
        return f"{{{name}}} stands in invalidate only; take what you need from the bucket or prefix by another name"
    is_own = template.place.path[: len(route.place.path)] == route.place.path
    who = "the bucket and prefix" if is_own else f"the route at {route.place.text}, which takes this over,"
    cure = (
        did_you_mean(name, defined) if defined else f"write {{{name}}} in the bucket or prefix, where it is taken from"
    )
    return f"{{{name}}} is a capture that {who} {'do' if is_own else 'does'}n't define; {cure}"


def _own_templates(route: WrittenRoute) -> Iterator[_Template]:
    yield from _templates(route.place, route.options)
    for target in route.targets:
        if target.text is not None:
            yield _Template(target.place, target.text)


def _templates(place: Place, options: Mapping[str, Any]) -> Iterator[_Template]:
    if options.get("origin_path"):
        yield _Template(place / "origin_path", options["origin_path"])
    for item, text in texts(place / "invalidate", options.get("invalidate")):
        yield _Template(item, text, RESERVED)


class _Inherited:
    """The templates that routes take over from their distributions and from the defaults."""

    def __init__(self, written: WrittenMap) -> None:
        self._written = written
        self._directory = Directory(written)
        # Few distributions have captures in their settings; only these are looked at for a route's templates.
        self._capturing = [
            name
            for name, distribution in written.distributions.items()
            if any("{" in template.text for template in _templates(distribution.place, distribution.options))
        ]
        self._seen: set[tuple[str, tuple[str, ...], frozenset[str]]] = set()

    def templates(self, route: WrittenRoute, defined: tuple[str, ...]) -> Iterator[_Template]:
        """Give the templates that a route uses and doesn't replace."""
        for distribution in self._distributions(route, defined):
            options = {name: value for name, value in distribution.options.items() if name not in route.options}
            yield from _templates(distribution.place, options)
        defaults = self._written.defaults
        options = {name: value for name, value in defaults.options.items() if self._reaches(name, route)}
        yield from _templates(defaults.place, options)

    def _reaches(self, option: str, route: WrittenRoute) -> bool:
        """Tell whether a default isn't replaced by the route or by each of its distributions."""
        if option in route.options:
            return False
        found = [self._directory.find(target) for target in route.targets]
        return any(distribution is None or option not in distribution.options for distribution in found)

    def _distributions(self, route: WrittenRoute, defined: tuple[str, ...]) -> Iterator[WrittenDistribution]:
        for target in route.targets:
            distribution = self._directory.find(target)
            if distribution is not None:
                yield distribution
            elif target.text is not None and is_template(target.text):
                yield from self._nameable(target.text, defined, frozenset(route.options))

    def _nameable(
        self, template: str, defined: tuple[str, ...], replaced: frozenset[str]
    ) -> Iterator[WrittenDistribution]:
        """Give the distributions that a template may name, once for all routes that would say the same of them."""
        seen = (template, defined, replaced) in self._seen
        self._seen.add((template, defined, replaced))
        if self._capturing and not seen and parts_of(template) is not None:
            makes = name_regex(template).fullmatch
            yield from (self._written.distributions[name] for name in self._capturing if makes(name))
