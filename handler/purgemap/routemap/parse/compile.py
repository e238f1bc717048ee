"""Compile a checked map into the document that `purgemap.routemap.compiled` reads."""

from collections import Counter, defaultdict
from typing import Any

from purgemap.routemap.compiled import COMPILED_VERSION, RouteMap, dump_row, is_distribution_id
from purgemap.routemap.parse.distributions import DistributionLookup
from purgemap.routemap.parse.model import DistributionConfig, MapConfig, RouteConfig
from purgemap.routemap.sites import list_sites


def compile_map(config: MapConfig) -> dict[str, Any]:
    """Compile a map that has no errors. Equal maps give equal documents, in the same order."""
    distributions = _CompiledDistributions(config)
    rows_by_bucket: defaultdict[str, list[list[Any]]] = defaultdict(list)
    for route, name in zip(config.routes, route_names(config), strict=True):
        rows_by_bucket[str(route.bucket)].append(
            [name, route.prefix, distributions.keys_for(route), dict(route.options)]
        )
    # Rows are JSON text in JSON: the function parses only the rows of the buckets that it serves.
    texts = {bucket: dump_row(rows_by_bucket[bucket]) for bucket in sorted(rows_by_bucket)}
    accounts = _accounts(config)
    document = {
        "compiled": COMPILED_VERSION,
        "buckets": {bucket: text for bucket, text in texts.items() if not is_pattern(bucket)},
        "patterns": [[bucket, text] for bucket, text in texts.items() if is_pattern(bucket)],
        "distributions": dict(sorted(distributions.rows_by_key.items())),
        **({"accounts": accounts} if accounts else {}),
    }
    return document | ({"skips_unchanged": True} if _skips_unchanged(config, document) else {})


def _accounts(config: MapConfig) -> dict[str, list[str]]:
    # One route without accounts accepts all, so the bucket's event rule must not restrict them.
    accounts: defaultdict[str, list[tuple[str | None, ...]]] = defaultdict(list)
    for route in config.routes:
        accounts[str(route.bucket)].append(route.accounts)
    return {
        bucket: sorted({str(account) for route_accounts in accounts[bucket] for account in route_accounts})
        for bucket in sorted(accounts)
        if all(accounts[bucket])
    }


def _skips_unchanged(config: MapConfig, document: dict[str, Any]) -> bool:
    # Most maps have no such option. To list the sites of 10,000 routes takes longer than to look for it.
    is_set = any(options.get("skip_unchanged") for _, options in config.option_sets())
    return is_set and any(site.settings.skip_unchanged for site in list_sites(RouteMap(document)))


def is_pattern(bucket: str) -> bool:
    """Return whether a bucket's text can match several buckets."""
    return "*" in bucket or "{" in bucket


def route_names(config: MapConfig) -> list[str]:
    """Name every route: by its name, or by bucket and prefix, numbered if these occur twice."""
    seen: Counter[str] = Counter()
    names = []
    for route in config.routes:
        location = f"{route.bucket}/{route.prefix}"
        seen[location] += route.name is None
        # The number keeps routes apart in logs and in `explain`.
        names.append(route.name or (location if seen[location] == 1 else f"{location}#{seen[location]}"))
    return names


class _CompiledDistributions:
    """The rows of a map's distributions, by the keys that compiled routes use for them.

    A key is a name or an id, of an inline distribution too. If an id has several settings, `#` and a number follow.
    """

    def __init__(self, config: MapConfig) -> None:
        self._lookup = DistributionLookup(config)
        self._defaults = config.defaults
        self.rows_by_key = {name: self._row(distribution) for name, distribution in config.distributions.items()}
        for target in (target for route in config.routes for target in route.targets):
            distribution = self._lookup.find(target)
            if distribution and target.text is not None and is_distribution_id(target.text):
                self.rows_by_key[target.text] = self._row(distribution)

    def keys_for(self, route: RouteConfig) -> list[str]:
        """Return the keys of a route's distributions, each once."""
        keys = (self._inline_key(target.inline) if target.inline else str(target.text) for target in route.targets)
        return list(dict.fromkeys(keys))

    def _inline_key(self, distribution: DistributionConfig) -> str:
        row, key, number = self._row(distribution), str(distribution.id), 1
        # No name and no id holds a `#`, so numbered keys are unique.
        while self.rows_by_key.setdefault(key, row) != row:
            number += 1
            key = f"{distribution.id}#{number}"
        return key

    def _row(self, distribution: DistributionConfig) -> str:
        settings = {name: value for name, value in distribution.connection.items() if value is not None}
        options = {**self._defaults.options, **distribution.options}
        return dump_row({"id": distribution.id, **settings, "options": options})
