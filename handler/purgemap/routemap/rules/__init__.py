"""A map as written → what it has wrong beyond its shape; each rule is one small function."""

from collections.abc import Callable, Iterable, Iterator

from purgemap.routemap.parse.model import MapConfig, RouteConfig
from purgemap.routemap.problems import Problem
from purgemap.routemap.rules import buckets, captures, distributions, matches, patterns, redundancy, templates

Rule = Callable[[MapConfig], Iterator[Problem]]


def broken_rules(config: MapConfig, shape_problems: Iterable[Problem]) -> list[Problem]:
    """Try every rule on the valid parts of a map."""
    found = [problem for rule in _RULES for problem in rule(config)]
    # A broken route may be the one that uses a name.
    if not any(_breaks_a_route(problem) for problem in (*shape_problems, *found)):
        found += distributions.names_are_used(config)
    return found


def _breaks_a_route(problem: Problem) -> bool:
    return problem.severity == "error" and problem.path.startswith("$.routes")


def has_routes(config: MapConfig) -> Iterator[Problem]:
    """Refuse a map that routes nothing."""
    if not config.routes and config.is_complete:
        yield config.roots[0].error("no routes; a map needs at least one under routes:")


def defaults_stand_once(config: MapConfig) -> Iterator[Problem]:
    """Refuse defaults in two parts: a part would change what the others mean."""
    for place in config.defaults_locations[1:]:
        first = config.defaults_locations[0]
        yield place.error(f"{first.source.file} has defaults, too; keep them in one part", at_key=True)


def distribution_names_are_unique(config: MapConfig) -> Iterator[Problem]:
    """Refuse a distribution's name that an earlier part has."""
    for place in config.duplicate_names:
        name = str(place.path[-1])
        first = config.distributions[name].place
        yield place.error(f"{name} stands in {first.text}, too; give one of them another name", at_key=True)


def route_names_are_unique(config: MapConfig) -> Iterator[Problem]:
    """Refuse a route's name that an earlier route has."""
    first_by_name: dict[str, RouteConfig] = {}
    for route in config.routes:
        if route.name is None:
            continue
        first = first_by_name.setdefault(route.name, route)
        if first is not route:
            place = route.place / "name"
            yield place.error(f"the route at {first.place.text} is called {route.name}, too; give one another name")


_RULES: tuple[Rule, ...] = (
    has_routes,
    defaults_stand_once,
    distribution_names_are_unique,
    route_names_are_unique,
    patterns.buckets_can_be_read,
    patterns.prefixes_can_be_read,
    patterns.captures_have_free_names,
    patterns.globs_can_be_read,
    patterns.buckets_can_be_indexed,
    patterns.globs_can_be_indexed,
    patterns.globs_spell_out_braces,
    matches.globs_spell_out_brackets,
    matches.globs_match_some_key,
    matches.filters_let_something_pass,
    matches.prefixes_match_some_key,
    matches.index_documents_are_names,
    matches.captures_split_in_one_way,
    buckets.buckets_may_exist,
    patterns.prefixes_end_in_a_slash,
    patterns.prefixes_hold_no_tilde,
    templates.origin_paths_can_be_read,
    templates.items_can_be_sent,
    templates.items_hold_single_slashes,
    captures.captures_are_defined,
    distributions.names_are_known,
    distributions.templates_can_be_names,
    distributions.ids_mean_one_entry,
    distributions.access_is_one,
    distributions.options_are_one,
    distributions.ids_have_one_name,
    distributions.tests_expect_known_distributions,
    distributions.tests_expect_once,
    redundancy.routes_reach_something,
    redundancy.routes_are_needed,
)
