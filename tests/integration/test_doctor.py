"""`purgemap doctor` on the embedded AWS: a healthy site over two accounts, and its faults with their repairs."""

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from moto.awslambda.responses import LambdaResponse
from moto.cloudformation.responses import CloudFormationResponse
from moto.cloudfront.responses import CloudFrontResponse
from moto.cloudwatch.models import cloudwatch_backends
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.exceptions import ServiceException
from moto.events.responses import EventsHandler
from moto.iam.responses import IamResponse
from moto.s3.exceptions import S3AccessDeniedError
from moto.s3.models import S3Backend
from moto.s3.responses import S3Response
from moto.sqs.responses import SQSResponse
from moto.sts.responses import TokenResponse as STSHandler

from purgemap.aws.inspection import FAILURE_MINUTES
from purgemap.cli.doctor import doctor
from purgemap.demo.local_aws import start_local_aws
from purgemap.demo.moto_patches.cloudfront import rename_distribution
from purgemap.operations.diagnosis import CODES
from support.aws_cli import needs_aws_cli
from support.commands import invoke
from support.deployed import Deployed
from support.distributions import behavior, cache_policy, deny, distribution, origin
from support.documents import code_names, section, table_rows
from support.healthy_site import (
    APP,
    OTHER,
    OWN,
    READER,
    SHOP,
    WWW,
    HealthySite,
    build_healthy_site,
    create_bucket,
    create_distribution,
)

# Each permission with the class and method of moto that answer for it. GetRole and AssumeRole stand in for each other.
READS: dict[str, tuple[type, str]] = {
    "cloudfront:ListDistributions": (CloudFrontResponse, "list_distributions"),
    "cloudfront:GetDistributionConfig": (CloudFrontResponse, "get_distribution_config"),
    "cloudfront:ListDistributionTenants": (CloudFrontResponse, "list_distribution_tenants"),
    "s3:ListBucket": (S3Response, "head_bucket"),
    "s3:GetBucketNotification": (S3Response, "get_bucket_notification"),
    "s3:GetObject": (S3Response, "get_object"),
    "cloudformation:DescribeStacks": (CloudFormationResponse, "describe_stacks"),
    "lambda:GetFunctionConfiguration": (LambdaResponse, "get_function_configuration"),
    "events:ListRules": (EventsHandler, "list_rules"),
    "events:ListTargetsByRule": (EventsHandler, "list_targets_by_rule"),
    "cloudwatch:GetMetricData": (CloudWatchResponse, "get_metric_data"),
    "sqs:GetQueueAttributes": (SQSResponse, "get_queue_attributes"),
    "iam:SimulatePrincipalPolicy": (IamResponse, "simulate_principal_policy"),
}

# moto: "Exception with code AccessDeniedException does not match an error shape in service models".
pytestmark = pytest.mark.filterwarnings("ignore:Exception:UserWarning")

Fault = Callable[[HealthySite], None]

FAULTS: dict[str, Fault] = {}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HealthySite]:
    monkeypatch.chdir(tmp_path)
    with start_local_aws() as aws:
        yield build_healthy_site(aws)


def fault(name: str) -> Callable[[Fault], Fault]:
    """Register the way to plant a fault; its name starts with its code."""

    def register(plant: Fault) -> Fault:
        FAULTS[name] = plant
        return plant

    return register


@fault("distribution-missing")
def replace_distribution(_site: HealthySite) -> None:
    rename_distribution(account_id=OWN, old=APP, new="E9NEW999999999")


@fault("distribution-disabled")
def disable_distribution(site: HealthySite) -> None:
    site.change(SHOP, OTHER, Enabled=False)


@fault("tenant-missing")
def misspell_tenant(site: HealthySite) -> None:
    site.edit_map(site.tenant, f"{site.tenant[:-1]}_")
    site.deploy()


@fault("tenant-only")
def name_multi_tenant_distribution(site: HealthySite) -> None:
    site.edit_map(f"tenant: {site.tenant}", f"id: {site.multi_tenant}")
    site.deploy()


@fault("id-twice")
def copy_name(site: HealthySite) -> None:
    site.edit_map(f"www: {{id: {WWW}}}", f"www: {{id: {WWW}}}\n  docs: {{id: {WWW}}}")
    site.edit_map("acme-docs, distributions: [www]", "acme-docs, distributions: [docs]")
    site.deploy()


@fault("bucket-missing")
def delete_bucket(site: HealthySite) -> None:
    site.aws.client("s3").delete_bucket(Bucket="acme-docs")


@fault("bucket-not-an-origin")
def route_bucket_to_another_distribution(site: HealthySite) -> None:
    site.edit_map("acme-docs, distributions: [www]", "acme-docs, distributions: [www, app]")
    site.deploy()


@fault("origin-path-differs")
def move_origin(site: HealthySite) -> None:
    site.change(WWW, Origins=distribution([origin("acme-www"), origin("acme-docs", "/v2", id_="docs")])["Origins"])


@fault("origin-unrouted")
def add_failover(site: HealthySite) -> None:
    origins = [origin("acme-app", id_="first"), origin("acme-brands", id_="second")]
    config = distribution(origins, groups={"s3": ["first", "second"]})
    site.change(APP, Origins=config["Origins"], OriginGroups=config["OriginGroups"])


@fault("eventbridge-off")
def switch_events_off(site: HealthySite) -> None:
    queue = {"QueueArn": f"arn:aws:sqs:us-east-1:{OWN}:others", "Events": ["s3:ObjectCreated:*"]}
    site.aws.client("sqs").create_queue(QueueName="others")
    site.aws.client("s3").put_bucket_notification_configuration(
        Bucket="acme-www", NotificationConfiguration={"QueueConfigurations": [queue]}
    )


@fault("url-rewritten")
def add_function(site: HealthySite) -> None:
    functions = [("origin-request", f"arn:aws:lambda:us-east-1:{OWN}:function:rewrite:1")]
    site.change(WWW, DefaultCacheBehavior=behavior(functions=functions))


@fault("query-strings-in-cache-key")
def add_query_strings(site: HealthySite) -> None:
    client = site.aws.client("cloudfront")
    policy = client.create_cache_policy(CachePolicyConfig=cache_policy("whitelist"))["CachePolicy"]["Id"]
    site.change(WWW, DefaultCacheBehavior=behavior(policy=policy))


@fault("default-root-object")
def change_root_object(site: HealthySite) -> None:
    site.change(WWW, DefaultRootObject="home.html")


@fault("error-page-cached")
def add_error_page(site: HealthySite) -> None:
    page = "/guide/[404].html"
    site.change(WWW, CustomErrorResponses=distribution([], error_pages={403: page, 404: page})["CustomErrorResponses"])


@fault("tags-without-header")
def invalidate_tags(site: HealthySite) -> None:
    site.edit_map("origin_path: /docs", 'origin_path: /docs, invalidate: ["{path}", "#docs"]')
    site.deploy()


@fault("role-not-assumable")
def change_trust(site: HealthySite) -> None:
    # As IAM shows a role that was deleted and created again under its name.
    statement = {"Effect": "Allow", "Principal": {"AWS": "AROAEXAMPLE1ABCD"}, "Action": "sts:AssumeRole"}
    site.aws.client("iam", OTHER).update_assume_role_policy(
        RoleName="purgemap", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )


@fault("map-differs")
def edit_map_without_deployment(site: HealthySite) -> None:
    site.edit_map(f"www: {{id: {WWW}}}", f"www: {{id: {WWW}, max_paths: 100}}")
    site.edit_map("acme-www, distributions: [www]", "acme-www, distributions: [www], prefix: ''")
    site.edit_map("acme-docs, distributions: [www]", "acme-docs, distributions: [www], strip_suffixes: [.br]")


@fault("rule-missing")
def delete_rule(site: HealthySite) -> None:
    events = site.aws.client("events")
    (rule, *_) = events.list_rules(NamePrefix="purgemap-")["Rules"]
    events.remove_targets(Rule=rule["Name"], Ids=["queue"])
    events.delete_rule(Name=rule["Name"])


@fault("rule-missing elsewhere")
def add_bucket_of_another_region(site: HealthySite) -> None:
    client = site.aws.client("s3")
    client.create_bucket(Bucket="acme-eu", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    events: dict[str, Any] = {"EventBridgeConfiguration": {}}
    client.put_bucket_notification_configuration(Bucket="acme-eu", NotificationConfiguration=events)
    site.change(SHOP, OTHER, Origins=distribution([origin("acme-shop"), origin("acme-eu", id_="eu")])["Origins"])
    site.edit_map(
        "bucket: acme-shop, distributions: [shop]}",
        "bucket: acme-shop, distributions: [shop]}\n  - {bucket: acme-eu, distributions: [shop]}",
    )
    site.deploy()


@fault("permission-missing")
def remove_permission(site: HealthySite) -> None:
    role = Deployed(site.aws).outputs["FunctionRoleArn"].rpartition("/")[2]
    site.aws.client("iam").delete_role_policy(RoleName=role, PolicyName="map")


@fault("permission-missing to compare uploads")
def remove_permission_of_the_ledger(site: HealthySite) -> None:
    for bucket, name in (("acme-www", "www"), ("acme-shop", "shop")):
        site.edit_map(f"{bucket}, distributions: [{name}]", f"{bucket}, distributions: [{name}], skip_unchanged: true")
    role = site.deploy().outputs["FunctionRoleArn"].rpartition("/")[2]
    iam = site.aws.client("iam")
    policy = iam.get_role_policy(RoleName=role, PolicyName="map")["PolicyDocument"]
    kept = [each for each in policy["Statement"] if each["Sid"] not in {"Ledger", "ReadUploads"}]
    assert len(kept) == len(policy["Statement"]) - 2
    iam.put_role_policy(RoleName=role, PolicyName="map", PolicyDocument=json.dumps(policy | {"Statement": kept}))


@fault("dead-letters")
def send_dead_letter(site: HealthySite) -> None:
    site.aws.client("sqs").send_message(QueueUrl=Deployed(site.aws).outputs["DeadLetterQueueUrl"], MessageBody="x")


@fault("deliveries-failing")
def fail_deliveries(site: HealthySite) -> None:
    site.aws.client("sqs").set_queue_attributes(
        QueueUrl=Deployed(site.aws).outputs["QueueUrl"], Attributes={"Policy": '{"Statement": []}'}
    )
    (rule, *_) = site.aws.client("events").list_rules(NamePrefix="purgemap-")["Rules"]
    put_failed_invocations(site, rule["Name"], 2)


def put_failed_invocations(site: HealthySite, rule: str, minutes_ago: int) -> None:
    data = {
        "MetricName": "FailedInvocations",
        "Dimensions": [{"Name": "RuleName", "Value": rule}],
        "Timestamp": dt.datetime.now(dt.UTC) - dt.timedelta(minutes=minutes_ago),
        "Value": 3,
    }
    site.aws.client("cloudwatch").put_metric_data(Namespace="AWS/Events", MetricData=[data])


def pass_minutes(minutes: int) -> None:
    """Make the metrics older: the failed deliveries before a repair count for a while."""
    for metric in cloudwatch_backends[OWN]["us-east-1"].metric_data:
        metric.timestamp -= dt.timedelta(minutes=minutes)


class _DeniedError(ServiceException):
    code = "AccessDeniedException"


def refuse(patch: pytest.MonkeyPatch, owner: type, method: str) -> None:
    """Let moto refuse an operation: it does not know IAM over HTTP."""
    if owner in {CloudFrontResponse, S3Response}:
        deny(patch, f"{'s3' if owner is S3Response else 'cloudfront'}:{method}")
        return

    def answer(_response: Any) -> Any:
        raise _DeniedError("User: arn:aws:iam::123456789012:user/reader is not authorized")

    patch.setattr(owner, method, answer)


def test_doctor_finds_nothing_at_healthy_site(site: HealthySite) -> None:
    result = site.doctor()
    assert (result.stdout, result.stderr) == ("4 distributions, 5 buckets, 1 stack: fine\n", "")
    assert result.return_value == 0


@needs_aws_cli
@pytest.mark.parametrize("name", FAULTS)
def test_doctor_finds_fault_until_its_repair(site: HealthySite, name: str) -> None:
    code, *_ = name.split()
    FAULTS[name](site)
    findings = site.findings()
    assert {finding["code"] for finding in findings} == {code}, findings
    assert {finding["severity"] for finding in findings} == {CODES[code]}
    for finding in findings:
        site.repair(finding)
    pass_minutes(FAILURE_MINUTES)
    assert code not in {finding["code"] for finding in site.findings()}, site.findings()


def test_doctor_shows_findings_with_repairs(site: HealthySite) -> None:
    disable_distribution(site)
    create_bucket(site.aws, "acme-new", sends_events=False)
    result = site.doctor("--stack-name", "other", "--routes", "config")
    assert result.return_value == 1
    lines = result.stdout.splitlines()
    assert lines[0].startswith(f"distribution-disabled  shop ({SHOP}) in account {OTHER}: the distribution is disabled")
    assert lines[1].startswith(f"    aws cloudfront update-distribution --id {SHOP} ")
    assert lines[2:] == [
        "stack-missing  the stack other: the stack does not exist, so no change is invalidated",
        "    purgemap deploy --stack-name other --routes config",
        "4 distributions, 5 buckets, no stack: 1 error, 1 warning",
    ]


def test_doctor_exits_with_zero_for_warnings(site: HealthySite) -> None:
    disable_distribution(site)
    assert site.doctor().return_value == 0


@needs_aws_cli
def test_doctor_fix_keeps_all_other_notifications(site: HealthySite) -> None:
    switch_events_off(site)
    s3 = site.aws.client("s3")
    queues = s3.get_bucket_notification_configuration(Bucket="acme-www")["QueueConfigurations"]
    result = site.doctor("--fix")
    assert result.stdout.splitlines() == [
        "switched on: EventBridge notifications of s3://acme-www",
        "4 distributions, 5 buckets, 1 stack: fine",
    ]
    now = s3.get_bucket_notification_configuration(Bucket="acme-www")
    assert (now["QueueConfigurations"], now["EventBridgeConfiguration"]) == (queues, {})
    assert site.doctor("--fix").stdout == "4 distributions, 5 buckets, 1 stack: fine\n"


def test_doctor_fix_reports_bucket_that_it_may_not_change(site: HealthySite, monkeypatch: pytest.MonkeyPatch) -> None:
    switch_events_off(site)
    monkeypatch.setattr(S3Backend, "put_bucket_notification_configuration", Mock(side_effect=S3AccessDeniedError))
    result = site.doctor("--fix", "--json")
    assert [finding["code"] for finding in json.loads(result.stdout)["findings"]] == ["eventbridge-off"]
    assert result.stderr.startswith("not switched on: the bucket acme-www: PutBucketNotificationConfiguration: ")
    assert result.return_value == 1


def test_doctor_names_missing_permission_of_each_read(site: HealthySite, monkeypatch: pytest.MonkeyPatch) -> None:
    for permission, (owner, method) in READS.items():
        with monkeypatch.context() as refusal:
            refuse(refusal, owner, method)
            result = site.doctor("--json")
        findings = json.loads(result.stdout)["findings"]
        assert {finding["severity"] for finding in findings} == {"not-checked"}, permission
        assert {finding["fix"] for finding in findings} == {f"allow {permission}"}, findings
        assert result.return_value == 0, permission


def test_permissions_table_names_every_read_of_doctor() -> None:
    rows = table_rows(section("deploy/README.md", "## Permissions"))
    (needs,) = (row[1] for row in rows if row[0] == "`purgemap doctor`")
    others = {
        *("cloudfront:GetCachePolicy", "cloudfront:GetDistributionTenant", "cloudfront:GetFunction"),
        "events:DescribeRule",
        *("events:ListRuleNamesByTarget", "iam:GetRole"),
        *("s3:GetBucketWebsite", "s3:PutBucketNotification"),
    }
    assert code_names(needs) - {"--fix"} == READS.keys() | others


def test_doctor_without_any_permission_ends_well(site: HealthySite, monkeypatch: pytest.MonkeyPatch) -> None:
    for owner, method in [*READS.values(), (STSHandler, "assume_role")]:
        refuse(monkeypatch, owner, method)
    result = site.doctor("--json")
    assert {finding["severity"] for finding in json.loads(result.stdout)["findings"]} == {"not-checked"}
    assert result.return_value == 0


@pytest.mark.usefixtures("site")
def test_doctor_without_role_names_the_account() -> None:
    findings = json.loads(invoke(doctor, "--json").stdout)["findings"]
    assert {finding["severity"] for finding in findings} == {"not-checked"}
    assert all(OTHER in finding["where"] + finding["message"] for finding in findings)


def test_doctor_reads_everything_once(site: HealthySite, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(120):  # more than a page of CloudFront's
        id_ = f"E{number:013}"
        create_distribution(site.aws, id_, distribution([origin("acme-www")]))
        site.edit_map("acme-www, distributions: [", f"acme-www, distributions: [{id_}, ")
    calls = Counter[str]()
    for owner, method in READS.values():
        count_calls(monkeypatch, calls, owner, method)
    invoke(doctor, "--role-arn", READER)
    assert calls["get_distribution_config"] == 120 + 4
    assert calls["list_distributions"] == 2 + 1
    assert calls["head_bucket"] == calls["get_bucket_notification"] == 5
    assert calls["list_targets_by_rule"] == calls["list_rules"] == 1


def count_calls(patch: pytest.MonkeyPatch, calls: Counter[str], owner: type, method: str) -> None:
    original = getattr(owner, method)

    def counted(*args: Any, **kwargs: Any) -> Any:
        calls[method] += 1
        return original(*args, **kwargs)

    patch.setattr(owner, method, counted)
