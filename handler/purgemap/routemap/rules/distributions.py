"""Check that routes and tests name existing distributions, each with one meaning and one way to reach it."""

import re
from collections.abc import Iterator

from purgemap.errors import PatternError
from purgemap.routemap.compiled import is_distribution_id, is_distribution_name
from purgemap.routemap.parse.distributions import is_template, known_ids, name_regex
from purgemap.routemap.parse.model import DistributionConfig, TargetConfig
from purgemap.routemap.patterns import TokenKind, tokenize
from purgemap.routemap.problems import Problem, did_you_mean, quote
from purgemap.routemap.rules.context import RuleContext

_NAME_CHARACTERS = re.compile(r"[A-Za-z0-9._-]*")
# Unknown names that are compared with the known ones; each takes milliseconds in a large map.
_MAX_SUGGESTIONS = 20


def names_are_known(context: RuleContext) -> Iterator[Problem]:
    """Report a target that is neither a name of the map nor an id nor a template."""
    if context.config.is_complete:
        names = list(context.config.distributions)
        for number, target in enumerate(_unknown_targets(context)):
            text = str(target.text)
            hint = "write its id, or define this name under distributions:"
            if names and number < _MAX_SUGGESTIONS:
                hint = did_you_mean(text, names)
            yield target.location.error(f"unknown distribution {quote(text)}; {hint}")


def _unknown_targets(context: RuleContext) -> Iterator[TargetConfig]:
    names = context.config.distributions
    for target in context.targets:
        text = target.text
        if text is not None and not is_template(text) and not is_distribution_id(text) and text not in names:
            yield target


def name_templates_are_valid(context: RuleContext) -> Iterator[Problem]:
    """Report a name template that cannot produce a name."""
    for target in context.name_templates():
        message = _template_error(str(target.text))
        if message:
            yield target.location.error(message)


def _template_error(text: str) -> str | None:
    try:
        tokens = tokenize(text)
    except PatternError as error:
        return str(error)
    # Only captures carry text of the key over; a star has none to insert.
    if any(token.kind is TokenKind.STAR for token in tokens):
        return "* is not allowed in distributions; name each, or use a {capture} of the bucket or prefix"
    literals = (token.text for token in tokens if token.kind is TokenKind.LITERAL)
    if not all(_NAME_CHARACTERS.fullmatch(literal) for literal in literals):
        return f"{quote(text)} cannot form a distribution's name; use letters, digits, '.', '_' and '-'"
    return None


def ids_are_unambiguous(context: RuleContext) -> Iterator[Problem]:
    """Report an id used by a route if several names with different settings have it."""
    for target in context.targets:
        names = context.lookup.names_by_id.get(target.text or "", [])
        entries = [context.config.distributions[name] for name in names]
        if not all(_are_alike(entry, entries[0]) for entry in entries[1:]):
            message = f"{target.text} is ambiguous: {', '.join(names)} have different settings; write one of the names"
            yield target.location.error(message)


def _are_alike(one: DistributionConfig, other: DistributionConfig) -> bool:
    return one.options == other.options and one.connection == other.connection


def same_access_everywhere(context: RuleContext) -> Iterator[Problem]:
    """Report a distribution with two roles or two budgets."""
    for original, repeated in _repeated_distributions(context):
        names = [name for name, value in repeated.connection.items() if original.connection[name] != value]
        if names:
            difference = f"{repeated.id} has a different {' and '.join(names)} at {original.location.text}"
            yield repeated.location.error(f"{difference}; define it once under distributions:")


def same_options_everywhere(context: RuleContext) -> Iterator[Problem]:
    """Warn of a distribution with two sets of options: the wording of a route selects one."""
    for original, repeated in _repeated_distributions(context):
        if original.options != repeated.options:
            difference = f"{repeated.id} has different options at {original.location.text}"
            yield repeated.location.warning(f"{difference}; move these options to the routes")


def ids_have_one_name(context: RuleContext) -> Iterator[Problem]:
    """Warn of one id with two names, unless captures need both."""
    matchers = [name_regex(text).fullmatch for text in _valid_name_templates(context)]
    for names in context.lookup.names_by_id.values():
        kept_name, *other_names = [name for name in names if not any(matches(name) for matches in matchers)] or [""]
        for name in other_names:
            entry, known = context.config.distributions[name], context.config.distributions[kept_name]
            if _are_alike(entry, known):
                message = f"{entry.id} is also named {kept_name} at {known.location.text}; keep one name"
                yield entry.location.warning(message, at_key=True)


def _valid_name_templates(context: RuleContext) -> Iterator[str]:
    # Each once: 10,000 routes usually share a few templates.
    texts = dict.fromkeys(str(target.text) for target in context.name_templates())
    return (text for text in texts if _template_error(text) is None)


def _repeated_distributions(context: RuleContext) -> Iterator[tuple[DistributionConfig, DistributionConfig]]:
    """Pair every repeated definition of a distribution with the first one of the same id."""
    first_by_id: dict[str, DistributionConfig] = {}
    seen: set[int] = set()
    # Names first: they are the definitions that the others should match.
    for distribution in (*context.config.distributions.values(), *map(context.lookup.find, context.targets)):
        if distribution is None or distribution.id is None or id(distribution) in seen:
            continue
        seen.add(id(distribution))
        original = first_by_id.setdefault(distribution.id, distribution)
        if original is not distribution:
            yield original, distribution


def names_are_used(context: RuleContext) -> Iterator[Problem]:
    """Warn of a name that no route uses by name, by id, or through captures."""
    config, targets = context.config, context.targets
    # An invalid or unknown target may be the one that uses the name.
    is_valid = config.is_complete and config.routes and all(route.targets for route in config.routes)
    if (
        not is_valid
        or any(target.text is None and target.inline is None for target in targets)
        or any(_unknown_targets(context))
    ):
        return
    used = {target.text for target in targets if target.text is not None}
    named = ((name, entry.id) for name, entry in config.distributions.items() if is_distribution_name(name))
    unused = [name for name, id_ in named if name not in used and id_ not in used]
    for template in _valid_name_templates(context):
        matches = name_regex(template).fullmatch
        unused = [name for name in unused if not matches(name)]
    for name in unused:
        message = f"no route uses {name}; add a route to it, or remove it"
        yield config.distributions[name].location.warning(message, at_key=True)


def tests_expect_known_distributions(context: RuleContext) -> Iterator[Problem]:
    """Report a test that expects items of an unknown distribution."""
    config = context.config
    if config.is_complete:
        ids = known_ids(config)
        words = [*config.distributions, *sorted(ids)]
        expected = ((test.location / "expect" / name, name) for test in config.tests for name in test.expect)
        unknown = (entry for entry in expected if entry[1] not in config.distributions and entry[1] not in ids)
        for number, (location, name) in enumerate(unknown):
            hint = did_you_mean(name, words) if number < _MAX_SUGGESTIONS else "write a name or id of the map"
            yield location.error(f"unknown distribution {quote(name)}; {hint}", at_key=True)


def tests_expect_each_distribution_once(context: RuleContext) -> Iterator[Problem]:
    """Report a test that lists one distribution twice, by two names or by name and id."""
    names = context.config.distributions
    for test in context.config.tests:
        first_by_id: dict[str | None, str] = {}
        for name in test.expect:
            id_ = names[name].id if name in names else name
            if first_by_id.setdefault(id_, name) != name and id_ is not None:
                message = f"the same distribution as {first_by_id[id_]}; write its items once"
                yield (test.location / "expect" / name).error(message, at_key=True)
