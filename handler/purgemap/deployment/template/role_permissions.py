"""List the permissions of every role that serves a map, with the ARNs that a running stack has."""

from purgemap.deployment.template.iam_policies import Permission, invalidation_permission, list_permissions
from purgemap.routemap import RouteMap

_ARN_FIELDS = {"${AWS::Partition}": 1, "${AWS::AccountId}": 4}


def list_role_permissions(routes: RouteMap, function_role: str) -> dict[str, tuple[Permission, ...]]:
    """List the permissions by the ARN of a role: the function's role, and the roles of the map that it assumes."""
    permissions = {function_role: [_resolve(permission, function_role) for permission in list_permissions(routes)]}
    for distribution in routes.distributions_by_id.values():
        if distribution.role_arn:
            permission = _resolve(invalidation_permission(distribution), distribution.role_arn)
            permissions.setdefault(distribution.role_arn, []).append(permission)
    return {role: tuple(sorted(needed)) for role, needed in permissions.items()}


def _resolve(permission: Permission, role_arn: str) -> Permission:
    """Replace the pseudo parameters of a stack by the partition and the account of a role."""
    arn, fields = permission.arn, role_arn.split(":")
    for parameter, index in _ARN_FIELDS.items():
        arn = arn.replace(parameter, fields[index])
    return permission._replace(arn=arn)
