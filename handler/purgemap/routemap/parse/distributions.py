"""Find the distributions that a route's names, ids and templates refer to."""

import re

from purgemap.routemap.compiled import is_distribution_id
from purgemap.routemap.parse.model import DistributionConfig, MapConfig, TargetConfig
from purgemap.routemap.parse.model_builder import build_distribution
from purgemap.routemap.patterns import TokenKind, tokenize


def is_template(text: str) -> bool:
    """Return whether a text holds captures, so that the distribution it names depends on the key."""
    return "{" in text or "}" in text


def name_regex(template: str) -> re.Pattern[str]:
    """Compile the regular expression of all names that a template can produce; raises PatternError."""
    literals = [""]
    for token in tokenize(template):
        if token.kind is TokenKind.LITERAL:
            literals[-1] += token.text
        else:
            literals.append("")
    start, *others = map(re.escape, literals)
    # The leftmost match of each literal leaves the most room for the next, so atomic groups lose no match and
    # the time stays linear.
    gaps = [f"(?>.+?{literal})" for literal in others[:-1]] + [f".+{literal}" for literal in others[-1:]]
    return re.compile(start + "".join(gaps))


class DistributionLookup:
    """The distributions of a map by name and by id. Building one walks all named distributions."""

    def __init__(self, config: MapConfig) -> None:
        self._config = config
        self.names_by_id: dict[str, list[str]] = {}
        for name, distribution in config.distributions.items():
            if distribution.id is not None:
                self.names_by_id.setdefault(distribution.id, []).append(name)
        self._unnamed: dict[str, DistributionConfig] = {}

    def find(self, target: TargetConfig) -> DistributionConfig | None:
        """Find the distribution of a target; None for a template, an unknown name and an invalid value.

        An id refers to the named entry that has it, or else to a distribution with default settings.
        """
        text = target.text
        if text is None:
            return target.inline
        if not is_distribution_id(text):
            return self._config.distributions.get(text)
        if text in self.names_by_id:
            return self._config.distributions[self.names_by_id[text][0]]
        # One object per id, so that rules see two mentions of an id as the same distribution.
        if text not in self._unnamed:
            self._unnamed[text] = build_distribution(target.location, text, self._config.defaults.connection)
        return self._unnamed[text]


def known_ids(config: MapConfig) -> set[str]:
    """Return the id, or `tenant:…`, of every distribution of a map: named, inline, or by id alone."""
    inline = (distribution.id for distribution in config.inline_distributions())
    named = (distribution.id for distribution in config.distributions.values())
    unnamed = (
        target.text for route in config.routes for target in route.targets if is_distribution_id(target.text or "")
    )
    return {id_ for id_ in (*inline, *named, *unnamed) if id_ is not None}
