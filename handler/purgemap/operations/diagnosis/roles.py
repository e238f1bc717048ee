"""Check that the function may assume the roles of the map, and that each role has its permissions."""

from collections.abc import Iterator, Sequence
from typing import Any

from purgemap.aws.inspection import ActionsOnResource, MissingRole, NotRead
from purgemap.operations.diagnosis.findings import DoctorFinding, describe_not_read, finding
from purgemap.operations.diagnosis.repairs import deploy_member, json_argument
from purgemap.operations.diagnosis.service_inspection import RoleInspection, ServiceExpectation
from purgemap.operations.diagnosis.trust_policies import admits, trust_policy
from purgemap.text import join_with_limit

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: 10,240 for all inline policies of a role,
# of which the function's own queues and log use some.
_MAX_POLICY_CHARACTERS = 9_000


def check_role(expected: ServiceExpectation, role_arn: str, role: RoleInspection) -> Iterator[DoctorFinding]:
    """Report a role of the map that does not exist, or does not admit the function."""
    external_ids, trust = expected.external_ids[role_arn], role.trust
    if isinstance(trust, NotRead):
        # A caller that can assume the role has proved that it exists; one that can't may lack a permission only.
        if role.refusal:
            yield describe_not_read(role_arn, "whether the function may assume the role", trust)
    elif isinstance(trust, MissingRole):
        if role.refusal:
            yield finding(
                "role-not-assumable",
                role_arn,
                "the role does not exist",
                deploy_member(expected.stack_name, FunctionRoleArn=expected.function_role),
            )
    elif not admits(trust, expected.function_role, external_ids):
        message = f"its trust policy does not admit the function's role {expected.function_role}"
        document = json_argument(trust_policy(expected.function_role, external_ids))
        command = f"aws iam update-assume-role-policy --role-name {_name(role_arn)} --policy-document {document}"
        yield finding("role-not-assumable", role_arn, message, command)


def check_permissions(
    role_arn: str, needed: Sequence[ActionsOnResource], denied: tuple[ActionsOnResource, ...] | MissingRole | NotRead
) -> Iterator[DoctorFinding]:
    """Report what IAM denies to a role."""
    if isinstance(denied, NotRead):
        yield describe_not_read(role_arn, "its permissions", denied)
    elif denied and not isinstance(denied, MissingRole):
        texts = [f"{action} on {arn.rpartition(':')[2]}" for actions, arn in denied for action in actions]
        message = f"the role lacks {join_with_limit(texts)}"
        yield finding("permission-missing", role_arn, message, _put_policy(role_arn, needed, denied))


def _put_policy(role_arn: str, needed: Sequence[ActionsOnResource], denied: Sequence[ActionsOnResource]) -> str:
    # The policy of the rendered stack if it is inline; otherwise one more, so that no other policy is replaced.
    name, document = "map", json_argument(_policy(needed))
    if len(document) > _MAX_POLICY_CHARACTERS:
        name, document = "map-repair", json_argument(_policy(denied))
    return f"aws iam put-role-policy --role-name {_name(role_arn)} --policy-name {name} --policy-document {document}"


def _policy(permissions: Sequence[ActionsOnResource]) -> dict[str, Any]:
    arns_by_actions: dict[tuple[str, ...], list[str]] = {}
    for actions, arn in permissions:
        arns_by_actions.setdefault(actions, []).append(arn)
    statements = [
        {"Effect": "Allow", "Action": list(actions), "Resource": arns} for actions, arns in arns_by_actions.items()
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _name(role_arn: str) -> str:
    return role_arn.rpartition("/")[2]
