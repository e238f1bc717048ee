"""The shipped templates: what holds between their numbers, and between them and the code."""

import ast
import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from purgemap import batch_log as reporting
from purgemap import lambda_function
from purgemap.cli.deploy_options import DEFAULT_STACK
from purgemap.delivery.backoff import MAX_DELAY_SECONDS
from purgemap.delivery.call_settings import MIN_SECONDS_FOR_CALL
from purgemap.delivery.rate_limit import (
    BATCHING_WINDOW_SECONDS,
    BURST_CALLS,
    DEFAULT_CALLS_PER_SECOND,
)
from purgemap.delivery.retry_policy import MAX_JOB_AGE_SECONDS
from purgemap.deployment.template.event_rules import build_event_pattern
from purgemap.deployment.template.render import render_stack
from purgemap.deployment.template.yaml_template import dump_template, load_template
from support.rendered import map_of, of_type, read

TEMPLATE = load_template("template.yaml")
RESOURCES: dict[str, dict[str, Any]] = {name: each["Properties"] for name, each in TEMPLATE["Resources"].items()}
ALARMS = of_type(TEMPLATE, "AWS::CloudWatch::Alarm").keys()
PARAMETERS = TEMPLATE["Parameters"]
NAMESPACE, DASHBOARD_NAMESPACE = {"Ref": "AWS::StackName"}, "${AWS::StackName}"
AWS_NAMESPACES = ("AWS/SQS", "AWS/Lambda")


@pytest.mark.parametrize("name", ["template.yaml", "member.yaml", "github/role.yaml"])
def test_a_template_is_plain_cloudformation(name: str) -> None:
    template = load_template(name)
    assert "Transform" not in template
    assert yaml.safe_load(dump_template(template)) == template, "and reads the same in long form"
    assert set(_groups(template)) <= set(template["Parameters"])


def _groups(template: dict[str, Any]) -> list[str]:
    groups = template.get("Metadata", {}).get("AWS::CloudFormation::Interface", {}).get("ParameterGroups", [])
    return [name for group in groups for name in group["Parameters"]]


def test_every_parameter_but_the_codes_place_has_a_default_and_a_description() -> None:
    assert {name for name, each in PARAMETERS.items() if "Default" not in each} == {"CodeBucket", "CodeKey"}
    assert all(each["Description"] for each in PARAMETERS.values())
    assert sorted(_groups(TEMPLATE)) == sorted(PARAMETERS)


def test_both_queues_are_encrypted_and_keep_14_days() -> None:
    for queue in ("Queue", "DeadLetterQueue"):
        assert RESOURCES[queue]["SqsManagedSseEnabled"] is True
        assert RESOURCES[queue]["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_a_message_stays_hidden_for_six_timeouts_and_the_window() -> None:
    timeout, visibility = RESOURCES["Function"]["Timeout"], RESOURCES["Queue"]["VisibilityTimeout"]
    assert visibility == 6 * timeout + PARAMETERS["Window"]["Default"]
    assert visibility >= timeout + PARAMETERS["Window"]["MaxValue"], "whatever the window, one run is over by then"
    assert RESOURCES["Queue"]["RedrivePolicy"]["maxReceiveCount"] == 5


def test_what_cloudfront_saves_up_while_a_batch_is_collected_counts_with_the_templates_window() -> None:
    assert PARAMETERS["Window"]["Default"] == BATCHING_WINDOW_SECONDS


def test_after_its_quick_calls_a_batch_has_time_for_as_many_more_at_the_accounts_rate() -> None:
    seconds_for_calls = RESOURCES["Function"]["Timeout"] - MIN_SECONDS_FOR_CALL
    assert seconds_for_calls * DEFAULT_CALLS_PER_SECOND >= BURST_CALLS


def test_the_event_source_asks_for_the_largest_batches_and_takes_single_records_back() -> None:
    source = RESOURCES["EventSource"]
    assert source["BatchSize"] == 10_000
    assert source["MaximumBatchingWindowInSeconds"] == {"Ref": "Window"}
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["ScalingConfig"] == {"MaximumConcurrency": 2}


def test_the_handler_is_there_and_gets_each_variable_that_it_reads() -> None:
    module, _, name = RESOURCES["Function"]["Handler"].rpartition(".")
    assert (module, callable(getattr(lambda_function, name))) == (lambda_function.__name__, True)
    text = Path(str(lambda_function.__file__)).read_text()
    read_names = {node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)}
    wanted = {value for value in read_names if isinstance(value, str) and re.fullmatch("PURGEMAP_[A-Z_]+", value)}
    assert RESOURCES["Function"]["Environment"]["Variables"].keys() == wanted
    assert PARAMETERS["CallsPerSecond"]["Default"] == str(DEFAULT_CALLS_PER_SECOND)
    assert PARAMETERS["LogLevel"]["AllowedValues"] == list(lambda_function.LOG_LEVELS)


def test_a_job_may_come_back_through_the_queue_more_often_than_lambda_lets_loops_run() -> None:
    feeds = RESOURCES["EventSource"]["EventSourceArn"]["Fn::GetAtt"][0]
    takes = RESOURCES["Function"]["Environment"]["Variables"]["PURGEMAP_QUEUE_URL"]["Ref"]
    assert feeds == takes, "a loop, and meant"
    assert MAX_JOB_AGE_SECONDS / MAX_DELAY_SECONDS > 16
    assert RESOURCES["Function"]["RecursiveLoop"] == "Allow"


@pytest.mark.parametrize(
    ("text", "is_rate"), [("0.5", True), ("2", True), ("0.05", True), ("10.25", True), ("0", False), ("1.2.3", False)]
)
def test_a_rate_of_calls_is_a_number_above_zero(text: str, *, is_rate: bool) -> None:
    assert bool(re.fullmatch(PARAMETERS["CallsPerSecond"]["AllowedPattern"], text)) is is_rate


def test_every_alarm_goes_to_the_topic_only_if_there_is_one() -> None:
    topic = {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]}
    assert len(ALARMS) == 9
    assert all(RESOURCES[alarm]["AlarmActions"] == topic for alarm in ALARMS)
    assert all(RESOURCES[alarm]["TreatMissingData"] == "notBreaching" for alarm in ALARMS), "a quiet night is no alarm"


def test_alarms_and_dashboard_use_only_metrics_that_the_function_writes() -> None:
    text = Path(str(reporting.__file__)).read_text()
    config = {node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)}
    own = [RESOURCES[alarm] for alarm in ALARMS if RESOURCES[alarm]["Namespace"] == NAMESPACE]
    filtered = RESOURCES["InvalidMapFilter"]["MetricTransformations"][0]
    used = {alarm["MetricName"] for alarm in own} | {
        metric[1] for metric in _metrics() if metric[0] == DASHBOARD_NAMESPACE
    }
    assert used - config == {filtered["MetricName"]}


def test_stacks_of_one_account_count_apart_and_the_default_one_under_the_default_name() -> None:
    assert RESOURCES["Function"]["Environment"]["Variables"]["PURGEMAP_METRICS_NAMESPACE"] == NAMESPACE
    assert RESOURCES["InvalidMapFilter"]["MetricTransformations"][0]["MetricNamespace"] == NAMESPACE
    namespaces = [RESOURCES[alarm]["Namespace"] for alarm in ALARMS]
    assert all(name == NAMESPACE or name in AWS_NAMESPACES for name in namespaces)
    assert {metric[0] for metric in _metrics()} == {DASHBOARD_NAMESPACE, *AWS_NAMESPACES}
    assert DEFAULT_STACK == reporting.DEFAULT_NAMESPACE


def _dashboard() -> dict[str, Any]:
    body: dict[str, Any] = json.loads(RESOURCES["Dashboard"]["DashboardBody"]["Fn::Sub"])
    return body


def _metrics() -> list[list[Any]]:
    widgets = [widget["properties"] for widget in _dashboard()["widgets"]]
    return [metric for widget in widgets for metric in widget.get("metrics", []) if isinstance(metric[0], str)]


def test_the_dashboard_shows_what_people_ask_for() -> None:
    shown = {metric[1] for metric in _metrics() if metric[0] == DASHBOARD_NAMESPACE}
    assert {"seconds_to_accepted", "changes", "items", "wildcards", "deferred", "rejected"} <= shown
    alarms = next(widget["properties"]["alarms"] for widget in _dashboard()["widgets"] if widget["type"] == "alarm")
    assert set(alarms) == {f"${{{alarm}.Arn}}" for alarm in ALARMS}


def test_the_dashboards_widgets_lie_beside_each_other() -> None:
    cells = [
        (x, y)
        for widget in _dashboard()["widgets"]
        for x in range(widget["x"], widget["x"] + widget["width"])
        for y in range(widget["y"], widget["y"] + widget["height"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24


def test_the_longest_delay_of_a_deferred_job_is_no_alarm() -> None:
    assert RESOURCES["OldestMessageAlarm"]["Threshold"] > MAX_DELAY_SECONDS


def test_no_other_account_may_put_events_unless_asked_for() -> None:
    policies = {
        name: each for name, each in TEMPLATE["Resources"].items() if each["Type"] == "AWS::Events::EventBusPolicy"
    }
    assert {name: each["Condition"] for name, each in policies.items()} == {
        "OrganizationBusPolicy": "HasCentralOrganization",
        "AccountsBusPolicy": "HasCentralAccounts",
    }
    assert (PARAMETERS["CentralBusOrganization"]["Default"], PARAMETERS["CentralBusAccounts"]["Default"]) == ("", "")


def test_bus_policies_admit_changes_of_s3_objects_only() -> None:
    policies = [each["Properties"]["Statement"] for each in of_type(TEMPLATE, "AWS::Events::EventBusPolicy").values()]
    pattern = build_event_pattern([])
    for statement in policies:
        conditions = statement["Condition"]
        assert [conditions["ForAllValues:StringEquals"]["events:source"]] == pattern["source"]
        assert conditions["StringEquals"]["events:detail-type"] == pattern["detail-type"]
    assert len(policies) == 2


def test_a_rules_name_fits_for_the_longest_stack_name_that_the_pipelines_role_allows() -> None:
    limit = re.search(r"\{0,(\d+)\}", load_template("github/role.yaml")["Parameters"]["StackName"]["AllowedPattern"])
    assert limit
    template = read(render_stack(map_of(["acme-www"])))
    (rule,) = of_type(template, "AWS::Events::Rule").values()
    assert len(rule["Properties"]["Name"]["Fn::Sub"].replace("${AWS::StackName}", "x" * (1 + int(limit[1])))) <= 64


def test_the_pipeline_examples_ship_with_the_package() -> None:
    assert files("purgemap.deploy").joinpath("github", "CODEOWNERS.example").is_file()
