"""The compiled map that the function serves: a JSON document whose rows are decoded one bucket at a time."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

COMPILED_VERSION = 4
"""Version 2 swapped the quotes in rows; 3 added `strip_suffixes` and `max_paths_per_day`, 4 `skip_unchanged`."""

# `deploy --refresh` compares the map with the one deployed, which a version before may have compiled. Versions since 2
# only added options.
READABLE_VERSIONS = frozenset({2, 3, COMPILED_VERSION})

TENANT = "tenant:"
"""The prefix of a distribution tenant's id; without it an id is a distribution's."""

DEFAULT_MAX_PATHS = 150
DEFAULT_MAX_WILDCARDS = 10
# $25, at $0.005 a path: https://aws.amazon.com/cloudfront/pricing/. A distribution with 0 is not limited.
DEFAULT_MAX_PATHS_PER_DAY = 5_000

# Rows are JSON texts in a JSON document. With ' and " swapped they need no escapes there, and load in half the time.
_SWAPPED_QUOTES = str.maketrans("\"'", "'\"")

_ID = re.compile(r"[A-Z0-9]{10,20}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def is_distribution_id(text: str) -> bool:
    """Return whether a text has the form of a distribution's id, which no name of the map may have."""
    return _ID.fullmatch(text) is not None


def is_distribution_name(text: str) -> bool:
    """Return whether a text is a valid name under `distributions:`."""
    return _NAME.fullmatch(text) is not None and not is_distribution_id(text)


class Settings(NamedTuple):
    """The options of one route for one distribution, with the built-in values as defaults."""

    origin_path: str = ""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    events: tuple[str, ...] = ("created", "deleted", "expired")
    index_documents: tuple[str, ...] = ("index.html",)
    clean_urls: bool = False
    strip_suffixes: tuple[str, ...] = ()
    query_strings: bool = False
    skip_unchanged: bool = False
    invalidate: tuple[str, ...] = ("{path}",)


@dataclass(frozen=True, slots=True)
class Distribution:
    """A CloudFront distribution or distribution tenant, with its role and its budgets.

    `id` is the distribution's id, or `tenant:` and the tenant's. `options` are route options of the distribution and of
    the map's defaults, for `load_settings`.
    """

    id: str
    role_arn: str | None = None
    external_id: str | None = None
    max_paths: int = DEFAULT_MAX_PATHS
    max_wildcards: int = DEFAULT_MAX_WILDCARDS
    max_paths_per_day: int = DEFAULT_MAX_PATHS_PER_DAY
    options: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def account(self) -> str:
        """The number of the account that owns its role; "" for the function's own account."""
        return self.role_arn.split(":")[4] if self.role_arn else ""


class Route(NamedTuple):
    """One route of the map: its own options only; its distributions by name, id or capture."""

    name: str
    prefix: str
    distributions: tuple[str, ...]
    options: Mapping[str, Any]


def load_settings(route: Route, distribution: Distribution) -> Settings:
    """Resolve each option from the route, then the distribution, then the defaults, then the built-in values."""
    options: dict[str, Any] = {**distribution.options, **route.options}
    options = {name: tuple(value) if isinstance(value, list) else value for name, value in options.items()}
    return Settings(**options)


class RouteMap:
    """The map that the function serves; `document` is the JSON that `purgemap build` writes.

    `compiled` is the version, `buckets` has the row of each exact bucket, `patterns` pairs of a bucket pattern and its
    row. `distributions` holds a row by name or id. `accounts` holds the accounts that may own a bucket, by bucket or
    pattern; without an entry, any account may. `skips_unchanged` is whether a route skips unchanged uploads.
    `load_routes` parses the rows of buckets.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        # Rows are decoded on demand, so a map of 10,000 routes starts as fast as a map of ten.
        self.buckets: Mapping[str, str] = document["buckets"]
        self.patterns: Sequence[tuple[str, str]] = document["patterns"]
        self.accounts: Mapping[str, list[str]] = document.get("accounts", {})
        # The function reads it at each start, so it is not found by decoding all rows.
        self.skips_unchanged: bool = document.get("skips_unchanged", False)
        self._distributions: dict[str, Distribution] = {}

    def distribution(self, name: str) -> Distribution | None:
        """Return the distribution with a name or id that a route uses; None if the map has none."""
        if name not in self._distributions:
            row = self.document["distributions"].get(name)
            if row is None:
                return None
            self._distributions[name] = Distribution(**load_row(row))
        return self._distributions[name]

    def distributions(self) -> Iterator[tuple[str, Distribution]]:
        """Yield each name or id that routes use, with its distribution."""
        for name in self.document["distributions"]:
            distribution = self.distribution(name)
            if distribution is not None:
                yield name, distribution

    @cached_property
    def distributions_by_id(self) -> Mapping[str, Distribution]:
        """The distributions of the map by id; those with several names differ in their route options only."""
        return {distribution.id: distribution for _, distribution in self.distributions()}

    @cached_property
    def names_by_id(self) -> Mapping[str, Sequence[str]]:
        """The names of each distribution by id; an id without a name has no entry."""
        names: dict[str, list[str]] = {}
        for name, distribution in self.distributions():
            if is_distribution_name(name):
                names.setdefault(distribution.id, []).append(name)
        return names

    def label(self, distribution: str) -> str:
        """Format a distribution's id with its names, as `www (E2EXAMPLE1ABCD)`."""
        names = self.names_by_id.get(distribution)
        return f"{', '.join(names)} ({distribution})" if names else distribution


def empty_map() -> RouteMap:
    """Return a map without routes, to compare with before the first deployment."""
    return RouteMap({"compiled": COMPILED_VERSION, "buckets": {}, "patterns": [], "distributions": {}})


def dump_row(value: Any) -> str:
    """Format the value of a bucket or a distribution as a row of the document."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).translate(_SWAPPED_QUOTES)


def load_row(row: str) -> Any:
    """Parse a row that `dump_row` formatted."""
    return json.loads(row.translate(_SWAPPED_QUOTES))


def load_routes(row: str) -> list[Route]:
    """Parse the row of a bucket: a list of name, prefix, distributions and options for each route."""
    return [Route(name, prefix, tuple(names), options) for name, prefix, names, options in load_row(row)]
