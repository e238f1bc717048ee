"""The compiled map: what the service looks up, one bucket at a time.

The document is JSON that `purgemap.routemap.parse.compile` writes, its rows kept as JSON text per bucket and per
distribution, so that a map of ten thousand routes costs a start no more than a map of ten: a row is decoded when its
bucket is first seen. In the rows the two quotes stand for each other: a row that needs no escapes as a text of the
document loads in half the time.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

COMPILED_VERSION = 3
"""Version 1 had plain JSON in its rows, whose quotes version 2 swaps. Version 3 may hold `strip_suffixes` and
`max_paths_per_day`."""

READABLE_VERSIONS = frozenset({2, COMPILED_VERSION})
"""Versions whose rows this version decodes: `deploy --refresh` compares with the map of the version before."""

TENANT = "tenant:"
"""Stands before a distribution tenant's id wherever a distribution's may stand."""

DEFAULT_MAX_PATHS = 150
DEFAULT_MAX_WILDCARDS = 10
DEFAULT_MAX_PATHS_PER_DAY = 5_000
"""$25, at $0.005 a path; a distribution with 0 has no ceiling."""

_SWAPPED_QUOTES = str.maketrans("\"'", "'\"")

_ID = re.compile(r"[A-Z0-9]{10,20}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def is_distribution_id(text: str) -> bool:
    """Whether a text is a distribution's id rather than a name of the map."""
    return _ID.fullmatch(text) is not None


def is_distribution_name(text: str) -> bool:
    """Whether a text may be a name under `distributions:`."""
    return _NAME.fullmatch(text) is not None and not is_distribution_id(text)


class Settings(NamedTuple):
    """The options of one route for one distribution; the values here are the built-in ones."""

    origin_path: str = ""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    events: tuple[str, ...] = ("created", "deleted", "expired")
    index_documents: tuple[str, ...] = ("index.html",)
    clean_urls: bool = False
    strip_suffixes: tuple[str, ...] = ()
    query_strings: bool = False
    invalidate: tuple[str, ...] = ("{path}",)


@dataclass(frozen=True, slots=True)
class Distribution:
    """A CloudFront distribution or distribution tenant, how to reach it and how much to send it.

    `id` is what every JSON document calls `distribution`: the id, or `tenant:` and the tenant's id.
    `options` holds what the distribution and the defaults say of routes, for `settings_of`.
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
        """The number of the account whose role reaches it; "" for the function's own."""
        return self.role_arn.split(":")[4] if self.role_arn else ""


class Route(NamedTuple):
    """One route of the map, as written: its own options only, its distributions by name, id or capture."""

    name: str
    prefix: str
    distributions: tuple[str, ...]
    options: Mapping[str, Any]


def load_settings(route: Route, distribution: Distribution) -> Settings:
    """Resolve each option: the route's, else the distribution's, else the defaults', else the built-in value."""
    options: dict[str, Any] = {**distribution.options, **route.options}
    options = {name: tuple(value) if isinstance(value, list) else value for name, value in options.items()}
    return Settings(**options)


class RouteMap:
    """The map in service.

    `document` has the keys `compiled` (its version), `buckets` (exact bucket → text of its routes),
    `patterns` (pairs of bucket pattern and text of its routes) and `distributions` (name or id → text). It may have
    `accounts` (bucket or bucket pattern → accounts).
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self._distributions: dict[str, Distribution] = {}

    @property
    def buckets(self) -> Mapping[str, str]:
        """The exact buckets of the map, each with its routes as text for `decode_routes`."""
        buckets: Mapping[str, str] = self.document["buckets"]
        return buckets

    @property
    def patterns(self) -> list[tuple[str, str]]:
        """The bucket patterns of the map, each with its routes as text for `decode_routes`."""
        return [(pattern, text) for pattern, text in self.document["patterns"]]

    @property
    def accounts(self) -> Mapping[str, list[str]]:
        """The accounts that own the buckets, by bucket or bucket pattern; none for a bucket of any account."""
        accounts: Mapping[str, list[str]] = self.document.get("accounts", {})
        return accounts

    def distribution(self, name: str) -> Distribution | None:
        """Find a distribution by the name or id that a route uses; None where the map has none such."""
        if name not in self._distributions:
            text = self.document["distributions"].get(name)
            if text is None:
                return None
            self._distributions[name] = Distribution(**load_row(text))
        return self._distributions[name]

    def distributions(self) -> Iterator[tuple[str, Distribution]]:
        """Every distribution of the map under each name or id that routes use for it."""
        for name in self.document["distributions"]:
            distribution = self.distribution(name)
            if distribution is not None:
                yield name, distribution

    @cached_property
    def distributions_by_id(self) -> Mapping[str, Distribution]:
        """Every distribution of the map by its id; names of one id agree in all but the options of routes."""
        return {distribution.id: distribution for _, distribution in self.distributions()}

    @cached_property
    def names_by_id(self) -> Mapping[str, Sequence[str]]:
        """The names that the map has for a distribution, by its id; none for an id without a name."""
        names: dict[str, list[str]] = {}
        for name, distribution in self.distributions():
            if is_distribution_name(name):
                names.setdefault(distribution.id, []).append(name)
        return names

    def label(self, distribution: str) -> str:
        """Write a distribution's id as people read it, beside its names: `www (E2EXAMPLE1ABCD)`."""
        names = self.names_by_id.get(distribution)
        return f"{', '.join(names)} ({distribution})" if names else distribution


def empty_map() -> RouteMap:
    """Make the map of nothing, which is in service before the first."""
    return RouteMap({"compiled": COMPILED_VERSION, "buckets": {}, "patterns": [], "distributions": {}})


def dump_row(value: Any) -> str:
    """Write what a bucket or a distribution has in the map as a text of the document."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).translate(_SWAPPED_QUOTES)


def load_row(text: str) -> Any:
    """Read what `encode_row` wrote."""
    return json.loads(text.translate(_SWAPPED_QUOTES))


def load_routes(text: str) -> list[Route]:
    """Decode the routes of a bucket from their text: rows of name, prefix, distributions and options."""
    return [Route(name, prefix, tuple(names), options) for name, prefix, names, options in load_row(text)]
