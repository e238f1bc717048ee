"""A checked map → the compiled document, which `purgemap.routemap.compiled` looks things up in."""

from collections import Counter, defaultdict
from typing import Any

from purgemap.routemap.compiled import COMPILED_VERSION, dump_row, is_distribution_id
from purgemap.routemap.parse.distributions import DistributionLookup, connection_settings
from purgemap.routemap.parse.model import DistributionConfig, MapConfig, RouteConfig


def compile_map(config: MapConfig) -> dict[str, Any]:
    """Compile a map that has no errors; the same map gives the same document, in the same order."""
    keys = _Keys(config)
    rows_by_bucket: defaultdict[str, list[list[Any]]] = defaultdict(list)
    for route, name in zip(config.routes, route_names(config), strict=True):
        rows_by_bucket[str(route.bucket)].append([name, route.prefix, keys.of_route(route), dict(route.options)])
    texts = {bucket: dump_row(rows_by_bucket[bucket]) for bucket in sorted(rows_by_bucket)}
    accounts = _accounts(config)
    return {
        "compiled": COMPILED_VERSION,
        "buckets": {bucket: text for bucket, text in texts.items() if not is_pattern(bucket)},
        "patterns": [[bucket, text] for bucket, text in texts.items() if is_pattern(bucket)],
        "distributions": dict(sorted(keys.texts.items())),
        **({"accounts": accounts} if accounts else {}),
    }


def _accounts(config: MapConfig) -> dict[str, list[str]]:
    """Return the accounts of each bucket or bucket pattern all of whose routes name theirs."""
    accounts: defaultdict[str, list[tuple[str | None, ...]]] = defaultdict(list)
    for route in config.routes:
        accounts[str(route.bucket)].append(route.accounts)
    return {
        bucket: sorted({str(account) for named in accounts[bucket] for account in named})
        for bucket in sorted(accounts)
        if all(accounts[bucket])
    }


def is_pattern(bucket: str) -> bool:
    """Tell whether a bucket's text stands for several buckets."""
    return "*" in bucket or "{" in bucket


def route_names(config: MapConfig) -> list[str]:
    """Name every route: a route without a name by its bucket and prefix, numbered if these stand twice."""
    seen: Counter[str] = Counter()
    names = []
    for route in config.routes:
        location = f"{route.bucket}/{route.prefix}"
        seen[location] += route.name is None
        names.append(route.name or (location if seen[location] == 1 else f"{location}#{seen[location]}"))
    return names


class _Keys:
    """The distributions of a map as JSON texts, by the keys that compiled routes use for them.

    A key is a name or an id. What a route defines inline goes by its id, too; where the id already stands for other
    settings, `#` and a number follow, which no name and no id holds.
    """

    def __init__(self, config: MapConfig) -> None:
        self._directory = DistributionLookup(config)
        self._defaults = config.defaults
        self.texts = {name: self._text(distribution) for name, distribution in config.distributions.items()}
        for target in (target for route in config.routes for target in route.targets):
            meant = self._directory.find(target)
            if meant and target.text is not None and is_distribution_id(target.text):
                self.texts[target.text] = self._text(meant)

    def of_route(self, route: RouteConfig) -> list[str]:
        """Give the keys of a route's distributions, each once."""
        keys = (self._inline_key(target.inline) if target.inline else str(target.text) for target in route.targets)
        return list(dict.fromkeys(keys))

    def _inline_key(self, distribution: DistributionConfig) -> str:
        text, key, number = self._text(distribution), str(distribution.id), 1
        while self.texts.setdefault(key, text) != text:
            number += 1
            key = f"{distribution.id}#{number}"
        return key

    def _text(self, distribution: DistributionConfig) -> str:
        settings = {name: value for name, value in connection_settings(distribution).items() if value is not None}
        options = {**self._defaults.options, **distribution.options}
        return dump_row({"id": distribution.id, **settings, "options": options})
