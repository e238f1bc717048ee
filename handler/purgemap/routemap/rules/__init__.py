"""Check what the schema cannot express. Each rule is one small function that yields problems."""

from collections.abc import Iterable, Iterator

from purgemap.routemap.parse.model import MapConfig, RouteConfig
from purgemap.routemap.problems import Problem
from purgemap.routemap.rules import (
    buckets,
    captures,
    distributions,
    matches,
    patterns,
    redundancy,
    templates,
    unchanged,
)
from purgemap.routemap.rules.context import Rule, RuleContext


def broken_rules(config: MapConfig, schema_problems: Iterable[Problem]) -> list[Problem]:
    """Check every rule on the valid parts of a map."""
    context = RuleContext(config)
    problems = [problem for rule in _RULES for problem in rule(context)]
    # An invalid route may be the one that uses a name.
    errors = (problem.path for problem in (*schema_problems, *problems) if problem.severity == "error")
    if not any(path.startswith("$.routes") for path in errors):
        problems += distributions.names_are_used(context)
    return problems


def has_routes(context: RuleContext) -> Iterator[Problem]:
    """Report a map without routes."""
    if not context.config.routes and context.config.is_complete:
        yield context.config.roots[0].error("no routes; add at least one under routes:")


def defaults_are_in_one_file(context: RuleContext) -> Iterator[Problem]:
    """Report defaults in a second file: a file would change the routes of the others."""
    for location in context.config.defaults_locations[1:]:
        first_file = context.config.defaults_locations[0].source.file
        yield location.error(f"{first_file} has defaults too; keep them in one file", at_key=True)


def distribution_names_are_unique(context: RuleContext) -> Iterator[Problem]:
    """Report a distribution's name that an earlier file defines."""
    for location in context.config.duplicate_names:
        name = str(location.path[-1])
        original = context.config.distributions[name].location
        yield location.error(f"{name} is also defined at {original.text}; rename one of them", at_key=True)


def route_names_are_unique(context: RuleContext) -> Iterator[Problem]:
    """Report a route's name that an earlier route has."""
    first_by_name: dict[str, RouteConfig] = {}
    for route in context.config.routes:
        if route.name is None:
            continue
        original = first_by_name.setdefault(route.name, route)
        if original is not route:
            message = f"the route at {original.location.text} is also named {route.name}; rename one of them"
            yield (route.location / "name").error(message)


_RULES: tuple[Rule, ...] = (
    has_routes,
    defaults_are_in_one_file,
    distribution_names_are_unique,
    route_names_are_unique,
    patterns.patterns_are_valid,
    patterns.capture_names_are_free,
    patterns.globs_are_valid,
    patterns.buckets_can_be_indexed,
    patterns.globs_can_be_indexed,
    patterns.globs_have_no_braces,
    matches.globs_have_no_words_in_brackets,
    matches.globs_match_some_key,
    matches.filters_admit_some_key,
    matches.prefixes_match_some_key,
    matches.index_documents_are_names,
    matches.captures_split_in_one_way,
    buckets.buckets_can_exist,
    patterns.prefixes_end_with_a_slash,
    patterns.prefixes_have_no_tilde,
    templates.origin_paths_are_valid,
    templates.items_are_valid,
    templates.items_have_single_slashes,
    captures.captures_are_defined,
    distributions.names_are_known,
    distributions.name_templates_are_valid,
    distributions.ids_are_unambiguous,
    distributions.same_access_everywhere,
    distributions.same_options_everywhere,
    distributions.ids_have_one_name,
    distributions.tests_expect_known_distributions,
    distributions.tests_expect_each_distribution_once,
    unchanged.events_are_complete,
    redundancy.prefixes_are_below_origin_paths,
    redundancy.no_redundant_routes,
)
