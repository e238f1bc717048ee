"""Read over botocore what IAM roles may do, and who may assume them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from purgemap.aws.errors import error_code
from purgemap.aws.inspection.accounts import Accounts, read_or_reason
from purgemap.aws.inspection.configurations import NotRead

# IAM publishes no limit for the ARNs of a simulation; its answer pages after 100 results, three actions for each ARN.
_ARNS_PER_CALL = 30


class ActionsOnResource(NamedTuple):
    """Actions on one resource, such as those that a role needs for a distribution."""

    actions: tuple[str, ...]
    arn: str


class MissingRole(NamedTuple):
    """A role that does not exist."""

    arn: str


def find_denied(
    accounts: Accounts, account: str, role_arn: str, permissions: Sequence[ActionsOnResource]
) -> tuple[ActionsOnResource, ...] | MissingRole | NotRead:
    """Return what a role may not do, of some permissions."""
    # IAM itself evaluates inline and managed policies, boundaries and wildcards. To compare policy documents would need
    # an evaluator of our own.
    client = accounts.client("iam", account)
    try:
        denied = read_or_reason(
            "iam:SimulatePrincipalPolicy", lambda: list(_simulate_all(client, role_arn, permissions))
        )
    except _NoSuchRoleError:
        return MissingRole(role_arn)
    return denied if isinstance(denied, NotRead) else tuple(denied)


class _NoSuchRoleError(Exception):
    """A role that IAM does not have."""


def _simulate_all(client: Any, role_arn: str, permissions: Sequence[ActionsOnResource]) -> Iterator[ActionsOnResource]:
    arns_by_actions: dict[tuple[str, ...], list[str]] = {}
    for permission in permissions:
        arns_by_actions.setdefault(permission.actions, []).append(permission.arn)
    for actions, arns in arns_by_actions.items():
        for start in range(0, len(arns), _ARNS_PER_CALL):
            yield from _simulate(client, role_arn, actions, arns[start : start + _ARNS_PER_CALL])


def _simulate(client: Any, role_arn: str, actions: Sequence[str], arns: Sequence[str]) -> Iterator[ActionsOnResource]:
    # https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
    pages = client.get_paginator("simulate_principal_policy").paginate(
        PolicySourceArn=role_arn, ActionNames=list(actions), ResourceArns=list(arns)
    )
    denied: dict[str, list[str]] = {}
    try:
        for result in (result for page in pages for result in page["EvaluationResults"]):
            for arn, decision in _decisions(result):
                if decision != "allowed":
                    denied.setdefault(arn, []).append(str(result["EvalActionName"]))
    except ClientError as error:
        if error_code(error) == "NoSuchEntity":
            raise _NoSuchRoleError from error
        raise
    return (ActionsOnResource(tuple(names), arn) for arn, names in denied.items())


def _decisions(result: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the decision of each resource: with several, they are in a list of their own."""
    for specific in result.get("ResourceSpecificResults") or ():
        yield str(specific["EvalResourceName"]), str(specific["EvalResourceDecision"])
    if not result.get("ResourceSpecificResults"):
        yield str(result["EvalResourceName"]), str(result["EvalDecision"])


def read_trust_policy(accounts: Accounts, account: str, role_arn: str) -> Mapping[str, Any] | MissingRole | NotRead:
    """Read the policy that says who may assume a role."""
    client = accounts.client("iam", account)

    def read() -> Mapping[str, Any] | MissingRole:
        try:
            role = client.get_role(RoleName=role_arn.rpartition("/")[2])["Role"]
        except ClientError as error:
            if error_code(error) == "NoSuchEntity":
                return MissingRole(role_arn)
            raise
        policy: Mapping[str, Any] = role["AssumeRolePolicyDocument"]
        return policy

    return read_or_reason("iam:GetRole", read)


def try_to_assume(accounts: Accounts, role_arn: str, external_id: str | None) -> NotRead | None:
    """Assume a role with the caller's own credentials; returns why that is not possible, or None."""
    request = {"RoleArn": role_arn, "RoleSessionName": "purgemap"}
    if external_id:
        request["ExternalId"] = external_id
    client = accounts.client("sts", accounts.own)
    answer = read_or_reason("sts:AssumeRole", lambda: client.assume_role(**request))
    return answer if isinstance(answer, NotRead) else None
