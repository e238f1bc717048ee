"""Render the roles through which the function reaches other accounts' distributions, each for its own account."""

import hashlib
from collections.abc import Iterable
from typing import Any

from purgemap.deployment.template.aws_limits import check_trust
from purgemap.deployment.template.content_ledger import LEDGER_SID
from purgemap.deployment.template.iam_policies import (
    document_size,
    list_permissions,
    list_permissions_through_roles,
    render_policies,
)
from purgemap.deployment.template.permission import Permission
from purgemap.routemap import Distribution, RouteMap

# The fields of a role's ARN that replace a stack's pseudo parameters.
_ARN_FIELDS = {"${AWS::Partition}": 1, "${AWS::AccountId}": 4}


def render_roles(routes: RouteMap) -> tuple[dict[str, Any], dict[str, Any]]:
    """Render conditions and resources, each by logical id; raises RenderError if a role's permissions don't fit."""
    conditions: dict[str, Any] = {}
    resources: dict[str, Any] = {}
    permissions = list_permissions_through_roles(routes)
    for arn, distributions in sorted(_distributions_by_role(routes).items()):
        # One template serves all accounts, so each role has the condition that the stack is in the role's account.
        account = arn.split(":")[4]
        conditions[f"Account{account}"] = {
            "Fn::And": [{"Condition": "MakesRoles"}, {"Fn::Equals": [{"Ref": "AWS::AccountId"}, account]}]
        }
        role = f"Role{hashlib.sha256(arn.encode()).hexdigest()[:16]}"
        resources[role] = _role(arn, distributions)
        resources |= render_policies(permissions[arn], role, Condition=f"Account{account}")
    return conditions, resources


def _distributions_by_role(routes: RouteMap) -> dict[str, list[Distribution]]:
    distributions_by_role: dict[str, list[Distribution]] = {}
    for distribution in routes.distributions_by_id.values():
        if distribution.role_arn:
            distributions_by_role.setdefault(distribution.role_arn, []).append(distribution)
    return distributions_by_role


def _role(arn: str, distributions: Iterable[Distribution]) -> dict[str, Any]:
    *path, name = arn.split(":")[5].split("/")[1:]
    trust = {"Version": "2012-10-17", "Statement": [_trust_statement(distributions)]}
    check_trust(arn, document_size(trust))
    return {
        "Type": "AWS::IAM::Role",
        "Condition": f"Account{arn.split(':')[4]}",
        "Properties": {
            "RoleName": name,
            "Path": "/".join(["", *path, ""]),
            "Description": "Lets purgemap's function invalidate distributions of this account",
            "AssumeRolePolicyDocument": trust,
        },
    }


def _trust_statement(distributions: Iterable[Distribution]) -> dict[str, Any]:
    external_ids = {distribution.external_id for distribution in distributions}
    # If the map has none for one of the distributions, the function calls without an id, which IAM must accept.
    required = [] if None in external_ids else sorted(filter(None, external_ids))
    return {
        "Effect": "Allow",
        "Principal": {"AWS": {"Ref": "FunctionRoleArn"}},
        "Action": "sts:AssumeRole",
        **({"Condition": {"StringEquals": {"sts:ExternalId": required}}} if required else {}),
    }


def list_role_permissions(
    routes: RouteMap, function_role: str, ledger_table_arn: str = ""
) -> dict[str, tuple[Permission, ...]]:
    """List the permissions by the ARN of a role: the function's role, and the roles of the map that it assumes.

    Those on the ledger's table are left out without the table's ARN.
    """
    own = [
        permission._replace(arn=permission.arn if permission.sid != LEDGER_SID else ledger_table_arn)
        for permission in list_permissions(routes)
    ]
    permissions = {function_role: own} | list_permissions_through_roles(routes)
    return {
        role: tuple(sorted(_resolve(permission, role) for permission in needed if permission.arn))
        for role, needed in permissions.items()
    }


def _resolve(permission: Permission, role_arn: str) -> Permission:
    """Replace the pseudo parameters of a stack by the partition and the account of a role."""
    arn, fields = permission.arn, role_arn.split(":")
    for parameter, index in _ARN_FIELDS.items():
        arn = arn.replace(parameter, fields[index])
    return permission._replace(arn=arn)
