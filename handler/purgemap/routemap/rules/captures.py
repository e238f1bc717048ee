"""Check that a route's bucket or prefix defines every `{capture}` that the route uses or inherits."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from purgemap.routemap.parse.distributions import is_template, name_regex
from purgemap.routemap.parse.model import DistributionConfig, RouteConfig, with_locations
from purgemap.routemap.parse.yaml_source import Location
from purgemap.routemap.patterns import capture_names
from purgemap.routemap.problems import Problem, did_you_mean
from purgemap.routemap.rules.context import RESERVED_CAPTURES, RuleContext


class _Template(NamedTuple):
    """A text with captures and its location; `predefined` captures need no definition."""

    location: Location
    text: str
    predefined: tuple[str, ...] = ()


def captures_are_defined(context: RuleContext) -> Iterator[Problem]:
    """Report a capture that a route's bucket and prefix do not define."""
    # A template of a distribution or of the defaults is reported once, not for each of 10,000 routes.
    reported: set[tuple[Location, str]] = set()
    inherited = _InheritedTemplates(context)
    for route in context.config.routes:
        bucket, prefix = context.tokens(route.bucket), context.tokens(route.prefix)
        if bucket is None or prefix is None:
            continue
        defined = (*capture_names(bucket), *capture_names(prefix))
        for template in (*_own_templates(route), *inherited.list_templates(route, defined)):
            names = capture_names(context.tokens(template.text) or ()) if "{" in template.text else ()
            for name in names:
                is_defined = name in defined or name in template.predefined
                if not is_defined and (template.location, name) not in reported:
                    reported.add((template.location, name))
                    yield template.location.error(_message(template, name, route, defined))


def _message(template: _Template, name: str, route: RouteConfig, defined: tuple[str, ...]) -> str:
    if name in RESERVED_CAPTURES:
        return f"{{{name}}} is available in invalidate only; define a capture of another name in the bucket or prefix"
    is_own = template.location.path[: len(route.location.path)] == route.location.path
    place = "in the bucket or prefix" if is_own else f"by the route at {route.location.text}, which inherits this text"
    cure = did_you_mean(name, defined) if defined else f"write {{{name}}} in the bucket or prefix"
    return f"the capture {{{name}}} is not defined {place}; {cure}"


def _own_templates(route: RouteConfig) -> Iterator[_Template]:
    yield from _list_templates(route.location, route.options)
    for target in route.targets:
        if target.text is not None:
            yield _Template(target.location, target.text)


def _list_templates(location: Location, options: Mapping[str, Any]) -> Iterator[_Template]:
    if options.get("origin_path"):
        yield _Template(location / "origin_path", options["origin_path"])
    for item, text in with_locations(location / "invalidate", options.get("invalidate")):
        yield _Template(item, text, RESERVED_CAPTURES)


class _InheritedTemplates:
    """The templates that routes inherit from their distributions and from the defaults."""

    def __init__(self, context: RuleContext) -> None:
        self._context = context
        self._defaults = context.config.defaults
        # Few distributions have captures in their settings; a route's name templates are matched with these only.
        self._names_with_captures = [
            name
            for name, distribution in context.config.distributions.items()
            if any("{" in template.text for template in _list_templates(distribution.location, distribution.options))
        ]
        self._seen: set[tuple[str, tuple[str, ...], frozenset[str]]] = set()

    def list_templates(self, route: RouteConfig, defined: tuple[str, ...]) -> Iterator[_Template]:
        """List the templates that a route inherits and does not override."""
        for distribution in self._distributions(route, defined):
            options = {name: value for name, value in distribution.options.items() if name not in route.options}
            yield from _list_templates(distribution.location, options)
        options = {name: value for name, value in self._defaults.options.items() if self._inherits(route, name)}
        yield from _list_templates(self._defaults.location, options)

    def _inherits(self, route: RouteConfig, option: str) -> bool:
        # A default applies unless the route or each of its distributions overrides it.
        if option in route.options:
            return False
        distributions = map(self._context.lookup.find, route.targets)
        return any(distribution is None or option not in distribution.options for distribution in distributions)

    def _distributions(self, route: RouteConfig, defined: tuple[str, ...]) -> Iterator[DistributionConfig]:
        for target in route.targets:
            distribution = self._context.lookup.find(target)
            if distribution is not None:
                yield distribution
            elif target.text is not None and is_template(target.text):
                # Routes with the same template, captures and options would yield the same problems.
                key = (target.text, defined, frozenset(route.options))
                if self._names_with_captures and key not in self._seen and self._context.tokens(target.text):
                    matches = name_regex(target.text).fullmatch
                    names = (name for name in self._names_with_captures if matches(name))
                    yield from (self._context.config.distributions[name] for name in names)
                self._seen.add(key)
