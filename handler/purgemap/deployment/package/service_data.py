"""botocore's descriptions of AWS → those of the calls that the function makes.

All of them are 20 MB, and every start of a client walks them and parses a megabyte of endpoints: a fifth of the
function's start.
"""

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

OPERATIONS: Mapping[str, tuple[str, ...]] = {
    "cloudfront": (
        "CreateInvalidation",
        "CreateInvalidationForDistributionTenant",
        "GetInvalidation",
        "GetInvalidationForDistributionTenant",
        "ListInvalidations",
        "ListInvalidationsForDistributionTenant",
    ),
    "sqs": ("SendMessageBatch",),
    "sts": ("AssumeRole",),
}

DATA = "botocore/data/"
_GENERAL = ("_retry", "partitions", "sdk-default-configuration")

Json = dict[str, Any]


def prune_service_data(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return botocore's files with no more data than the function's clients read."""
    code = {path: data for path, data in files.items() if not path.startswith(DATA)}
    return code | {f"{DATA}{name}.json": _dump(document) for name, document in _documents(files)}


def _documents(files: Mapping[str, bytes]) -> Iterator[tuple[str, Json]]:
    for name in _GENERAL:
        yield name, _load(files, name)
    yield "endpoints", _prune_endpoints(_load(files, "endpoints"))
    for service, operations in OPERATIONS.items():
        folder = f"{service}/{_latest_version(files, service)}"
        yield f"{folder}/endpoint-rule-set-1", _load(files, f"{folder}/endpoint-rule-set-1")
        yield f"{folder}/service-2", prune_model(_load(files, f"{folder}/service-2"), operations)


def _latest_version(files: Mapping[str, bytes], service: str) -> str:
    """Return what botocore uses when it is asked for no version: the last by name, which is a date."""
    start = f"{DATA}{service}/"
    return max(path.removeprefix(start).partition("/")[0] for path in files if path.startswith(start))


def _load(files: Mapping[str, bytes], name: str) -> Json:
    path = f"{DATA}{name}.json"
    document: Json = json.loads(files[path] if path in files else gzip.decompress(files[f"{path}.gz"]))
    return document


def _dump(document: Json) -> bytes:
    """Write JSON small, and not packed: the archive packs it, and the function needn't unpack it twice."""
    return json.dumps(document, separators=(",", ":")).encode()


def _prune_endpoints(endpoints: Json) -> Json:
    partitions = [
        {**partition, "services": {name: it for name, it in partition["services"].items() if name in OPERATIONS}}
        for partition in endpoints["partitions"]
    ]
    return {**endpoints, "partitions": partitions}


def prune_model(model: Json, operations: Iterable[str]) -> Json:
    """Cut a service's model down to some operations and what they are made of, without the documentation."""
    kept = {name: _bare_operation(model["operations"][name]) for name in operations}
    needed = _reachable(model["shapes"], kept.values())
    shapes = {name: _bare_shape(shape) for name, shape in model["shapes"].items() if name in needed}
    return {**_bare(model), "operations": kept, "shapes": shapes}


def _bare(node: Json) -> Json:
    return {key: value for key, value in node.items() if key not in {"documentation", "examples"}}


def _bare_operation(operation: Json) -> Json:
    ends = {key: _bare(operation[key]) for key in ("input", "output") if key in operation}
    return _bare(operation) | ends | {"errors": [_bare(error) for error in operation.get("errors", [])]}


def _bare_shape(shape: Json) -> Json:
    parts = {key: _bare(shape[key]) for key in ("member", "key", "value") if key in shape}
    members = {name: _bare(member) for name, member in shape.get("members", {}).items()}
    return _bare(shape) | parts | ({"members": members} if "members" in shape else {})


def _reachable(shapes: Mapping[str, Json], operations: Iterable[Json]) -> set[str]:
    pending = [each["shape"] for operation in operations for each in _ends(operation)]
    found: set[str] = set()
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += [part["shape"] for part in _parts(shapes[name])]
    return found


def _ends(operation: Json) -> Iterator[Json]:
    yield from (operation[key] for key in ("input", "output") if key in operation)
    yield from operation["errors"]


def _parts(shape: Json) -> Iterator[Json]:
    yield from (shape[key] for key in ("member", "key", "value") if key in shape)
    yield from shape.get("members", {}).values()
