"""Parse the YAML files of a map into a `MapConfig` and its problems."""

from purgemap.routemap.parse.compile import compile_map, route_names
from purgemap.routemap.parse.distributions import known_ids
from purgemap.routemap.parse.model import MapConfig, TestCase
from purgemap.routemap.parse.read import list_parts, read_config
from purgemap.routemap.parse.valid_subset import ValidSubset, select_valid_subset

__all__ = [
    "MapConfig",
    "TestCase",
    "ValidSubset",
    "compile_map",
    "known_ids",
    "list_parts",
    "read_config",
    "route_names",
    "select_valid_subset",
]
