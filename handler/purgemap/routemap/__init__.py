"""The route map: which buckets and prefixes are served by which distributions."""

from purgemap.routemap.compiled import (
    READABLE_VERSIONS,
    TENANT,
    Distribution,
    Route,
    RouteMap,
    Settings,
    empty_map,
    is_distribution_id,
    is_distribution_name,
    load_routes,
    load_settings,
)
from purgemap.routemap.globs import Glob, GlobList
from purgemap.routemap.load import load_compiled_map, load_map, read_map
from purgemap.routemap.map_paths import MapPaths, paths_text, split_paths
from purgemap.routemap.pattern_index import (
    AnyOf,
    IndexKey,
    PatternIndex,
    Position,
    RequiredText,
    ngram_texts,
    segment_texts,
)
from purgemap.routemap.patterns import Pattern, Token, TokenKind, capture_names, tokenize
from purgemap.routemap.problems import (
    MapError,
    Problem,
    did_you_mean,
    find_nearest,
    has_errors,
    problems_document,
    quote,
    sorted_unique,
)
from purgemap.routemap.sites import Site, list_sites

__all__ = [
    "READABLE_VERSIONS",
    "TENANT",
    "AnyOf",
    "Distribution",
    "Glob",
    "GlobList",
    "IndexKey",
    "MapError",
    "MapPaths",
    "Pattern",
    "PatternIndex",
    "Position",
    "Problem",
    "RequiredText",
    "Route",
    "RouteMap",
    "Settings",
    "Site",
    "Token",
    "TokenKind",
    "capture_names",
    "did_you_mean",
    "empty_map",
    "find_nearest",
    "has_errors",
    "is_distribution_id",
    "is_distribution_name",
    "list_sites",
    "load_compiled_map",
    "load_map",
    "load_routes",
    "load_settings",
    "ngram_texts",
    "paths_text",
    "problems_document",
    "quote",
    "read_map",
    "segment_texts",
    "sorted_unique",
    "split_paths",
    "tokenize",
]
