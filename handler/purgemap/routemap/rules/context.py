"""The input of every rule: the valid parts of a map, with the values that several rules derive from them."""

from collections.abc import Callable, Iterator

from purgemap.errors import PatternError
from purgemap.routemap.parse.distributions import DistributionLookup, is_template
from purgemap.routemap.parse.model import MapConfig, TargetConfig
from purgemap.routemap.parse.yaml_source import Location
from purgemap.routemap.patterns import Token, tokenize
from purgemap.routemap.problems import Problem

# Captures that `invalidate` always has, so that no bucket or prefix may define one of these names.
RESERVED_CAPTURES = ("path", "dir", "key", "bucket")


class RuleContext:
    """A map's config with its lookup, targets and globs, built once for all rules."""

    def __init__(self, config: MapConfig) -> None:
        self.config = config
        self.lookup = DistributionLookup(config)
        self.targets: tuple[TargetConfig, ...] = tuple(target for route in config.routes for target in route.targets)
        self._tokens: dict[str, tuple[Token, ...] | None] = {}

    def tokens(self, text: str | None) -> tuple[Token, ...] | None:
        """Split a pattern or template; None if it is missing or invalid, which another rule reports."""
        if text is None:
            return None
        # Some ten rules read the same buckets and prefixes.
        if text not in self._tokens:
            try:
                self._tokens[text] = tokenize(text)
            except PatternError:
                self._tokens[text] = None
        return self._tokens[text]

    def globs(self) -> Iterator[tuple[Location, str]]:
        """List the globs of the map."""
        for name in ("include", "exclude"):
            yield from self.config.option_texts(name)

    def name_templates(self) -> Iterator[TargetConfig]:
        """List the targets whose text has captures."""
        return (target for target in self.targets if target.text is not None and is_template(target.text))


Rule = Callable[[RuleContext], Iterator[Problem]]
