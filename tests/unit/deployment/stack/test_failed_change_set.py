"""A change set that failed: the reasons of CloudFormation's early validation, and its own reason without them."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from purgemap.deployment.stack.change_set import ChangeSetRequest, create_change_set
from purgemap.deployment.stack.stack import Stack
from purgemap.errors import PurgemapError
from support.doubles.cloudformation import ScriptedCloudFormation

REQUEST = ChangeSetRequest("purgemap-1", "https://s3.eu-west-1.amazonaws.com/b/k", {})
STACK = Stack("stack", "UPDATE_COMPLETE", {}, {})

# CloudFormation's own text: https://github.com/aws/aws-cdk-cli/issues/1000
VALIDATION_FAILED = {
    "Status": "FAILED",
    "StatusReason": "The following hook(s)/validation failed: [AWS::EarlyValidation::PropertyValidation]. To "
    "troubleshoot Early Validation errors, use the DescribeEvents API for detailed failure information.",
}


def _validation(resource: str, kind: str, reason: str, **more: str) -> dict[str, Any]:
    return {
        "EventType": "VALIDATION_ERROR",
        "LogicalResourceId": resource,
        "ResourceType": kind,
        "ValidationStatus": "FAILED",
        "ValidationStatusReason": reason,
        "ValidationFailureMode": "FAIL",
        **more,
    }


MISSING = _validation(
    "QueuePolicy",
    "AWS::SQS::QueuePolicy",
    "Required property [PolicyDocument] not found.",
    ValidationName="PROPERTY_VALIDATION",
    ValidationPath="/Resources/QueuePolicy/Properties",
)
TAKEN = _validation(
    "LogGroup",
    "AWS::Logs::LogGroup",
    "Resource of type 'AWS::Logs::LogGroup' with identifier '/aws/lambda/purgemap' already exists.",
    ValidationName="NAME_CONFLICT_VALIDATION",
)
NOT_EMPTY = _validation("Bucket", "AWS::S3::Bucket", "The bucket is not empty.", ValidationFailureMode="WARN")
HOOK = {"EventType": "HOOK_INVOCATION_ERROR", "HookType": "Acme::Tags::Hook", "HookStatusReason": "no\n  owner tag."}
MISSING_LINE = (
    "QueuePolicy (AWS::SQS::QueuePolicy): Required property [PolicyDocument] not found (at "
    "/Resources/QueuePolicy/Properties)"
)
TAKEN_LINE = (
    "LogGroup (AWS::Logs::LogGroup): Resource of type 'AWS::Logs::LogGroup' with identifier '/aws/lambda/purgemap' "
    "already exists"
)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([MISSING], MISSING_LINE),
        ([MISSING, TAKEN, MISSING], f"{MISSING_LINE}; {TAKEN_LINE}"),
        ([NOT_EMPTY, TAKEN], TAKEN_LINE),
        ([NOT_EMPTY], "Bucket (AWS::S3::Bucket): The bucket is not empty"),
        ([HOOK], "Acme::Tags::Hook: no owner tag"),
        ([{"EventType": "STACK_EVENT", "OperationStatus": "FAILED"}], VALIDATION_FAILED["StatusReason"].rstrip(".")),
        ([], VALIDATION_FAILED["StatusReason"].rstrip(".")),
    ],
)
def test_failed_change_set_reports_early_validation(events: list[dict[str, Any]], expected: str) -> None:
    cloudformation = ScriptedCloudFormation(
        ["UPDATE_COMPLETE"], change_sets=[VALIDATION_FAILED], operation_events=events
    )
    with pytest.raises(PurgemapError) as refused:
        create_change_set(cloudformation, "purgemap", STACK, REQUEST)
    assert str(refused.value) == f"CloudFormation refuses the template: {expected}"
    assert cloudformation.calls[-1] == "delete_change_set"


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("AccessDenied", "to see the resource and its fault, add the permission cloudformation:DescribeEvents"),
        ("Throttling", "the resource and its fault cannot be read: DescribeEvents: Throttling: no"),
    ],
)
def test_failed_change_set_keeps_own_reason_without_events(code: str, advice: str) -> None:
    error = ClientError({"Error": {"Code": code, "Message": "no"}}, "DescribeEvents")
    cloudformation = ScriptedCloudFormation(
        ["UPDATE_COMPLETE"], change_sets=[VALIDATION_FAILED], operation_events=error
    )
    with pytest.raises(PurgemapError) as refused:
        create_change_set(cloudformation, "purgemap", STACK, REQUEST)
    assert str(refused.value).endswith(f"failure information; {advice}")
    assert cloudformation.calls[-1] == "delete_change_set"
