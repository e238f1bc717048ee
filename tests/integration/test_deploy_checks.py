"""What `purgemap deploy` finds in the map's distributions and buckets, and the notifications that it switches on."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import Result
from moto.s3.exceptions import S3AccessDeniedError
from moto.s3.models import S3Backend

from purgemap.cli.deploy import deploy
from purgemap.demo.local_aws import LocalAws, start_local_aws
from purgemap.demo.moto_patches.cloudfront import rename_distribution
from purgemap.errors import PurgemapError
from support.commands import invoke
from support.deployed import Deployed, enter_folder_with_map, package_once, put
from support.distributions import deny, distribution, origin

WWW, OWN = "E1WWW111111111", "123456789012"
MAP = f"version: 1\nroutes:\n  - {{bucket: acme-www, distributions: [{WWW}]}}\n"
QUEUE = {"Id": "kept", "QueueArn": f"arn:aws:sqs:us-east-1:{OWN}:uploads", "Events": ["s3:ObjectCreated:*"]}
NOTE = "S3 sends events after about five minutes: invalidate earlier changes with purgemap invalidate --site\n"


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalAws]:
    """Run an AWS with a distribution and its bucket, which sends no events to EventBridge."""
    enter_folder_with_map(tmp_path, monkeypatch, MAP)
    with start_local_aws() as running:
        running.client("s3").create_bucket(Bucket="acme-www")
        config = distribution([origin("acme-www")])
        answer = running.client("cloudfront").create_distribution(DistributionConfig=config)
        rename_distribution(account_id=OWN, old=answer["Distribution"]["Id"], new=WWW)
        yield running


def run(*arguments: str) -> Result:
    return invoke(deploy, *arguments, obj=package_once)


def notifications(aws: LocalAws, bucket: str = "acme-www") -> dict[str, Any]:
    answer = aws.client("s3").get_bucket_notification_configuration(Bucket=bucket)
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def test_deploy_shows_findings_and_goes_on_with_yes(aws: LocalAws) -> None:
    result = run("--yes")
    assert (
        "purgemap doctor finds 1 error and 0 warnings in the distributions and buckets of the map:\n"
        "eventbridge-off  s3://acme-www: the bucket sends no events to EventBridge, so no change of its objects is "
        "invalidated\n    purgemap doctor --fix\n"
    ) in result.output
    assert "deployed with 1 error that the checks above name" in result.output
    assert result.return_value == 0
    assert Deployed(aws).status == "CREATE_COMPLETE"
    assert notifications(aws) == {}


@pytest.mark.usefixtures("aws")
def test_deploy_completes_repairs_with_its_own_options() -> None:
    output = run("--dry-run", "--routes", "config", "--stack-name", "web").output
    assert "    purgemap doctor --fix --routes config --stack-name web\n" in output


def test_deploy_without_checks_reads_no_distribution(aws: LocalAws) -> None:
    aws.client("s3").delete_bucket(Bucket="acme-www")
    assert "bucket-missing" not in run("--yes", "--no-checks").output
    assert "bucket-missing" in run("--yes").output


def test_enable_notifications_keeps_other_notifications(aws: LocalAws) -> None:
    aws.client("sqs").create_queue(QueueName="uploads")
    aws.client("s3").put_bucket_notification_configuration(
        Bucket="acme-www", NotificationConfiguration={"QueueConfigurations": [QUEUE]}
    )
    output = run("--yes", "--enable-notifications").output
    assert "  switch on  EventBridge notifications of s3://acme-www\nswitched on  EventBridge" in output
    assert NOTE in output
    assert "eventbridge-off" not in output
    assert notifications(aws) == {"QueueConfigurations": [QUEUE], "EventBridgeConfiguration": {}}
    put(aws, "acme-www", "page.html")
    assert aws.client("sqs").receive_message(QueueUrl=Deployed(aws).outputs["QueueUrl"])["Messages"]


def test_enable_notifications_works_without_other_changes(aws: LocalAws) -> None:
    run("--yes")
    stdout = run("--yes", "--enable-notifications").stdout
    assert stdout == (
        "purgemap: no changes\n  switch on  EventBridge notifications of s3://acme-www\n"
        f"switched on  EventBridge notifications of s3://acme-www\n{NOTE}"
    )
    assert "EventBridgeConfiguration" in notifications(aws)
    assert run("--yes", "--enable-notifications").stdout == "purgemap: no changes\n"


def test_dry_run_switches_no_notifications_on(aws: LocalAws) -> None:
    output = run("--dry-run", "--enable-notifications").output
    assert "  switch on  EventBridge notifications of s3://acme-www\ndry run: nothing is changed; " in output
    assert notifications(aws) == {}
    assert aws.client("cloudformation").describe_stacks()["Stacks"] == []


def test_enable_notifications_leaves_other_regions_alone(aws: LocalAws) -> None:
    aws.client("s3").create_bucket(Bucket="acme-docs", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    Path("config/routes.yaml").write_text(f"{MAP}  - {{bucket: acme-docs, distributions: [{WWW}]}}\n")
    output = run("--yes", "--enable-notifications").output
    assert "eventbridge-off  s3://acme-docs" in output
    assert notifications(aws, "acme-docs") == {}


def test_failed_switch_deploys_nothing(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(S3Backend, "put_bucket_notification_configuration", refuse)
    result = run("--yes", "--enable-notifications")
    assert isinstance(result.exception, PurgemapError)
    assert str(result.exception).startswith(
        "nothing is deployed: the bucket acme-www: PutBucketNotificationConfiguration: AccessDenied"
    )
    assert aws.client("cloudformation").describe_stacks()["Stacks"] == []


def refuse(*_: Any) -> None:
    raise S3AccessDeniedError


@pytest.mark.usefixtures("aws")
def test_deploy_without_read_permissions_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    deny(monkeypatch, "cloudfront:list_distributions", "s3:get_bucket_notification")
    output = run("--yes").output
    assert "not checked  allow cloudfront:ListDistributions, allow s3:GetBucketNotification\n" in output
    assert "purgemap is up to date\n" in output


def test_enable_notifications_contradicts_no_checks() -> None:
    assert isinstance(run("--enable-notifications", "--no-checks").exception, click.UsageError)
