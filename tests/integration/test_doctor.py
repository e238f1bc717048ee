"""`purgemap doctor` on the embedded AWS: a healthy site over two accounts, and its faults with their repairs."""

import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from moto.cloudwatch.models import cloudwatch_backends

from purgemap.aws.inspection import FAILURE_MINUTES
from purgemap.demo.local_aws import start_local_aws
from purgemap.demo.moto_patches.cloudfront import rename_distribution
from purgemap.operations.diagnosis import CODES
from support.aws_cli import needs_aws_cli
from support.deployed import Deployed
from support.distributions import behavior, cache_policy, distribution, origin
from support.doubles.stacks import complete_cloudformation
from support.healthy_site import APP, OTHER, OWN, SHOP, WWW, HealthySite, build_healthy_site

Fault = Callable[[HealthySite], None]

FAULTS: dict[str, Fault] = {}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HealthySite]:
    complete_cloudformation()
    monkeypatch.chdir(tmp_path)
    with start_local_aws() as aws:
        yield build_healthy_site(aws)


def fault(code: str) -> Callable[[Fault], Fault]:
    """Register the way to plant a fault."""

    def register(plant: Fault) -> Fault:
        FAULTS[code] = plant
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


@fault("permission-missing")
def remove_permission(site: HealthySite) -> None:
    role = Deployed(site.aws).outputs["FunctionRoleArn"].rpartition("/")[2]
    site.aws.client("iam").delete_role_policy(RoleName=role, PolicyName="map")


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


def test_doctor_finds_nothing_at_healthy_site(site: HealthySite) -> None:
    result = site.doctor()
    assert result.stdout == "4 distributions, 5 buckets, 1 stack: fine\n"
    assert result.return_value == 0


@needs_aws_cli
@pytest.mark.parametrize("code", FAULTS)
def test_doctor_finds_fault_until_its_repair(site: HealthySite, code: str) -> None:
    FAULTS[code](site)
    findings = site.findings()
    assert {finding["code"] for finding in findings} == {code}, findings
    assert {finding["severity"] for finding in findings} == {CODES[code]}
    for finding in findings:
        site.repair(finding)
    pass_minutes(FAILURE_MINUTES)
    assert code not in {finding["code"] for finding in site.findings()}, site.findings()
