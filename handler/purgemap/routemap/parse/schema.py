"""The map's JSON schema, and where it allows each key."""

import json
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def load_schema() -> dict[str, Any]:
    """Read the map's schema from the package."""
    schema: dict[str, Any] = json.loads(files("purgemap.schemas").joinpath("routes.schema.json").read_text("utf-8"))
    return schema


def list_places(key: str) -> list[str]:
    """List the parts of a map, as a message names them, that may have a key."""
    schema = load_schema()
    definitions = schema["$defs"]
    schemas_by_place = {
        "at the top of the map": schema,
        "in a route": definitions["route"],
        "in a distribution": definitions["distribution"],
        "in defaults": schema["properties"]["defaults"],
        "in a test": definitions["test"],
    }
    return [place for place, part in schemas_by_place.items() if key in part["properties"]]
