"""What a route calls a distribution → the distribution that it means."""

import re

from purgemap.routemap.compiled import is_distribution_id
from purgemap.routemap.parse.model import DistributionConfig, MapConfig, TargetConfig
from purgemap.routemap.parse.model_builder import build_distribution
from purgemap.routemap.patterns import TokenKind, tokenize


def is_template(text: str) -> bool:
    """Tell whether a text holds captures, so that only a key says which distribution it names."""
    return "{" in text or "}" in text


def name_regex(template: str) -> re.Pattern[str]:
    """Make the regular expression of the names that a template may make; raises PatternError.

    The leftmost place of each literal leaves the most room, so nothing is tried twice.
    """
    literals = [""]
    for part in tokenize(template):
        if part.kind is TokenKind.LITERAL:
            literals[-1] += part.text
        else:
            literals.append("")
    first, *others = map(re.escape, literals)
    gaps = [f"(?>.+?{literal})" for literal in others[:-1]] + [f".+{literal}" for literal in others[-1:]]
    return re.compile(first + "".join(gaps))


class DistributionLookup:
    """The distributions of a map by name and by id."""

    def __init__(self, config: MapConfig) -> None:
        self._written = config
        self.names_by_id: dict[str, list[str]] = {}
        for name, distribution in config.distributions.items():
            if distribution.id is not None:
                self.names_by_id.setdefault(distribution.id, []).append(name)
        self._bare: dict[str, DistributionConfig] = {}

    def find(self, target: TargetConfig) -> DistributionConfig | None:
        """Find what a target means; None for a template, an unknown name and what isn't sound.

        An id means the entry that has it, or, where no name has it, the distribution with nothing but defaults.
        """
        if target.text is None:
            return target.inline
        if not is_distribution_id(target.text):
            return self._written.distributions.get(target.text)
        if target.text in self.names_by_id:
            return self._written.distributions[self.names_by_id[target.text][0]]
        if target.text not in self._bare:
            self._bare[target.text] = build_distribution(target.place, target.text, self._written.defaults)
        return self._bare[target.text]


def connection_settings(distribution: DistributionConfig) -> dict[str, str | int | None]:
    """Give what must be the same wherever a distribution stands: how to reach it and how much to send it."""
    return {
        "role_arn": distribution.role_arn,
        "external_id": distribution.external_id,
        "max_paths": distribution.max_paths,
        "max_wildcards": distribution.max_wildcards,
        "max_paths_per_day": distribution.max_paths_per_day,
    }


def known_ids(config: MapConfig) -> set[str]:
    """Give the id, or `tenant:…`, of every distribution of a map, whether a name, an id or a route gives it."""
    inline = (distribution.id for distribution in config.inline_distributions())
    named = (distribution.id for distribution in config.distributions.values())
    bare = (target.text for route in config.routes for target in route.targets if is_distribution_id(target.text or ""))
    return {id_ for id_ in (*inline, *named, *bare) if id_ is not None}
