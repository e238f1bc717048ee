"""Make moto's IAM evaluate the policies of a role.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

import json
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Any

from moto.core.responses import ActionResult
from moto.iam.models import IAMBackend
from moto.iam.responses import IamResponse

from purgemap.demo.moto_patches.registry import PATCHES

_PAGE_SIZE = 100


@PATCHES.append
def _add_simulation() -> None:
    """Add SimulatePrincipalPolicy for roles; moto: lacks it. Conditions and boundaries are not evaluated."""
    setattr(IamResponse, "simulate_principal_policy", _simulate_principal_policy)  # noqa: B010  moto has no such method


def _simulate_principal_policy(response: IamResponse) -> ActionResult:
    """Evaluate actions on resources, in pages; several resources of one action are results of their own list."""
    backend = response.backend
    role = backend.get_role(response._get_param("PolicySourceArn").rpartition("/")[2])
    statements = list(_statements(backend, role.name))
    arns = response._get_param("ResourceArns") or ["*"]
    results = [_result(action, arns, statements) for action in response._get_param("ActionNames")]
    start = int(response._get_param("Marker") or 0)
    end = start + int(response._get_param("MaxItems") or _PAGE_SIZE)
    answer: dict[str, Any] = {"EvaluationResults": results[start:end], "IsTruncated": end < len(results)}
    return ActionResult(answer | ({"Marker": str(end)} if end < len(results) else {}))


def _statements(backend: IAMBackend, role_name: str) -> Iterator[dict[str, Any]]:
    documents = [backend.get_role_policy(role_name, name)[1] for name in backend.list_role_policies(role_name)]
    versions = [
        version for policy in backend.get_role(role_name).managed_policies.values() for version in policy.versions
    ]
    for document in (*documents, *(version.document for version in versions if version.is_default)):
        yield from _many((json.loads(document) if isinstance(document, str) else document)["Statement"])


def _result(action: str, arns: list[str], statements: Iterable[dict[str, Any]]) -> dict[str, Any]:
    decisions = {arn: _decide(action, arn, statements) for arn in arns}
    specific = [
        {"EvalResourceName": arn, "EvalResourceDecision": decision, "MatchedStatements": []}
        for arn, decision in decisions.items()
    ]
    # With several resources, the action's own decision is the strictest of theirs.
    overall = next((decision for decision in decisions.values() if decision != "allowed"), "allowed")
    return {
        "EvalActionName": action,
        "EvalResourceName": arns[0] if len(arns) == 1 else "*",
        "EvalDecision": overall,
        "MatchedStatements": [],
        **({"ResourceSpecificResults": specific} if len(arns) > 1 else {}),
    }


def _decide(action: str, arn: str, statements: Iterable[dict[str, Any]]) -> str:
    effects = {
        statement["Effect"]
        for statement in statements
        if any(fnmatchcase(action.lower(), pattern.lower()) for pattern in _many(statement.get("Action")))
        and any(fnmatchcase(arn, pattern) for pattern in _many(statement.get("Resource")))
    }
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
    return "explicitDeny" if "Deny" in effects else "allowed" if effects else "implicitDeny"


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
