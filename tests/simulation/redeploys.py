"""Edits of the map that are deployed while events and jobs wait."""

from copy import deepcopy
from random import Random
from typing import Any

_FOLDERS = ("blog/", "docs/", "news/", "docs/v1/")


def edit_map(document: dict[str, Any], rng: Random, _is_last: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002  a regime's edits all have it
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


def edit_ledger(document: dict[str, Any], rng: Random, is_last: bool) -> dict[str, Any]:  # noqa: FBT001  a regime's edits all have it
    """Let some routes, or all, not skip uploads, or ignore most of their objects; the last edit restores the map."""
    if is_last:
        return document
    document = deepcopy(document)
    if rng.random() < 0.2:
        _stop_skipping(document)
        return document
    for route in document["routes"]:
        route.update(rng.choice(({}, {}, {"skip_unchanged": False}, {"skip_unchanged": True}, {"include": ["*.css"]})))
    return document


def _stop_skipping(document: dict[str, Any]) -> None:
    for place in (document.get("defaults", {}), *document["distributions"].values(), *document["routes"]):
        place.pop("skip_unchanged", None)


def remove_route(document: dict[str, Any], id_: str) -> dict[str, Any]:
    """Remove a distribution and its routes; return the map unchanged if nothing would remain."""
    names = [
        name for name, options in document["distributions"].items() if id_ in (options.get("id"), options.get("tenant"))
    ]
    distributions = {name: options for name, options in document["distributions"].items() if name not in names}
    routes = [route for route in document["routes"] if route["distributions"] != names]
    return document | {"distributions": distributions, "routes": routes} if routes and distributions else document
