"""Edits of the map that are deployed while events and jobs wait."""

from copy import deepcopy
from random import Random
from typing import Any

_FOLDERS = ("blog/", "docs/", "news/", "docs/v1/")


def edit_map(document: dict[str, Any], rng: Random) -> dict[str, Any]:
    """Change every budget, and add to some routes a second one for a folder, which has a narrower scope."""
    document = deepcopy(document)
    for options in document["distributions"].values():
        options |= {"max_paths": rng.choice((150, 20, 3)), "max_wildcards": rng.choice((10, 2, 1))}
    whole = [route for route in document["routes"] if not route.get("prefix")]
    document["routes"] += [
        route | {"name": f"{route['name']}-again", "prefix": rng.choice(_FOLDERS)}
        for route in whole
        if rng.random() < 0.5
    ]
    return document


def remove_route(document: dict[str, Any], id_: str) -> dict[str, Any]:
    """Remove a distribution and its routes; return the map unchanged if nothing would remain."""
    names = [
        name for name, options in document["distributions"].items() if id_ in (options.get("id"), options.get("tenant"))
    ]
    distributions = {name: options for name, options in document["distributions"].items() if name not in names}
    routes = [route for route in document["routes"] if route["distributions"] != names]
    return document | {"distributions": distributions, "routes": routes} if routes and distributions else document
