"""From the map to CloudFront: `purgemap deploy` creates the stack, and an S3 write passes through all of it."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from purgemap.demo.ledger_table import begin_tracking
from purgemap.demo.local_aws import LocalAws, start_local_aws
from purgemap.deployment.template.render import render_stack
from purgemap.deployment.template.yaml_template import load_template
from purgemap.routemap.load import load_map
from support.deployed import QUICK, STACK, Deployed, messages_waiting, put, run_deploy
from support.doubles.lambda_runtime import RUNTIME, FunctionError, needs_lambda_runtime, running_function
from support.local_site import accepted_items
from support.log_filters import matches
from support.rendered import bucket_matchers, names, of_type, read

WWW, BLOG = "E2EXAMPLE1ABCD", "E3EXAMPLE2ABCD"
ONE_SITE = f"version: 1\nroutes:\n  - {{bucket: acme-www, distributions: [{WWW}]}}\n"
TWO_SITES = f"{ONE_SITE}  - {{bucket: acme-blog, prefix: blog/, distributions: [{BLOG}]}}\n"
# With these, CloudFormation creates every resource of the template.
ALL_CONDITIONS = (
    "AlarmTopicArn=arn:aws:sns:us-east-1:123456789012:alarms",
    "EventBus=site-events",
    "CentralBusOrganization=o-a1b2c3d4e5",
    "CentralBusAccounts=222222222222",
    "PermissionsBoundary=arn:aws:iam::123456789012:policy/bound",
)
MAX_UPLOADS = 10
# Types without a name of their own: they are part of a queue, a bus or a role.
WITHOUT_NAME = {"AWS::SQS::QueuePolicy", "AWS::Events::EventBusPolicy", "AWS::IAM::Policy"}


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalAws]:
    """Run an AWS with two sites and an unmapped bucket, in a folder with a map of the first site."""
    monkeypatch.chdir(tmp_path)
    Path("config").mkdir()
    write_map(ONE_SITE)
    with start_local_aws() as running:
        for bucket in ("acme-www", "acme-blog", "acme-www-logs"):
            running.create_site_bucket(bucket)
        for distribution in (WWW, BLOG):
            running.create_distribution(distribution)
        yield running


def write_map(text: str) -> None:
    Path("config/routes.yaml").write_text(text)


def names_by_type(aws: LocalAws) -> dict[str, set[str]]:
    """List the names of each service's resources, by CloudFormation's type."""
    events, logs, iam, cloudwatch = (aws.client(name) for name in ("events", "logs", "iam", "cloudwatch"))
    functions = aws.client("lambda").list_functions()["Functions"]
    mappings = aws.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    return {
        "AWS::SQS::Queue": {urlsplit(url).path for url in aws.client("sqs").list_queues()["QueueUrls"]},
        "AWS::Logs::LogGroup": {group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]},
        "AWS::IAM::ManagedPolicy": {policy["Arn"] for policy in iam.list_policies(Scope="Local")["Policies"]},
        "AWS::IAM::Role": {role["RoleName"] for role in iam.list_roles()["Roles"]},
        "AWS::Lambda::Function": {function["FunctionName"] for function in functions},
        "AWS::Lambda::EventSourceMapping": {mapping["UUID"] for mapping in mappings},
        "AWS::Events::Rule": {rule["Name"] for rule in events.list_rules()["Rules"]},
        "AWS::CloudWatch::Alarm": {alarm["AlarmName"] for alarm in cloudwatch.describe_alarms()["MetricAlarms"]},
        "AWS::CloudWatch::Dashboard": {
            board["DashboardName"] for board in cloudwatch.list_dashboards()["DashboardEntries"]
        },
        "AWS::Logs::MetricFilter": {entry["filterName"] for entry in logs.describe_metric_filters()["metricFilters"]},
    }


def test_deploy_creates_every_resource_of_the_template(aws: LocalAws) -> None:
    parameters = [argument for pair in ALL_CONDITIONS for argument in ("--parameter", pair)]
    run_deploy(*parameters)
    resources = read(render_stack(load_map("config/routes.yaml")))["Resources"]
    deployed, names_of = Deployed(aws), names_by_type(aws)
    assert deployed.types_by_id == {name: resource["Type"] for name, resource in resources.items()}
    for name, type_ in deployed.types_by_id.items():
        id_ = deployed.names_by_id[name]
        assert type_ in WITHOUT_NAME or (urlsplit(id_).path if type_.endswith("Queue") else id_) in names_of[type_], (
            name
        )
    for url in (deployed.outputs["QueueUrl"], deployed.outputs["DeadLetterQueueUrl"]):
        attributes = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]
        assert f"rule/{STACK}-*" in attributes["Policy"]
    role = aws.client("iam").list_role_policies(RoleName=deployed.names_by_id["Role"])
    assert set(role["PolicyNames"]) == {"own-queues-and-log", "map"}
    bus = aws.client("events").describe_event_bus(Name="default")["Policy"]
    assert "o-a1b2c3d4e5" in bus
    assert "222222222222" in bus


def test_deploy_skips_only_resources_with_false_conditions(aws: LocalAws) -> None:
    run_deploy()
    resources = read(render_stack(load_map("config/routes.yaml")))["Resources"]
    missing = resources.keys() - Deployed(aws).types_by_id.keys()
    assert missing == {name for name, resource in resources.items() if "Condition" in resource}


@needs_lambda_runtime
def test_zip_invalidates_a_write_in_a_bucket_of_the_map(aws: LocalAws, tmp_path: Path) -> None:
    run_deploy(*QUICK)
    deployed = Deployed(aws)
    put(aws, "acme-www", "blog/index.html")
    put(aws, "acme-www-logs", "2026-11-24.log")
    put(aws, "acme-blog", "blog/index.html")
    assert messages_waiting(aws, deployed.outputs["QueueUrl"]) == 1
    with deployed.running(tmp_path / "task") as source:
        batch = source.poll()
    assert batch is not None
    assert batch.failed_ids == frozenset()
    assert accepted_items(aws) == {WWW: [["/blog/", "/blog/index.html"]], BLOG: []}
    assert messages_waiting(aws, deployed.outputs["QueueUrl"]) == 0


@needs_lambda_runtime
def test_zip_skips_the_same_upload_and_no_other(aws: LocalAws, tmp_path: Path) -> None:
    write_map(ONE_SITE.replace("]}", "], skip_unchanged: true}"))
    run_deploy(*QUICK)
    deployed = Deployed(aws)
    begin_tracking(aws, deployed.outputs["LedgerTableName"], load_map("config/routes.yaml"))

    def invalidations_after(content: bytes) -> int:
        aws.client("s3").put_object(Bucket="acme-www", Key="blog/index.html", Body=content)
        assert source.poll() is not None
        return len(accepted_items(aws)[WWW])

    with deployed.running(tmp_path / "task") as source:
        counts = [invalidations_after(b"one")]
        # A busy machine may answer too late for the ledger. Then it invalidates, and compares the next upload.
        while len(counts) < MAX_UPLOADS and len(set(counts)) == len(counts):
            counts.append(invalidations_after(b"one"))
        assert counts[-1] == counts[-2]
        assert invalidations_after(b"two") == counts[-1] + 1
    lines = [json.loads(line) for line in deployed.log.splitlines() if line.startswith("{")]
    assert 1 in [line.get("unchanged") for line in lines if line["message"] == "batch"]


@needs_lambda_runtime
def test_lambda_runtime_has_no_purgemap_of_its_own() -> None:
    command = [str(RUNTIME), "-I", "-c", "import purgemap"]
    assert "No module named 'purgemap'" in subprocess.run(command, capture_output=True, text=True, check=False).stderr


def test_deployed_settings_are_those_of_the_template(aws: LocalAws) -> None:
    run_deploy("--parameter", "Window=7", "--parameter", "CallsPerSecond=0.8")
    deployed = Deployed(aws)
    assert (deployed.mapping["BatchSize"], deployed.mapping["MaximumBatchingWindowInSeconds"]) == (10_000, 7)
    assert deployed.mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert deployed.mapping["ScalingConfig"] == {"MaximumConcurrency": 2}
    assert (deployed.function["Timeout"], deployed.function["Runtime"]) == (60, "python3.13")
    assert deployed.function["Environment"]["Variables"] == {
        "PURGEMAP_ROUTES": "routes.json",
        "PURGEMAP_QUEUE_URL": deployed.outputs["QueueUrl"],
        "PURGEMAP_DEAD_LETTER_QUEUE_URL": deployed.outputs["DeadLetterQueueUrl"],
        "PURGEMAP_CALLS_PER_SECOND": "0.8",
        "PURGEMAP_LOG_LEVEL": "INFO",
        "PURGEMAP_METRICS_NAMESPACE": STACK,
    }


def count_invalid_maps(log: str) -> int:
    """Count the lines for the alarm on an invalid map, as its metric filter does."""
    pattern = load_template("template.yaml")["Resources"]["InvalidMapFilter"]["Properties"]["FilterPattern"]
    return sum(matches(pattern, line) for line in log.splitlines())


@needs_lambda_runtime
def test_function_with_invalid_map_logs_the_alarms_pattern(aws: LocalAws, tmp_path: Path) -> None:
    run_deploy(*QUICK)
    deployed = Deployed(aws)
    deployed.archive().extractall(tmp_path / "task")
    (tmp_path / "task/routes.json").write_text('{"compiled": 0}')
    environment = {**aws.environment, **deployed.function["Environment"]["Variables"]}
    with (
        running_function(tmp_path / "task", deployed.function["Handler"], environment, 5) as function,
        pytest.raises(FunctionError, match="init error"),
    ):
        function.invoke({})
    assert count_invalid_maps(function.log) == 1


@needs_lambda_runtime
def test_key_like_an_invalid_map_raises_no_alarm(aws: LocalAws, tmp_path: Path) -> None:
    run_deploy(*QUICK, "--parameter", "LogLevel=DEBUG")
    deployed = Deployed(aws)
    put(aws, "acme-www", "[ERROR] MapError")
    put(aws, "acme-www", '{"level": "ERROR", "error": "MapError"}')
    with deployed.running(tmp_path / "task") as source:
        source.poll()
    assert "MapError" in deployed.log
    assert count_invalid_maps(deployed.log) == 0


@needs_lambda_runtime
def test_deploy_after_an_edit_adds_the_site(aws: LocalAws, tmp_path: Path) -> None:
    run_deploy(*QUICK)
    put(aws, "acme-blog", "blog/before.html")
    write_map(TWO_SITES)
    run_deploy()
    deployed = Deployed(aws)
    assert deployed.status == "UPDATE_COMPLETE"
    put(aws, "acme-blog", "blog/after.html")
    put(aws, "acme-www", "after.html")
    with deployed.running(tmp_path / "task") as source:
        source.poll()
    assert accepted_items(aws) == {WWW: [["/after.html"]], BLOG: [["/blog/after.html"]]}


@needs_lambda_runtime
def test_refresh_invalidates_added_or_changed_sites_once(aws: LocalAws, tmp_path: Path) -> None:
    run_deploy(*QUICK, "--refresh")
    with Deployed(aws).running(tmp_path / "first") as source:
        source.poll()
    assert accepted_items(aws) == {WWW: [["/", "/*"]], BLOG: []}
    write_map(TWO_SITES)
    output = run_deploy("--refresh")
    assert f"refresh {BLOG}  /blog/ /blog/*\n" in output
    assert run_deploy("--refresh").endswith(f"{STACK}: no changes\n")
    with Deployed(aws).running(tmp_path / "second") as source:
        source.poll()
    assert accepted_items(aws) == {WWW: [["/", "/*"]], BLOG: [["/blog/", "/blog/*"]]}


def read_changes(aws: LocalAws) -> list[dict[str, Any]]:
    """Read the resource changes of the latest change set."""
    cloudformation = aws.client("cloudformation")
    summaries = cloudformation.list_change_sets(StackName=STACK)["Summaries"]
    latest = max(summaries, key=lambda summary: summary["CreationTime"])
    page = cloudformation.describe_change_set(ChangeSetName=latest["ChangeSetId"])
    return [change["ResourceChange"] for change in page["Changes"]]


def map_of_buckets(buckets: list[str]) -> str:
    routes = "".join(f"  - {{bucket: {bucket}, distributions: [{WWW}]}}\n" for bucket in buckets)
    return f"version: 1\nroutes:\n{routes}"


def test_added_bucket_creates_rules_before_old_ones_are_deleted(aws: LocalAws) -> None:
    before, after = names(200), [*names(200), "acme-zine"]
    write_map(map_of_buckets(before))
    run_deploy()
    old = read(aws.client("cloudformation").get_template(StackName=STACK)["TemplateBody"])
    write_map(map_of_buckets(after))
    run_deploy()
    new = read(aws.client("cloudformation").get_template(StackName=STACK)["TemplateBody"])
    by_action: dict[str, set[str]] = {"Add": set(), "Modify": set(), "Remove": set()}
    for change in read_changes(aws):
        by_action[change["Action"]].add(change["LogicalResourceId"])
    assert by_action["Modify"] == {"Function"}, "its zip contains the map"
    assert by_action["Add"]
    assert by_action["Add"].isdisjoint(old["Resources"])
    assert by_action["Remove"].isdisjoint(new["Resources"])
    # CloudFormation creates resources first and deletes in a clean-up at the end: until then old and new rules match.
    rules = of_type(old, "AWS::Events::Rule") | of_type(new, "AWS::Events::Rule")
    during_update = {"Resources": {name: rule for name, rule in rules.items() if name not in by_action["Remove"]}}
    assert sorted(bucket_matchers(during_update)) == sorted(after)
    assert (len(by_action["Add"]), len(by_action["Remove"]), len(rules)) == (1, 1, 4), "the other rules stay"
