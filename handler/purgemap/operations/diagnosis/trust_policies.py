"""Decide whether the trust policy of a role admits another role, and write one that does."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

_ASSUME = "sts:AssumeRole"
_EXTERNAL_ID = "sts:externalid"  # keys of conditions have no case


def admits(policy: Mapping[str, Any], role_arn: str, external_ids: Collection[str | None]) -> bool:
    """Return whether a role may assume the role of a trust policy, with each of the external ids.

    Conditions other than the external id count as met: what they compare with is only known at the call.
    """
    return all(
        any(_allows(statement, role_arn, external_id) for statement in _list(policy.get("Statement")))
        for external_id in external_ids
    )


def _allows(statement: Mapping[str, Any], role_arn: str, external_id: str | None) -> bool:
    return (
        statement.get("Effect") == "Allow"
        and any(_matches(action, _ASSUME) for action in _list(statement.get("Action")))
        and any(_is_principal(principal, role_arn) for principal in _principals(statement.get("Principal")))
        and all(external_id in accepted for accepted in _accepted_ids(statement.get("Condition") or {}))
    )


def _principals(principal: Any) -> list[str]:
    return [principal] if isinstance(principal, str) else _list((principal or {}).get("AWS"))


def _is_principal(principal: str, role_arn: str) -> bool:
    """Return whether a principal is the role, its account, or anybody."""
    # IAM shows a deleted role as its unique id, AROA…, which a new role of the same name does not have:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    account = role_arn.split(":")[4]
    return principal in {"*", role_arn, account} or bool(re.fullmatch(rf"arn:[a-z-]+:iam::{account}:root", principal))


def _accepted_ids(conditions: Mapping[str, Any]) -> Iterator[list[str]]:
    for operator, keys in conditions.items():
        for key, values in keys.items():
            if key.lower() == _EXTERNAL_ID and operator == "StringEquals":
                yield _list(values)


def trust_policy(role_arn: str, external_ids: Collection[str | None]) -> dict[str, Any]:
    """Return the trust policy of a role of the map, as `purgemap render --member` writes it."""
    # Without an id for one of the distributions the function calls without one, which IAM must accept.
    ids = [] if None in external_ids else sorted(filter(None, external_ids))
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": role_arn},
        "Action": _ASSUME,
        **({"Condition": {"StringEquals": {"sts:ExternalId": ids}}} if ids else {}),
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def _list(value: Any) -> list[Any]:
    """Return a list for IAM's values, which may be single."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _matches(pattern: str, action: str) -> bool:
    expression = ".*".join(map(re.escape, pattern.split("*")))
    return re.fullmatch(expression, action, re.IGNORECASE) is not None
