"""Build maps of many sites, and read their rendered templates."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import yaml

from purgemap.deployment.template.render import render_member, render_stack
from purgemap.routemap.compiled import COMPILED_VERSION, RouteMap, dump_row

Resources = dict[str, dict[str, Any]]

RULE = "AWS::Events::Rule"


def map_of(
    buckets: Iterable[str],
    *,
    patterns: Iterable[str] = (),
    roles: int = 0,
    distributions: int = -1,
    accounts: Mapping[str, list[str]] | None = None,
) -> RouteMap:
    """Build a map with a site per bucket and a distribution per site; `roles` many roles reach them."""
    buckets = list(buckets)
    count = len(buckets) if distributions < 0 else distributions
    return RouteMap(
        {
            "compiled": COMPILED_VERSION,
            "buckets": dict.fromkeys(buckets, "[]"),
            "patterns": [[pattern, "[]"] for pattern in patterns],
            "distributions": {f"E{number:012}X": _distribution(number, roles) for number in range(count)},
            "accounts": accounts or {},
        }
    )


def skipping(routes: RouteMap) -> RouteMap:
    """Return the map with a route for each bucket, to the first distribution, that skips unchanged uploads."""
    buckets = [*routes.buckets, *(pattern for pattern, _ in routes.patterns)]
    rows = {bucket: dump_row([[bucket, "", [f"E{0:012}X"], {"skip_unchanged": True}]]) for bucket in buckets}
    return RouteMap(
        {
            **routes.document,
            "buckets": {bucket: rows[bucket] for bucket in routes.buckets},
            "patterns": [[pattern, rows[pattern]] for pattern, _ in routes.patterns],
            "skips_unchanged": True,
        }
    )


def _distribution(number: int, roles: int) -> str:
    role = {"role_arn": f"arn:aws:iam::{222222222000 + number % roles}:role/purgemap"} if roles else {}
    return dump_row({"id": f"E{number:012}X", **role})


def names(count: int) -> list[str]:
    return [f"acme-site-{number:05}" for number in range(count)]


def stack_of(routes: RouteMap) -> dict[str, Any]:
    return read(render_stack(routes))


def member_of(routes: RouteMap) -> dict[str, Any]:
    return read(render_member(routes))


def read(text: str) -> dict[str, Any]:
    """Read a rendered template with a plain YAML reader, which knows no tags of CloudFormation."""
    template: dict[str, Any] = yaml.load(text, yaml.CSafeLoader)
    return template


def of_type(template: Mapping[str, Any], *types: str) -> Resources:
    return {name: resource for name, resource in template["Resources"].items() if resource["Type"] in types}


def patterns_of(template: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [rule["Properties"]["EventPattern"] for rule in of_type(template, RULE).values()]


def bucket_matchers(template: Mapping[str, Any]) -> list[Any]:
    return [name for pattern in patterns_of(template) for name in pattern["detail"]["bucket"]["name"]]


Render = Callable[[RouteMap], dict[str, Any]]


def many(value: Any) -> list[Any]:
    """Return a list for IAM's values, which may be single."""
    return value if isinstance(value, list) else [value]
