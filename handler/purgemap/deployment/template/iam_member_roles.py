"""The roles that the map reaches distributions through → the same roles, each made in its own account."""

import hashlib
from collections.abc import Iterable
from typing import Any

from purgemap.deployment.template.aws_limits import check_trust
from purgemap.deployment.template.iam_policies import document_size, invalidation_permission, render_policies
from purgemap.routemap import Distribution, RouteMap


def render_roles(routes: RouteMap) -> tuple[dict[str, Any], dict[str, Any]]:
    """Make conditions and resources, each by logical id; raises RenderError if a role's rights don't fit.

    A role may invalidate what the map reaches through it. It asks for an external id if all of the map gives one.
    """
    conditions: dict[str, Any] = {}
    resources: dict[str, Any] = {}
    for arn, distributions in sorted(_distributions_by_role(routes).items()):
        account = arn.split(":")[4]
        conditions[f"Account{account}"] = {
            "Fn::And": [{"Condition": "MakesRoles"}, {"Fn::Equals": [{"Ref": "AWS::AccountId"}, account]}]
        }
        role = f"Role{hashlib.sha256(arn.encode()).hexdigest()[:16]}"
        resources[role] = _role(arn, distributions)
        grants = sorted(invalidation_permission(distribution) for distribution in distributions)
        resources |= render_policies(grants, role, taken=0, Condition=f"Account{account}")
    return conditions, resources


def _distributions_by_role(routes: RouteMap) -> dict[str, list[Distribution]]:
    distributions_by_role: dict[str, list[Distribution]] = {}
    for distribution in routes.distributions_by_id.values():
        if distribution.role_arn:
            distributions_by_role.setdefault(distribution.role_arn, []).append(distribution)
    return distributions_by_role


def _role(arn: str, distributions: Iterable[Distribution]) -> dict[str, Any]:
    *path, name = arn.split(":")[5].split("/")[1:]
    trust = {"Version": "2012-10-17", "Statement": [_trust(distributions)]}
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


def _trust(distributions: Iterable[Distribution]) -> dict[str, Any]:
    external_ids = {distribution.external_id for distribution in distributions}
    required = sorted(external_id for external_id in external_ids if external_id)
    condition = {"StringEquals": {"sts:ExternalId": required}} if None not in external_ids else None
    return {
        "Effect": "Allow",
        "Principal": {"AWS": {"Ref": "FunctionRoleArn"}},
        "Action": "sts:AssumeRole",
        **({"Condition": condition} if condition else {}),
    }
