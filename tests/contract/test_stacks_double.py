"""What AWS documents of stacks. Each test, over HTTP, fails with moto alone."""

import json
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from purgemap.demo.local_aws import LocalAws, start_local_aws
from support.doubles.stacks import complete_cloudformation

QUEUE = json.dumps({"Description": "a queue", "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}})


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    complete_cloudformation()
    with start_local_aws() as running:
        yield running


def test_protected_stack_is_not_deleted(aws: LocalAws) -> None:
    cloudformation = aws.client("cloudformation")
    cloudformation.create_stack(StackName="kept", TemplateBody=QUEUE, EnableTerminationProtection=True)
    with pytest.raises(ClientError, match=r"Stack \[kept\] cannot be deleted while TerminationProtection is enabled"):
        cloudformation.delete_stack(StackName="kept")
    assert len(aws.client("sqs").list_queues()["QueueUrls"]) == 1


def test_stack_of_a_change_set_has_its_description(aws: LocalAws) -> None:
    cloudformation = aws.client("cloudformation")
    cloudformation.create_change_set(StackName="new", ChangeSetName="first", ChangeSetType="CREATE", TemplateBody=QUEUE)
    cloudformation.execute_change_set(StackName="new", ChangeSetName="first")
    (stack,) = cloudformation.describe_stacks(StackName="new")["Stacks"]
    assert stack["Description"] == "a queue"
