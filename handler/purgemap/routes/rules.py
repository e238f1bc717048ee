"""A map as written → what it has wrong beyond its shape; each rule is one small function."""

from collections.abc import Callable, Iterable, Iterator

from purgemap.routes import (
    bucket_rules,
    capture_rules,
    distribution_rules,
    match_rules,
    pattern_rules,
    redundancy,
    template_rules,
)
from purgemap.routes.problems import Problem
from purgemap.routes.written import WrittenMap, WrittenRoute

Rule = Callable[[WrittenMap], Iterator[Problem]]


def broken_rules(written: WrittenMap, shape_problems: Iterable[Problem]) -> list[Problem]:
    """Try every rule on the valid parts of a map."""
    found = [problem for rule in _RULES for problem in rule(written)]
    # A broken route may be the one that uses a name.
    if not any(_breaks_a_route(problem) for problem in (*shape_problems, *found)):
        found += distribution_rules.names_are_used(written)
    return found


def _breaks_a_route(problem: Problem) -> bool:
    return problem.severity == "error" and problem.path.startswith("$.routes")


def has_routes(written: WrittenMap) -> Iterator[Problem]:
    """Refuse a map that routes nothing."""
    if not written.routes and written.is_complete:
        yield written.tops[0].error("no routes; a map needs at least one under routes:")


def defaults_stand_once(written: WrittenMap) -> Iterator[Problem]:
    """Refuse defaults in two parts: a part would change what the others mean."""
    for place in written.defaults_places[1:]:
        first = written.defaults_places[0]
        yield place.error(f"{first.source.file} has defaults, too; keep them in one part", at_key=True)


def distribution_names_are_unique(written: WrittenMap) -> Iterator[Problem]:
    """Refuse a distribution's name that an earlier part has."""
    for place in written.repeated_names:
        name = str(place.path[-1])
        first = written.distributions[name].place
        yield place.error(f"{name} stands in {first.text}, too; give one of them another name", at_key=True)


def route_names_are_unique(written: WrittenMap) -> Iterator[Problem]:
    """Refuse a route's name that an earlier route has."""
    first_by_name: dict[str, WrittenRoute] = {}
    for route in written.routes:
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
    pattern_rules.buckets_can_be_read,
    pattern_rules.prefixes_can_be_read,
    pattern_rules.captures_have_free_names,
    pattern_rules.globs_can_be_read,
    pattern_rules.buckets_can_be_indexed,
    pattern_rules.globs_can_be_indexed,
    pattern_rules.globs_spell_out_braces,
    match_rules.globs_spell_out_brackets,
    match_rules.globs_match_some_key,
    match_rules.filters_let_something_pass,
    match_rules.prefixes_match_some_key,
    match_rules.index_documents_are_names,
    match_rules.captures_split_in_one_way,
    bucket_rules.buckets_may_exist,
    pattern_rules.prefixes_end_in_a_slash,
    pattern_rules.prefixes_hold_no_tilde,
    template_rules.origin_paths_can_be_read,
    template_rules.items_can_be_sent,
    template_rules.items_hold_single_slashes,
    capture_rules.captures_are_defined,
    distribution_rules.names_are_known,
    distribution_rules.templates_can_be_names,
    distribution_rules.ids_mean_one_entry,
    distribution_rules.access_is_one,
    distribution_rules.options_are_one,
    distribution_rules.ids_have_one_name,
    distribution_rules.tests_expect_known_distributions,
    distribution_rules.tests_expect_once,
    redundancy.routes_reach_something,
    redundancy.routes_are_needed,
)
