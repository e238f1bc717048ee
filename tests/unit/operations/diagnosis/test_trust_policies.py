"""Which trust policies admit the function's role."""

from typing import Any

import pytest

from purgemap.operations.diagnosis.trust_policies import admits, trust_policy

ROLE = "arn:aws:iam::111111111111:role/purgemap/purgemap-Role-1"


def policy(principal: Any = ROLE, action: Any = "sts:AssumeRole", **more: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": action, **more}
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "x"}}, statement]}


@pytest.mark.parametrize("ids", [{None}, {"acme"}, {"acme", "initech"}, {None, "acme"}])
def test_trust_policy_admits_its_own_role(ids: set[str | None]) -> None:
    assert admits(trust_policy(ROLE, ids), ROLE, ids)


@pytest.mark.parametrize(
    "principal",
    [ROLE, [ROLE, "arn:aws:iam::1:role/x"], "arn:aws:iam::111111111111:root", "111111111111", "*"],
)
def test_trust_policy_admits_role_account_and_anybody(principal: Any) -> None:
    assert admits(policy(principal), ROLE, {None})


@pytest.mark.parametrize("principal", ["AROAEXAMPLE1ABCD", f"{ROLE}2", "arn:aws:iam::222222222222:root", []])
def test_trust_policy_refuses_another_principal(principal: Any) -> None:
    assert not admits(policy(principal), ROLE, {None})


def test_trust_policy_requires_each_external_id() -> None:
    restricted = policy(Condition={"StringEquals": {"sts:ExternalId": ["acme"]}})
    assert admits(restricted, ROLE, {"acme"})
    assert not admits(restricted, ROLE, {"acme", "initech"})
    assert not admits(restricted, ROLE, {None})


def test_trust_policy_with_another_condition_admits() -> None:
    assert admits(policy(Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}), ROLE, {None})


def test_trust_policy_without_the_action_refuses() -> None:
    assert not admits(policy(action="sts:TagSession"), ROLE, {None})
    assert admits(policy(action=["sts:TagSession", "sts:assume*"]), ROLE, {None})


def test_statement_of_any_principal_is_understood() -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}
    assert admits({"Statement": statement}, ROLE, {None})
