"""Render the policies that give the function the permissions which the map requires, and no others."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from purgemap.deployment.template.aws_limits import MAX_INLINE_CHARACTERS, MAX_MANAGED_CHARACTERS, check_policies
from purgemap.deployment.template.content_ledger import ledger_permissions, reading_permissions
from purgemap.deployment.template.permission import Permission
from purgemap.deployment.template.stable_groups import stable_groups
from purgemap.routemap import TENANT, Distribution, RouteMap

_PARAMETER = re.compile(r"\$\{([^}]+)\}")
# Values of the pseudo parameters and of a table's name, each at its longest.
_LONGEST = {
    "AWS::Partition": "aws-cn",
    "AWS::AccountId": "0" * 12,
    "AWS::Region": "ap-southeast-1",
    "LedgerTable": "-" * 160,
}
_ARN = "arn:${{AWS::Partition}}:cloudfront::${{AWS::AccountId}}:{}/{}"


def list_permissions(routes: RouteMap) -> list[Permission]:
    """List the permissions that the function uses for a map: on its distributions, its roles and, to skip, on S3."""
    invalidations = {
        Permission("AssumeRoles", ("sts:AssumeRole",), distribution.role_arn)
        if distribution.role_arn
        else invalidation_permission(distribution)
        for distribution in routes.distributions_by_id.values()
    }
    return sorted([*invalidations, *ledger_permissions(routes), *reading_permissions(routes).get("", ())])


def list_permissions_through_roles(routes: RouteMap) -> dict[str, list[Permission]]:
    """List the permissions that the function uses through the map's roles, by the ARN of a role."""
    permissions: dict[str, list[Permission]] = {}
    for distribution in routes.distributions_by_id.values():
        if distribution.role_arn:
            permissions.setdefault(distribution.role_arn, []).append(invalidation_permission(distribution))
    reading = reading_permissions(routes)
    return {role: sorted([*needed, *reading.get(role, ())]) for role, needed in permissions.items()}


def invalidation_permission(distribution: Distribution) -> Permission:
    """Return the permission to invalidate a distribution, or a tenant, of the stack's own account."""
    # Past invalidations are read to count them, which only a daily budget requires.
    is_tenant, is_counted = distribution.id.startswith(TENANT), distribution.max_paths_per_day > 0
    calls = ("CreateInvalidation", "GetInvalidation", "ListInvalidations") if is_counted else ("CreateInvalidation",)
    kind, suffix = ("distribution-tenant", "ForDistributionTenant") if is_tenant else ("distribution", "")
    return Permission(
        f"Invalidate{'Tenants' if is_tenant else ''}{'' if is_counted else 'Uncounted'}",
        tuple(f"cloudfront:{call}{suffix}" for call in calls),
        _ARN.format(kind, distribution.id.removeprefix(TENANT)),
    )


def render_policies(
    permissions: Sequence[Permission], role: str, *, used_characters: int = 0, **attributes: Any
) -> dict[str, Any]:
    """Render the policies of a role of the template, by logical id; raises RenderError above a role's limits.

    `used_characters` is the size of the role's other inline policies. One inline policy holds all permissions if it
    fits beside these, otherwise managed policies share them.
    """
    if not permissions:
        return {}
    document = _document(permissions)
    if used_characters + document_size(document) <= MAX_INLINE_CHARACTERS:
        properties = {"PolicyName": "map", "Roles": [{"Ref": role}], "PolicyDocument": document}
        # "Rights", here and below: another logical id would replace the policies of every stack in service.
        return {f"{role}Rights": {"Type": "AWS::IAM::Policy", **attributes, "Properties": properties}}
    return _managed_policies(permissions, role, attributes)


def _managed_policies(permissions: Iterable[Permission], role: str, attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Share permissions among managed policies with stable names.

    When a group is split, its policy keeps one half and `DependsOn` the new policy for the other half. So no permission
    is missing during an update, and the role never has more policies than after it.
    """
    # Without trailing zeros the first half has its parent's name: 1 is split into 10, which is still policy 1, and 11.
    documents = {name.rstrip("0"): document for name, document in _managed_documents(permissions)}
    check_policies(len(documents))
    dependencies: dict[str, list[str]] = {}
    for name in filter(None, documents):
        # A name without its last 1 is that of the group from which the group was split.
        parent = name.removesuffix("1").rstrip("0")
        dependencies.setdefault(parent, []).append(f"{role}ManagedRights{name}")
    return {
        f"{role}ManagedRights{name}": {
            "Type": "AWS::IAM::ManagedPolicy",
            **attributes,
            **({"DependsOn": dependencies[name]} if name in dependencies else {}),
            "Properties": {
                "Path": {"Fn::Sub": "/${AWS::StackName}/"},
                # Fixed, as IAM cannot change it: CloudFormation would replace the policy.
                # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-iam-managedpolicy.html
                "Description": "Rights on distributions of the map, for purgemap",
                "Roles": [{"Ref": role}],
                "PolicyDocument": document,
            },
        }
        for name, document in documents.items()
    }


def _managed_documents(permissions: Iterable[Permission]) -> Iterator[tuple[str, dict[str, Any]]]:
    permissions_by_arn = {permission.arn: permission for permission in permissions}

    def document(arns: Iterable[str]) -> dict[str, Any]:
        return _document(sorted(permissions_by_arn[arn] for arn in arns))

    groups = stable_groups(permissions_by_arn, lambda arns: document_size(document(arns)) <= MAX_MANAGED_CHARACTERS)
    return ((name, document(arns)) for name, arns in groups.items())


def _document(permissions: Iterable[Permission]) -> dict[str, Any]:
    arns_by_statement: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for sid, actions, arn in permissions:
        arns_by_statement.setdefault((sid, actions), []).append(arn)
    statements = [
        {
            "Sid": sid,
            "Effect": "Allow",
            "Action": actions[0] if len(actions) == 1 else list(actions),
            "Resource": [{"Fn::Sub": arn} if "${" in arn else arn for arn in arns],
        }
        for (sid, actions), arns in arns_by_statement.items()
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def document_size(document: Mapping[str, Any]) -> int:
    """Count a policy document's characters as IAM does: without white space, with functions resolved."""
    text = json.dumps(_resolve(document), separators=(",", ":"))
    return len("".join(text.split()))


def _resolve(value: Any) -> Any:
    """Replace CloudFormation's functions by texts of at least the length that they result in."""
    match value:
        case {"Fn::Sub": str(text)}:
            return _PARAMETER.sub(lambda match: _LONGEST.get(match[1], match[0]), text)
        case {"Fn::GetAtt": _} | {"Ref": _}:
            return "-" * 160  # an ARN of the stack's own, at its longest
        case dict():
            return {key: _resolve(part) for key, part in value.items()}
        case list():
            return [_resolve(part) for part in value]
    return value
