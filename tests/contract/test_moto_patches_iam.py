"""What AWS documents of simulated policies. Each test, over HTTP, fails with moto alone."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from purgemap.demo.local_aws import LocalAws

pytest_plugins = ["support.local_aws_fixtures"]

DISTRIBUTION = "arn:aws:cloudfront::111111111111:distribution/"


@pytest.fixture
def iam(aws: LocalAws) -> Any:
    iam = aws.client("iam")
    iam.create_role(RoleName="role", AssumeRolePolicyDocument="{}")
    return iam


def policy(effect: str, *resources: str) -> str:
    statement = {"Effect": effect, "Action": "cloudfront:*Invalidation", "Resource": list(resources)}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def simulate(iam: Any, *ids: str, actions: tuple[str, ...] = ("cloudfront:CreateInvalidation",)) -> Any:
    return iam.simulate_principal_policy(
        PolicySourceArn="arn:aws:iam::123456789012:role/role",
        ActionNames=list(actions),
        ResourceArns=[DISTRIBUTION + id_ for id_ in ids],
    )["EvaluationResults"]


def test_simulation_evaluates_inline_and_managed_policies(iam: Any) -> None:
    iam.put_role_policy(RoleName="role", PolicyName="inline", PolicyDocument=policy("Allow", f"{DISTRIBUTION}E1*"))
    arn = iam.create_policy(PolicyName="managed", PolicyDocument=policy("Deny", f"{DISTRIBUTION}E12"))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="role", PolicyArn=arn)
    (result,) = simulate(iam, "E11", "E12", "E2")
    decisions = {each["EvalResourceName"]: each["EvalResourceDecision"] for each in result["ResourceSpecificResults"]}
    expected = {"E11": "allowed", "E12": "explicitDeny", "E2": "implicitDeny"}
    assert decisions == {DISTRIBUTION + id_: decision for id_, decision in expected.items()}


def test_simulation_of_one_resource_has_one_decision(iam: Any) -> None:
    (result,) = simulate(iam, "E1")
    assert (result["EvalResourceName"], result["EvalDecision"]) == (f"{DISTRIBUTION}E1", "implicitDeny")
    assert not result.get("ResourceSpecificResults")


def test_simulation_answers_in_pages(iam: Any) -> None:
    pages = iam.get_paginator("simulate_principal_policy").paginate(
        PolicySourceArn="arn:aws:iam::123456789012:role/role",
        ActionNames=["cloudfront:A", "cloudfront:B", "cloudfront:C"],
        ResourceArns=[f"{DISTRIBUTION}E1"],
        PaginationConfig={"PageSize": 2},
    )
    assert [len(page["EvaluationResults"]) for page in pages] == [2, 1]


def test_simulation_refuses_a_missing_role(aws: LocalAws) -> None:
    with pytest.raises(ClientError, match="NoSuchEntity"):
        simulate(aws.client("iam"), "E1")
