"""What routes call distributions must be there, mean one thing, and be reached in one way."""

import re
from collections.abc import Iterator

from purgemap.errors import PatternError
from purgemap.routemap.compiled import is_distribution_id, is_distribution_name
from purgemap.routemap.parse.distributions import (
    DistributionLookup,
    connection_settings,
    is_template,
    known_ids,
    name_regex,
)
from purgemap.routemap.parse.model import DistributionConfig, MapConfig, TargetConfig
from purgemap.routemap.patterns import TokenKind, tokenize
from purgemap.routemap.problems import Problem, did_you_mean, quote

_NAME_CHARACTERS = re.compile(r"[A-Za-z0-9._-]*")
_NAME_IT = "write its id, or give it this name under distributions"
_MOST_SUGGESTED = 20
"""How many unknown names are compared with the known; each takes milliseconds in a large map."""


def _targets(config: MapConfig) -> Iterator[TargetConfig]:
    return (target for route in config.routes for target in route.targets)


def names_are_known(config: MapConfig) -> Iterator[Problem]:
    """Refuse what is neither a name of the map nor an id nor a template."""
    if config.is_complete:
        known = list(config.distributions)
        for number, target in enumerate(_unknown(config)):
            text = str(target.text)
            hint = did_you_mean(text, known) if known and number < _MOST_SUGGESTED else _NAME_IT
            yield target.place.error(f"no distribution is called {quote(text)}; {hint}")


def _unknown(config: MapConfig) -> Iterator[TargetConfig]:
    for target in _targets(config):
        text = target.text
        if (
            text is not None
            and not is_template(text)
            and not is_distribution_id(text)
            and text not in config.distributions
        ):
            yield target


def templates_can_be_names(config: MapConfig) -> Iterator[Problem]:
    """Refuse a template of a name that no name can fit."""
    for target in _targets(config):
        if target.text is not None and is_template(target.text):
            fault = _template_fault(target.text)
            if fault:
                yield target.place.error(fault)


def _template_fault(text: str) -> str | None:
    try:
        parts = tokenize(text)
    except PatternError as error:
        return str(error)
    if any(part.kind is TokenKind.STAR for part in parts):
        return "* can't stand for distributions; name each, or use a {capture} of the bucket or prefix"
    literals = (part.text for part in parts if part.kind is TokenKind.LITERAL)
    if not all(_NAME_CHARACTERS.fullmatch(literal) for literal in literals):
        return f"{quote(text)} makes no distribution's name; these are letters, digits, '.', '_' and '-'"
    return None


def ids_mean_one_entry(config: MapConfig) -> Iterator[Problem]:
    """Refuse an id that stands for several names with different settings."""
    directory = DistributionLookup(config)
    for target in _targets(config):
        names = directory.names_by_id.get(target.text or "", [])
        entries = [config.distributions[name] for name in names]
        if any(
            connection_settings(entry) != connection_settings(entries[0]) or entry.options != entries[0].options
            for entry in entries
        ):
            message = f"{target.text} is {', '.join(names)}, with different settings; write one of the names"
            yield target.place.error(message)


def access_is_one(config: MapConfig) -> Iterator[Problem]:
    """Refuse two ways to reach one distribution, or two budgets for it."""
    for first, other in _others(config):
        settings = [
            name for name, value in connection_settings(other).items() if connection_settings(first)[name] != value
        ]
        if settings:
            what = " and ".join(settings)
            yield other.place.error(f"{other.id} has another {what} at {first.place.text}; say it once, under a name")


def options_are_one(config: MapConfig) -> Iterator[Problem]:
    """Warn of one distribution with two sets of options: which holds depends on what a route calls it."""
    for first, other in _others(config):
        if first.options != other.options:
            message = f"{other.id} has other options at {first.place.text}; options that differ belong on the routes"
            yield other.place.warning(message)


def ids_have_one_name(config: MapConfig) -> Iterator[Problem]:
    """Warn of one id under two names, unless captures need both."""
    made = [name_regex(text).fullmatch for text in _templates(config)]
    for names in DistributionLookup(config).names_by_id.values():
        first, *others = [name for name in names if not any(makes(name) for makes in made)] or [""]
        for name in others:
            entry, known = config.distributions[name], config.distributions[first]
            if entry.options == known.options and connection_settings(entry) == connection_settings(known):
                message = f"{entry.id} is called {first} at {known.place.text}, too; keep one name"
                yield entry.place.warning(message, at_key=True)


def _templates(config: MapConfig) -> Iterator[str]:
    """Give the templates of names, each once."""
    found = {target.text: None for target in _targets(config) if target.text is not None and is_template(target.text)}
    return (text for text in found if _template_fault(text) is None)


def _others(config: MapConfig) -> Iterator[tuple[DistributionConfig, DistributionConfig]]:
    """Pair each further mention of a distribution with the first one of the same id."""
    directory = DistributionLookup(config)
    mentioned = (directory.find(target) for target in _targets(config))
    first_by_id: dict[str, DistributionConfig] = {}
    seen: set[int] = set()
    for distribution in (*config.distributions.values(), *mentioned):
        if distribution is None or distribution.id is None or id(distribution) in seen:
            continue
        seen.add(id(distribution))
        first = first_by_id.setdefault(distribution.id, distribution)
        if first is not distribution:
            yield first, distribution


def names_are_used(config: MapConfig) -> Iterator[Problem]:
    """Warn of a name that no route uses, by itself, by its id, or through captures that may make it."""
    is_known = config.routes and all(route.targets for route in config.routes) and not any(_unknown(config))
    if not is_known or not config.is_complete or any(_is_void(target) for target in _targets(config)):
        return
    used = {target.text for target in _targets(config) if target.text is not None}
    names = ((name, found.id) for name, found in config.distributions.items() if is_distribution_name(name))
    unused = [name for name, id_ in names if name not in used and id_ not in used]
    for template in _templates(config):
        makes = name_regex(template).fullmatch
        unused = [name for name in unused if not makes(name)]
    for name in unused:
        message = f"no route uses {name}; route to it, or remove it"
        yield config.distributions[name].place.warning(message, at_key=True)


def _is_void(target: TargetConfig) -> bool:
    return target.text is None and target.inline is None


def tests_expect_known_distributions(config: MapConfig) -> Iterator[Problem]:
    """Refuse a test that expects something of a distribution that the map doesn't have."""
    if config.is_complete:
        known = known_ids(config)
        words = [*config.distributions, *sorted(known)]
        expected = ((test.place / "expect" / name, name) for test in config.tests for name in test.expect)
        unknown = (entry for entry in expected if entry[1] not in config.distributions and entry[1] not in known)
        for number, (place, name) in enumerate(unknown):
            hint = did_you_mean(name, words) if number < _MOST_SUGGESTED else "write a name or an id of it"
            yield place.error(f"no distribution {quote(name)} in this map; {hint}", at_key=True)


def tests_expect_once(config: MapConfig) -> Iterator[Problem]:
    """Refuse a test that names one distribution twice, by two names or by name and id."""
    for test in config.tests:
        first_by_id: dict[str | None, str] = {}
        for name in test.expect:
            id_ = config.distributions[name].id if name in config.distributions else name
            if first_by_id.setdefault(id_, name) != name and id_ is not None:
                message = f"the same distribution as {first_by_id[id_]}; write its items once"
                yield (test.place / "expect" / name).error(message, at_key=True)
