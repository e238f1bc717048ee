"""`purgemap destroy` on the embedded AWS: what it shows, asks, refuses and removes."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from purgemap.cli.destroy import destroy
from purgemap.demo.local_aws import LocalAws, start_local_aws
from purgemap.errors import PurgemapError
from support.commands import answer_on_terminal, invoke
from support.deployed import Deployed, enter_folder_with_map, put, run_deploy

BUCKET = "acme-www"
MAP = f"""
version: 1
distributions:
  docs: {{id: E3EXAMPLE2ABCD, role_arn: "arn:aws:iam::222222222222:role/purgemap"}}
routes:
  - {{bucket: {BUCKET}, distributions: [E2EXAMPLE1ABCD, docs]}}
"""
ARTIFACTS = "purgemap-artifacts-123456789012-us-east-1"


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalAws]:
    """Run an AWS with a bucket and the deployed map."""
    enter_folder_with_map(tmp_path, monkeypatch, MAP)
    with start_local_aws() as running:
        running.create_site_bucket(BUCKET)
        run_deploy()
        yield running


def stack_names(aws: LocalAws) -> list[str]:
    return [stack["StackName"] for stack in aws.client("cloudformation").describe_stacks()["Stacks"]]


def test_destroy_removes_the_stack_and_its_resources(aws: LocalAws) -> None:
    result = invoke(destroy, "--yes")
    assert result.return_value == 0
    assert result.output.endswith("delete complete  purgemap  AWS::CloudFormation::Stack\npurgemap is removed\n")
    assert stack_names(aws) == []
    assert "QueueUrls" not in aws.client("sqs").list_queues()
    assert aws.client("lambda").list_functions()["Functions"] == []
    assert aws.client("events").list_rules()["Rules"] == []
    assert aws.client("iam").list_roles()["Roles"] == []
    assert aws.client("cloudwatch").describe_alarms()["MetricAlarms"] == []


def test_destroy_shows_what_goes_and_stays(aws: LocalAws) -> None:
    result = invoke(destroy)
    assert isinstance(result.exception, click.UsageError)
    assert "cannot ask for confirmation: stdin is not a terminal; pass --yes" in str(result.exception)
    assert result.output == (
        "purgemap in us-east-1 of account 123456789012: CloudFormation removes\n"
        "  the invalidation of 2 sites for 2 distributions\n"
        "  0 messages in the queue\n"
        "  0 messages in the dead-letter queue\n"
        "  the function's log; from then on, changes of objects are not invalidated\n"
        f"  stays s3://{ARTIFACTS}/purgemap/, with the zips and templates; delete it if no other stack uses it\n"
        "  stays member stacks in 222222222222, with their roles and forwarding rules; delete them there\n"
        "  stays the buckets' notifications to EventBridge, which other rules may use\n"
    )
    assert stack_names(aws) == ["purgemap"]


def test_destroy_refuses_while_messages_wait(aws: LocalAws) -> None:
    outputs = Deployed(aws).outputs
    put(aws, BUCKET, "page.html")
    for body in ("1", "2"):
        aws.client("sqs").send_message(QueueUrl=outputs["DeadLetterQueueUrl"], MessageBody=body)
    with pytest.raises(PurgemapError) as caught:
        raise_of("--yes")
    assert str(caught.value) == (
        "1 message in the queue and 2 messages in the dead-letter queue would be lost, and the objects in them stay "
        "stale: wait until purgemap status shows none, send dead letters again with purgemap redrive, or pass "
        "--discard-messages"
    )
    assert stack_names(aws) == ["purgemap"]


def raise_of(*arguments: str) -> None:
    """Run the command, and raise what it raises."""
    result = invoke(destroy, *arguments)
    if result.exception:
        raise result.exception


def test_destroy_counts_messages_in_flight(aws: LocalAws) -> None:
    put(aws, BUCKET, "page.html")
    queue = Deployed(aws).outputs["QueueUrl"]
    assert aws.client("sqs").receive_message(QueueUrl=queue)["Messages"]
    with pytest.raises(PurgemapError, match="1 message in the queue would be lost"):
        raise_of("--yes")


def test_destroy_discards_messages_when_told(aws: LocalAws) -> None:
    put(aws, BUCKET, "page.html")
    result = invoke(destroy, "--yes", "--json", "--discard-messages")
    document = json.loads(result.stdout)
    assert document.pop("remnants")[0].startswith(f"s3://{ARTIFACTS}/purgemap/")
    assert document == {
        "stack": "purgemap",
        "region": "us-east-1",
        "account": "123456789012",
        "sites": 2,
        "discarded": {"queue": 1, "dead_letters": 0},
    }
    assert stack_names(aws) == []


def test_destroy_leaves_artifacts_and_notifications(aws: LocalAws) -> None:
    invoke(destroy, "--yes")
    s3 = aws.client("s3")
    assert s3.list_objects_v2(Bucket=ARTIFACTS)["KeyCount"] == 2
    assert "EventBridgeConfiguration" in s3.get_bucket_notification_configuration(Bucket=BUCKET)


def test_destroy_works_without_queue_and_zip(aws: LocalAws) -> None:
    deployed = Deployed(aws)
    for name in ("QueueUrl", "DeadLetterQueueUrl"):
        aws.client("sqs").delete_queue(QueueUrl=deployed.outputs[name])
    aws.client("s3").delete_object(Bucket=ARTIFACTS, Key=deployed.parameters["CodeKey"])
    result = invoke(destroy)
    assert (
        "the invalidation of its sites; the deployed map can't be read back\n  0 messages in the queue" in result.output
    )
    assert "member stacks in other accounts and regions, if there are any" in result.output


def test_destroy_names_region_and_account_without_stack(aws: LocalAws) -> None:
    with pytest.raises(PurgemapError, match="the stack other does not exist in us-east-1 of account 123456789012, so"):
        raise_of("--yes", "--stack-name", "other")
    assert stack_names(aws) == ["purgemap"]


@pytest.mark.parametrize(
    ("description", "is_protected", "refusal"),
    [
        ("somebody's queue", False, "the stack other is not one of purgemap deploy: its description"),
        ("purgemap in another account or region", False, "the stack other is not one of purgemap deploy"),
        (
            "purgemap: keeps CloudFront caches true to S3.",
            True,
            "the stack other has termination protection: .* --no-enable-termination-protection --stack-name other$",
        ),
    ],
)
def test_destroy_refuses_stack(aws: LocalAws, description: str, refusal: str, *, is_protected: bool) -> None:
    create_stack(aws, Description=description, is_protected=is_protected)
    with pytest.raises(PurgemapError, match=refusal):
        raise_of("--yes", "--stack-name", "other")
    assert sorted(stack_names(aws)) == ["other", "purgemap"]


def create_stack(aws: LocalAws, *, is_protected: bool, **template: Any) -> None:
    body = json.dumps({**template, "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}})
    aws.client("cloudformation").create_stack(
        StackName="other", TemplateBody=body, EnableTerminationProtection=is_protected
    )


@pytest.mark.parametrize(("answer", "status", "names"), [(b"n\n", 1, ["purgemap"]), (b"y\n", 0, [])])
def test_destroy_on_a_terminal_asks(aws: LocalAws, answer: bytes, status: int, names: list[str]) -> None:
    code, output = answer_on_terminal(aws.environment, "destroy", answer)
    assert (code, stack_names(aws)) == (status, names)
    assert "Remove it? [y/N]" in output
