"""Remove from botocore what the function never uses: documentation writers, other services and other operations.

Measured over 12 to 41 starts: the writers take 11 to 15 % of a start's CPU, the data another 23 to 37 %. With the data
the zip would have 18.3 MB instead of 2.1 MB. Dropping the other services' folders alone would reach 2.7 MB, but would
still leave 17 to 21 % of the CPU. botocore parses the whole model of each service that it has a client for.
"""

import gzip
import json
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
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
    "events": ("PutEvents",),
    "sqs": ("SendMessageBatch",),
    "sts": ("AssumeRole",),
}
LEDGER_OPERATIONS: Mapping[str, tuple[str, ...]] = {
    "dynamodb": ("BatchGetItem", "GetItem", "PutItem", "Query", "TransactWriteItems"),
    "s3": ("HeadObject",),
}
"""The further operations for a map with `skip_unchanged`."""

_DATA = "botocore/data/"
_COMMON_DATA = ("_retry", "partitions", "sdk-default-configuration")

_DOCS = "botocore/docs/"
# botocore/handlers.py imports it and registers its functions, for documentation that is then never written.
_REQUIRED_DOCS = f"{_DOCS}utils.py"
_DOCS_INIT = b'"""Removed from the function: see https://github.com/boto/botocore/tree/develop/botocore/docs."""\n'
# botocore gives each method of a client such an object as its docstring, and help() has the text written.
_DOCSTRING_STUB = b'''"""Empty replacements of the texts that botocore writes for help()."""


class _NoDocstring(str):
    """An empty text, whatever the arguments."""

    def __new__(cls, *_arguments, **_named):
        return super().__new__(cls)


class ClientMethodDocstring(_NoDocstring):
    """The text of a client's method."""


class PaginatorDocstring(_NoDocstring):
    """The text of a paginator."""


class WaiterDocstring(_NoDocstring):
    """The text of a waiter."""
'''

Json = dict[str, Any]


def trim_botocore(files: Mapping[str, bytes], operations: Mapping[str, Iterable[str]] = OPERATIONS) -> dict[str, bytes]:
    """Return botocore's files by path, without the documentation writers and the data that no operation reads."""
    code = {path: data for path, data in files.items() if not path.startswith((_DATA, _DOCS)) or path == _REQUIRED_DOCS}
    docs = {f"{_DOCS}__init__.py": _DOCS_INIT, f"{_DOCS}docstring.py": _DOCSTRING_STUB}
    return (
        code | docs | {f"{_DATA}{name}.json": _dump(document) for name, document in _required_data(files, operations)}
    )


def _required_data(files: Mapping[str, bytes], operations: Mapping[str, Iterable[str]]) -> Iterator[tuple[str, Json]]:
    for name in _COMMON_DATA:
        yield name, _load(files, name)
    yield "endpoints", _prune_endpoints(_load(files, "endpoints"), operations)
    for service, names in operations.items():
        folder = f"{service}/{_latest_version(files, service)}"
        yield f"{folder}/endpoint-rule-set-1", _load(files, f"{folder}/endpoint-rule-set-1")
        model = _load(files, f"{folder}/service-2", object_hook=_without_documentation)
        # botocore's own additions to AWS's model, such as the type of S3's Expires.
        extras = f"{folder}/service-2.sdk-extras"
        if _has(files, extras):
            model = _merge(model, _load(files, extras)["merge"])
        # The one documentation that botocore reads in a call.
        for setting in model.get("clientContextParams", {}).values():
            setting["documentation"] = ""
        yield f"{folder}/service-2", _prune_model(model, names)


def _latest_version(files: Mapping[str, bytes], service: str) -> str:
    """Find a service's latest API version, which botocore loads by default; versions are dates."""
    start = f"{_DATA}{service}/"
    return max(path.removeprefix(start).partition("/")[0] for path in files if path.startswith(start))


def _has(files: Mapping[str, bytes], name: str) -> bool:
    return not {f"{_DATA}{name}.json", f"{_DATA}{name}.json.gz"}.isdisjoint(files)


def _merge(model: Json, extras: Json) -> Json:
    """Merge extras into a model as botocore's loader does."""
    merged = {
        key: _merge(model[key], value) if isinstance(value, dict) and isinstance(model.get(key), dict) else value
        for key, value in extras.items()
    }
    return {**model, **merged}


def _load(files: Mapping[str, bytes], name: str, object_hook: Callable[[Json], Json] | None = None) -> Json:
    path = f"{_DATA}{name}.json"
    data = files[path] if path in files else gzip.decompress(files[f"{path}.gz"])
    document: Json = json.loads(data, object_hook=object_hook)
    return document


def _without_documentation(node: Json) -> Json:
    # A member of a shape may be called "documentation" as well: then its value is an object, not a text.
    return {key: value for key, value in node.items() if key != "documentation" or not isinstance(value, str)}


def _dump(document: Json) -> bytes:
    # Without gzip, in which botocore ships it: the zip compresses it anyway, and a start would decompress it twice.
    return json.dumps(document, separators=(",", ":")).encode()


def _prune_endpoints(endpoints: Json, required: Container[str]) -> Json:
    for partition in endpoints["partitions"]:
        services = partition["services"].items()
        partition["services"] = {name: endpoint for name, endpoint in services if name in required}
    return endpoints


def _prune_model(model: Json, operations: Iterable[str]) -> Json:
    """Reduce a service's model to some operations and the shapes that these refer to."""
    required = {name: model["operations"][name] for name in operations}
    shapes = model["shapes"]
    pending, reachable = [*_references(required)], set()
    while pending:
        name = pending.pop()
        if name not in reachable:
            reachable.add(name)
            pending += _references(shapes[name])
    return {
        **model,
        "operations": required,
        "shapes": {name: shape for name, shape in shapes.items() if name in reachable},
    }


def _references(node: Any) -> Iterator[str]:
    """Yield the names of the shapes that a part of a model refers to, as {"shape": NAME}."""
    if isinstance(node, dict):
        if isinstance(node.get("shape"), str):
            yield node["shape"]
        node = list(node.values())
    if isinstance(node, list):
        for part in node:
            yield from _references(part)
