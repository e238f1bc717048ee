"""Completion events of the deployed function: from an S3 write to a rule on the bus."""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from purgemap.completion_events import ACCEPTED, REJECTED
from purgemap.demo.local_aws import LocalAws, start_local_aws
from support.deployed import QUICK, STACK, Deployed, messages_waiting, put, run_deploy
from support.documents import section
from support.doubles.event_bus import parse_detail
from support.doubles.lambda_runtime import needs_lambda_runtime
from support.local_site import received_events

WWW, MISSING = "E2EXAMPLE1ABCD", "E9EXAMPLE9ABCD"
MAP = f"""
version: 1
distributions: {{www: {{id: {WWW}}}}}
routes:
  - {{name: site, bucket: acme-www, distributions: [www, {MISSING}]}}
"""


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalAws]:
    monkeypatch.chdir(tmp_path)
    Path("config").mkdir()
    Path("config/routes.yaml").write_text(MAP)
    with start_local_aws() as running:
        running.create_site_bucket("acme-www")
        running.create_distribution(WWW)
        yield running


def add_rule(aws: LocalAws, bus: str, pattern: str) -> str:
    """Send the events that match a pattern to a new queue, and return its URL."""
    events, queue_url = aws.client("events"), str(aws.client("sqs").create_queue(QueueName="received")["QueueUrl"])
    events.put_rule(Name="received", EventBusName=bus, EventPattern=pattern)
    target = {"Id": "queue", "Arn": aws.queue_arn(queue_url)}
    events.put_targets(Rule="received", EventBusName=bus, Targets=[target])
    return queue_url


def documented_patterns() -> dict[str, str]:
    """Read the patterns of the rules in deploy/README.md, by the rule's name."""
    block = section("deploy/README.md", "## Completion events").partition("```console\n")[2].partition("```")[0]
    commands = [shlex.split(command) for command in block.replace("\\\n", " ").split("$ ") if "put-rule" in command]
    return {command[command.index("--name") + 1]: command[command.index("--event-pattern") + 1] for command in commands}


@needs_lambda_runtime
@pytest.mark.parametrize("is_default", [True, False])
def test_function_reports_a_write_on_the_bus(aws: LocalAws, tmp_path: Path, *, is_default: bool) -> None:
    bus = "default" if is_default else aws.client("events").create_event_bus(Name="site-events")["EventBusArn"]
    queue_url = add_rule(aws, bus.rpartition("/")[2], '{"source": ["purgemap"]}')
    run_deploy(*QUICK, "--parameter", f"EventBus={bus}")
    deployed = Deployed(aws)
    put(aws, "acme-www", "blog/index.html")
    with deployed.running(tmp_path / "task") as source:
        source.poll()
    rejected, accepted = received_events(aws, queue_url)
    details = [
        parse_detail((event["source"], event["detail-type"], json.dumps(event["detail"])))
        for event in (rejected, accepted)
    ]
    assert [event["detail-type"] for event in (rejected, accepted)] == [REJECTED, ACCEPTED]
    assert [detail["distributions"] for detail in details] == [[MISSING], [WWW]]
    report = details[1]["invalidations"][0]
    assert (report["names"], report["routes"], report["items"]) == (["www"], ["site"], ["/blog/", "/blog/index.html"])
    read = aws.client("cloudfront").get_invalidation(DistributionId=WWW, Id=report["invalidation"])["Invalidation"]
    assert read["InvalidationBatch"]["CallerReference"] == report["caller_reference"]
    assert "events not sent" not in deployed.log
    assert messages_waiting(aws, deployed.outputs["QueueUrl"]) == 0, "no rule of the stack matches the events"


@needs_lambda_runtime
def test_function_survives_a_bus_that_is_missing(aws: LocalAws, tmp_path: Path) -> None:
    run_deploy(*QUICK, "--parameter", "EventBus=arn:aws:events:us-east-1:123456789012:event-bus/missing")
    deployed = Deployed(aws)
    put(aws, "acme-www", "a.html")
    with deployed.running(tmp_path / "task") as source:
        batch = source.poll()
    assert batch is not None
    assert batch.failed_ids == frozenset()
    (line,) = [json.loads(line) for line in deployed.log.splitlines() if "events not sent" in line]
    assert (line["level"], line["events"], line["failed"]) == ("WARNING", 2, 2)
    assert line["reason"].startswith("PutEvents: ")


def policy_of(deployed: Deployed) -> dict[str, Any]:
    iam, arn = deployed.aws.client("iam"), deployed.names_by_id["EventBusPermission"]
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    document: dict[str, Any] = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    role = deployed.names_by_id["Role"]
    attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    assert [policy["PolicyArn"] for policy in attached] == [arn]
    return document


ARN = "arn:aws:events:eu-west-1:222222222222:event-bus/shared"


@pytest.mark.parametrize(
    ("bus", "arn"), [("shared", "arn:aws:events:us-east-1:123456789012:event-bus/shared"), (ARN, ARN)]
)
def test_bus_is_the_only_resource_of_the_permission(aws: LocalAws, bus: str, arn: str) -> None:
    run_deploy(*QUICK, "--parameter", f"EventBus={bus}")
    deployed = Deployed(aws)
    assert deployed.function["Environment"]["Variables"]["PURGEMAP_EVENT_BUS"] == bus
    (statement,) = policy_of(deployed)["Statement"]
    assert (statement["Action"], statement["Resource"]) == ("events:PutEvents", arn)


def test_stack_without_a_bus_has_neither_permission_nor_variable(aws: LocalAws) -> None:
    run_deploy(*QUICK)
    deployed = Deployed(aws)
    assert "EventBusPermission" not in deployed.names_by_id
    assert "PURGEMAP_EVENT_BUS" not in deployed.function["Environment"]["Variables"]
    assert STACK in deployed.outputs["FunctionName"]


@needs_lambda_runtime
def test_documented_rules_match_the_events(aws: LocalAws, tmp_path: Path) -> None:
    pattern = documented_patterns()["cache-warmer"]
    queue_url = add_rule(aws, "default", pattern.replace("E1EXAMPLE1ABCD", WWW))
    run_deploy(*QUICK, "--parameter", "EventBus=default")
    put(aws, "acme-www", "a.html")
    with Deployed(aws).running(tmp_path / "task") as source:
        source.poll()
    (event,) = received_events(aws, queue_url)
    assert event["detail-type"] == ACCEPTED
    assert json.loads(documented_patterns()["rejections-to-chat"])["detail-type"] == [REJECTED]
