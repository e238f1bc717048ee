"""The part of the stack that only a map with `skip_unchanged` needs: the table, and permissions on it and on S3."""

import json
import re
from copy import deepcopy
from typing import Any

from purgemap.deployment.template.permission import Permission
from purgemap.deployment.template.yaml_template import load_template
from purgemap.planning import drop_nested
from purgemap.routemap import RouteMap, TokenKind, tokenize
from purgemap.routemap.sites import list_route_distributions

LEDGER_OUTPUT = "LedgerTableName"
"""The stack's output with the table's name; a stack without it has no table."""

LEDGER_SID = "Ledger"
"""The statement that allows the calls to the table."""

# A transaction of updates needs UpdateItem:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
_TABLE_CALLS = ("BatchGetItem", "GetItem", "PutItem", "Query", "UpdateItem")
_TABLE_ARN = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${LedgerTable}"
_OBJECTS_ARN = "arn:${AWS::Partition}:s3:::"

# Literal characters with a meaning in an IAM policy or in Fn::Sub. There ? matches any one character.
_SPECIAL = re.compile(r"[*?$]")
# IAM takes no other characters in a policy: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
_NOT_IN_POLICY = re.compile(r"[^\x21-\xff]+")


def add_ledger(template: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of the main template with the ledger's table, its variable, its output and its widgets."""
    part = dict(load_template("ledger.yaml"))
    widgets = json.loads(part.pop("Widgets"))
    completed: dict[str, Any] = _merge(template, part)
    dashboard = completed["Resources"]["Dashboard"]["Properties"]["DashboardBody"]
    body = json.loads(dashboard["Fn::Sub"])
    dashboard["Fn::Sub"] = json.dumps({"widgets": [*body["widgets"], *widgets]}, indent=2) + "\n"
    return completed


def _merge(value: Any, part: Any) -> Any:
    """Merge mappings recursively; another value of `part` replaces the one of `value`."""
    if not isinstance(value, dict) or not isinstance(part, dict):
        return deepcopy(part)
    merged = {key: _merge(value[key], part[key]) if key in part else deepcopy(value[key]) for key in value}
    return merged | {key: deepcopy(part[key]) for key in part if key not in value}


def ledger_permissions(routes: RouteMap) -> list[Permission]:
    """List the permissions on the table, which the function's own role has; none for a map without the option."""
    if not routes.skips_unchanged:
        return []
    return [Permission(LEDGER_SID, tuple(f"dynamodb:{call}" for call in _TABLE_CALLS), _TABLE_ARN)]


def reading_permissions(routes: RouteMap) -> dict[str, list[Permission]]:
    """List the permissions to read the heads of objects, by the ARN of a distribution's role, "" for the function's.

    HeadObject without a version needs `s3:GetObject` only. Without `s3:ListBucket` S3 answers "access denied" for a
    missing object. The function invalidates in both cases.
    """
    if not routes.skips_unchanged:
        return {}
    stems_by_role: dict[str, set[str]] = {}  # of ARNs: a pattern's text before its final `*`
    for bucket, route, distribution, settings in list_route_distributions(routes):
        if settings.skip_unchanged:
            pattern = re.sub(r"\*+", "*", f"{_OBJECTS_ARN}{_wildcards(bucket)}/{_wildcards(route.prefix)}")
            stems_by_role.setdefault(distribution.role_arn or "", set()).add(pattern.removesuffix("*"))
    return {
        role: [Permission("ReadUploads", ("s3:GetObject",), f"{stem}*") for stem in drop_nested(stems)]
        for role, stems in stems_by_role.items()
    }


def _wildcards(pattern: str) -> str:
    """Turn a pattern of the map into one of IAM, which matches the same texts and perhaps a few more."""
    texts = (_SPECIAL.sub("?", token.text) if token.kind is TokenKind.LITERAL else "*" for token in tokenize(pattern))
    return _NOT_IN_POLICY.sub("*", "".join(texts))
