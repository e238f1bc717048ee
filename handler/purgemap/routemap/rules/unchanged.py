"""Check the routes that skip unchanged uploads."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

from purgemap.errors import PatternError
from purgemap.routemap.compiled import Settings, is_distribution_name
from purgemap.routemap.parse.distributions import is_template, name_regex
from purgemap.routemap.parse.model import DistributionConfig, RouteConfig, TargetConfig
from purgemap.routemap.parse.yaml_source import Location
from purgemap.routemap.problems import Problem
from purgemap.routemap.rules.context import RuleContext

_OPTION = "skip_unchanged"
_EVENTS = Settings().events

_Distributions = Callable[[TargetConfig], tuple[DistributionConfig, ...]]


class _Mention(NamedTuple):
    """An option's value in effect, where it is written, and how general that place is: 0 for a route."""

    level: int
    location: Location
    value: object


def events_are_complete(context: RuleContext) -> Iterator[Problem]:
    """Report a route that skips unchanged uploads and ignores some events.

    An event that the rules do not match is not recorded. An object that was deleted and uploaded again would then count
    as unchanged, while CloudFront has its error page.
    """
    # Few maps skip uploads, and a map may have 10,000 routes.
    if not any(options.get(_OPTION) for _, options in context.config.option_sets()):
        return
    distributions = _distribution_finder(context)
    for route in context.config.routes:
        for target in route.targets:
            for distribution in distributions(target):
                yield from _incomplete_events(context, route, distribution)


def _incomplete_events(context: RuleContext, route: RouteConfig, distribution: DistributionConfig) -> Iterator[Problem]:
    option = _find_mention(context, route, distribution, _OPTION)
    events = _find_mention(context, route, distribution, "events")
    if not option or not option.value or not events or not isinstance(events.value, list):
        return
    missing = [event for event in _EVENTS if event not in events.value]
    if missing:
        # The more specific place is the one that contradicts the other.
        place, other = (events, option) if events.level <= option.level else (option, events)
        message = f"{_OPTION} requires all events, so that no change is missed; events lacks {', '.join(missing)}"
        elsewhere = f" (see {other.location.text})" if other.level != place.level else ""
        yield place.location.error(
            f"{message}{elsewhere}; add {'it' if len(missing) == 1 else 'them'}, or write {_OPTION}: false"
        )


def _find_mention(
    context: RuleContext, route: RouteConfig, distribution: DistributionConfig, name: str
) -> _Mention | None:
    places = [(place.location, place.options) for place in (distribution, context.config.defaults)]
    for level, (location, options) in enumerate([(route.location, route.options), *places]):
        if name in options:
            return _Mention(level, location / name, options[name])
    return None


def _distribution_finder(context: RuleContext) -> _Distributions:
    """Return a function that finds the distributions of a target; for a template, all whose name it can form."""

    # Many routes share a template, and each walks all names.
    @cache
    def named(template: str) -> tuple[DistributionConfig, ...]:
        try:
            matches = name_regex(template).fullmatch
        except PatternError:
            return ()
        entries = context.config.distributions.items()
        return tuple(entry for name, entry in entries if is_distribution_name(name) and matches(name))

    def find(target: TargetConfig) -> tuple[DistributionConfig, ...]:
        if target.text is not None and is_template(target.text):
            return named(target.text)
        distribution = context.lookup.find(target)
        return (distribution,) if distribution else ()

    return find
