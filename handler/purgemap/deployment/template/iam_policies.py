"""The map's distributions and roles → the policies that give the function these rights and no other."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from purgemap.deployment.template.aws_limits import INLINE_CHARACTERS, MANAGED_CHARACTERS, check_policies
from purgemap.deployment.template.stable_groups import stable_groups
from purgemap.routemap import TENANT, Distribution, RouteMap

_ARN = "arn:${{AWS::Partition}}:cloudfront::${{AWS::AccountId}}:{}/{}"


class Permission(NamedTuple):
    """Rights on one resource: the statement that they go into, the actions, and the ARN, in which Fn::Sub puts in."""

    sid: str
    actions: tuple[str, ...]
    arn: str


def list_permissions(routes: RouteMap) -> list[Permission]:
    """List what the function needs for the map: each right that it uses, on exactly the map's resources."""
    return sorted({_grant(distribution) for distribution in routes.distributions_by_id.values()})


def _grant(distribution: Distribution) -> Permission:
    if distribution.role_arn:
        return Permission("AssumeRoles", ("sts:AssumeRole",), distribution.role_arn)
    return invalidation_permission(distribution)


def invalidation_permission(distribution: Distribution) -> Permission:
    """Let a distribution, or a tenant, of the stack's own account be invalidated.

    Past invalidations are read to count them, which only a distribution with a daily budget needs.
    """
    is_tenant, is_counted = distribution.id.startswith(TENANT), distribution.max_paths_per_day > 0
    calls = ("CreateInvalidation", "GetInvalidation", "ListInvalidations") if is_counted else ("CreateInvalidation",)
    kind, of_tenant = ("distribution-tenant", "ForDistributionTenant") if is_tenant else ("distribution", "")
    return Permission(
        f"Invalidate{'Tenants' if is_tenant else ''}{'' if is_counted else 'Uncounted'}",
        tuple(f"cloudfront:{call}{of_tenant}" for call in calls),
        _ARN.format(kind, distribution.id.removeprefix(TENANT)),
    )


def render_policies(grants: Sequence[Permission], role: str, *, taken: int, **attributes: Any) -> dict[str, Any]:
    """Put grants into policies of a role of the template, by logical id; raises RenderError if they don't fit.

    `taken` counts the characters of the role's inline policies. What fits beside them is inline, else managed policies
    share it.
    """
    if not grants:
        return {}
    if taken + _size(grants) <= INLINE_CHARACTERS:
        properties = {"PolicyName": "map", "Roles": [{"Ref": role}], "PolicyDocument": _document(grants)}
        return {f"{role}Rights": {"Type": "AWS::IAM::Policy", **attributes, "Properties": properties}}
    return _managed_policies(grants, role, attributes)


def _managed_policies(grants: Sequence[Permission], role: str, attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Share grants out over managed policies that change in place.

    So the role has no more of them during an update than after it. A group that is split keeps its policy for the one
    half, and this waits until the policy of the other half stands: no right is missing for a moment.
    """
    groups = {name.rstrip("0"): group for name, group in _managed_groups(grants).items()}
    check_policies(len(groups))
    split_off = {name: [other for other in groups if other and _origin(other) == name] for name in groups}
    return {
        f"{role}ManagedRights{name}": {
            "Type": "AWS::IAM::ManagedPolicy",
            **attributes,
            **({"DependsOn": [f"{role}ManagedRights{other}" for other in split_off[name]]} if split_off[name] else {}),
            "Properties": {
                "Path": {"Fn::Sub": "/${AWS::StackName}/"},
                "Description": "Rights on distributions of the map, for purgemap",
                "Roles": [{"Ref": role}],
                "PolicyDocument": _document(group),
            },
        }
        for name, group in groups.items()
    }


def _origin(name: str) -> str:
    """Name the group that a group was once split off: its bits without the last 1."""
    return name.removesuffix("1").rstrip("0")


def _managed_groups(grants: Iterable[Permission]) -> dict[str, list[Permission]]:
    grants_by_arn = {grant.arn: grant for grant in grants}

    def pick(arns: Iterable[str]) -> list[Permission]:
        return sorted(grants_by_arn[arn] for arn in arns)

    groups = stable_groups(grants_by_arn, lambda arns: _size(pick(arns)) <= MANAGED_CHARACTERS)
    return {name: pick(arns) for name, arns in groups.items()}


def _document(grants: Iterable[Permission]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(_statements(grants))}


def _statements(grants: Iterable[Permission]) -> Iterator[dict[str, Any]]:
    arns_by_statement: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for sid, actions, arn in grants:
        arns_by_statement.setdefault((sid, actions), []).append(arn)
    for (sid, actions), arns in arns_by_statement.items():
        resources = [{"Fn::Sub": arn} if "${" in arn else arn for arn in arns]
        yield {"Sid": sid, "Effect": "Allow", "Action": _one_or_all(actions), "Resource": resources}


def _one_or_all(texts: tuple[str, ...]) -> str | list[str]:
    return texts[0] if len(texts) == 1 else list(texts)


def _size(grants: Iterable[Permission]) -> int:
    return document_size(_document(grants))


def document_size(document: Mapping[str, Any]) -> int:
    """Count a policy document's characters as IAM does, without white space and with what Fn::Sub puts in."""
    text = json.dumps(_resolved(document), separators=(",", ":"))
    return len("".join(text.split()))


def _resolved(value: Any) -> Any:
    """Replace functions by texts as long as what they give; a stack's own ARNs are taken at their longest."""
    match value:
        case {"Fn::Sub": str(text)}:
            return text.replace("${AWS::Partition}", "aws-cn").replace("${AWS::AccountId}", "0" * 12)
        case {"Fn::GetAtt": _} | {"Ref": _}:
            return "-" * 160
        case dict():
            return {key: _resolved(each) for key, each in value.items()}
        case list():
            return [_resolved(each) for each in value]
    return value
