"""The shipped templates: numbers that must agree with each other and with the code."""

import ast
import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

from purgemap import batch_log, lambda_function
from purgemap.cli.options import DEFAULT_STACK
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
from support.rendered import map_of, of_type, read, skipping

TEMPLATE = load_template("template.yaml")
RESOURCES: dict[str, dict[str, Any]] = {
    name: resource["Properties"] for name, resource in TEMPLATE["Resources"].items()
}
ALARMS = of_type(TEMPLATE, "AWS::CloudWatch::Alarm").keys()
PARAMETERS = TEMPLATE["Parameters"]
NAMESPACE, DASHBOARD_NAMESPACE = {"Ref": "AWS::StackName"}, "${AWS::StackName}"
AWS_NAMESPACES = ("AWS/SQS", "AWS/Lambda")


@pytest.mark.parametrize("name", ["template.yaml", "member.yaml", "github/role.yaml"])
def test_template_is_plain_cloudformation(name: str) -> None:
    template = load_template(name)
    assert "Transform" not in template
    assert yaml.safe_load(dump_template(template)) == template, "the long form means the same"
    assert set(_groups(template)) <= set(template["Parameters"])


def _groups(template: dict[str, Any]) -> list[str]:
    groups = template.get("Metadata", {}).get("AWS::CloudFormation::Interface", {}).get("ParameterGroups", [])
    return [name for group in groups for name in group["Parameters"]]


def test_parameters_have_descriptions_and_defaults() -> None:
    assert {name for name, parameter in PARAMETERS.items() if "Default" not in parameter} == {"CodeBucket", "CodeKey"}
    assert all(parameter["Description"] for parameter in PARAMETERS.values())
    assert sorted(_groups(TEMPLATE)) == sorted(PARAMETERS)


def test_queues_are_encrypted_and_keep_14_days() -> None:
    for queue in ("Queue", "DeadLetterQueue"):
        assert RESOURCES[queue]["SqsManagedSseEnabled"] is True
        assert RESOURCES[queue]["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_queue_hides_a_message_for_six_timeouts_and_the_window() -> None:
    timeout, visibility = RESOURCES["Function"]["Timeout"], RESOURCES["Queue"]["VisibilityTimeout"]
    assert visibility == 6 * timeout + PARAMETERS["Window"]["Default"]
    assert visibility >= timeout + PARAMETERS["Window"]["MaxValue"], "a run ends before that, whatever the window"
    assert RESOURCES["Queue"]["RedrivePolicy"]["maxReceiveCount"] == 5


def test_window_is_the_one_that_the_rate_limit_assumes() -> None:
    assert PARAMETERS["Window"]["Default"] == BATCHING_WINDOW_SECONDS


def test_timeout_leaves_time_for_a_second_burst_of_calls() -> None:
    seconds_for_calls = RESOURCES["Function"]["Timeout"] - MIN_SECONDS_FOR_CALL
    assert seconds_for_calls * DEFAULT_CALLS_PER_SECOND >= BURST_CALLS


def test_event_source_has_large_batches_and_item_failures() -> None:
    source = RESOURCES["EventSource"]
    assert source["BatchSize"] == 10_000
    assert source["MaximumBatchingWindowInSeconds"] == {"Ref": "Window"}
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["ScalingConfig"] == {"MaximumConcurrency": 2}


def test_function_gets_each_variable_that_its_handler_reads() -> None:
    module, _, name = RESOURCES["Function"]["Handler"].rpartition(".")
    assert (module, callable(getattr(lambda_function, name))) == (lambda_function.__name__, True)
    text = Path(str(lambda_function.__file__)).read_text()
    read_names = {node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)}
    variables = {value for value in read_names if isinstance(value, str) and re.fullmatch("PURGEMAP_[A-Z_]+", value)}
    with_ledger = read(render_stack(skipping(map_of(["acme-www"]))))["Resources"]["Function"]["Properties"]
    assert with_ledger["Environment"]["Variables"].keys() == variables
    assert RESOURCES["Function"]["Environment"]["Variables"].keys() == variables - {"PURGEMAP_LEDGER_TABLE"}
    assert PARAMETERS["CallsPerSecond"]["Default"] == str(DEFAULT_CALLS_PER_SECOND)
    assert PARAMETERS["LogLevel"]["AllowedValues"] == list(lambda_function.LOG_LEVELS)


def test_function_may_loop_through_its_queue() -> None:
    source = RESOURCES["EventSource"]["EventSourceArn"]["Fn::GetAtt"][0]
    target = RESOURCES["Function"]["Environment"]["Variables"]["PURGEMAP_QUEUE_URL"]["Ref"]
    assert source == target, "a loop, on purpose"
    assert MAX_JOB_AGE_SECONDS / MAX_DELAY_SECONDS > 16
    assert RESOURCES["Function"]["RecursiveLoop"] == "Allow"


@pytest.mark.parametrize(
    ("text", "is_rate"), [("0.5", True), ("2", True), ("0.05", True), ("10.25", True), ("0", False), ("1.2.3", False)]
)
def test_calls_per_second_is_a_number_above_zero(text: str, *, is_rate: bool) -> None:
    assert bool(re.fullmatch(PARAMETERS["CallsPerSecond"]["AllowedPattern"], text)) is is_rate


def test_alarms_notify_the_topic_only_if_there_is_one() -> None:
    topic = {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]}
    assert len(ALARMS) == 9
    assert all(RESOURCES[alarm]["AlarmActions"] == topic for alarm in ALARMS)
    assert all(RESOURCES[alarm]["TreatMissingData"] == "notBreaching" for alarm in ALARMS), "no data, no alarm"


def test_alarms_and_dashboard_use_metrics_of_the_function() -> None:
    text = Path(str(batch_log.__file__)).read_text()
    constants = {node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)}
    own = [RESOURCES[alarm] for alarm in ALARMS if RESOURCES[alarm]["Namespace"] == NAMESPACE]
    filtered = RESOURCES["InvalidMapFilter"]["MetricTransformations"][0]
    used = {alarm["MetricName"] for alarm in own} | {
        metric[1] for metric in _metrics() if metric[0] == DASHBOARD_NAMESPACE
    }
    assert used - constants == {filtered["MetricName"]}


def test_metrics_namespace_is_the_stacks_name() -> None:
    assert RESOURCES["Function"]["Environment"]["Variables"]["PURGEMAP_METRICS_NAMESPACE"] == NAMESPACE
    assert RESOURCES["InvalidMapFilter"]["MetricTransformations"][0]["MetricNamespace"] == NAMESPACE
    namespaces = [RESOURCES[alarm]["Namespace"] for alarm in ALARMS]
    assert all(name == NAMESPACE or name in AWS_NAMESPACES for name in namespaces)
    assert {metric[0] for metric in _metrics()} == {DASHBOARD_NAMESPACE, *AWS_NAMESPACES}
    assert DEFAULT_STACK == batch_log.DEFAULT_NAMESPACE


def _dashboard() -> dict[str, Any]:
    body: dict[str, Any] = json.loads(RESOURCES["Dashboard"]["DashboardBody"]["Fn::Sub"])
    return body


def _metrics() -> list[list[Any]]:
    widgets = [widget["properties"] for widget in _dashboard()["widgets"]]
    return [metric for widget in widgets for metric in widget.get("metrics", []) if isinstance(metric[0], str)]


def test_dashboard_shows_main_metrics_and_all_alarms() -> None:
    shown = {metric[1] for metric in _metrics() if metric[0] == DASHBOARD_NAMESPACE}
    assert {"seconds_to_accepted", "changes", "items", "wildcards", "deferred", "rejected"} <= shown
    alarms = next(widget["properties"]["alarms"] for widget in _dashboard()["widgets"] if widget["type"] == "alarm")
    assert set(alarms) == {f"${{{alarm}.Arn}}" for alarm in ALARMS}


def test_dashboard_widgets_do_not_overlap() -> None:
    cells = [
        (x, y)
        for widget in _dashboard()["widgets"]
        for x in range(widget["x"], widget["x"] + widget["width"])
        for y in range(widget["y"], widget["y"] + widget["height"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24


def test_oldest_message_alarm_exceeds_the_longest_delay() -> None:
    assert RESOURCES["OldestMessageAlarm"]["Threshold"] > MAX_DELAY_SECONDS


def test_bus_admits_no_other_account_by_default() -> None:
    policies = of_type(TEMPLATE, "AWS::Events::EventBusPolicy")
    assert {name: policy["Condition"] for name, policy in policies.items()} == {
        "OrganizationBusPolicy": "HasCentralOrganization",
        "AccountsBusPolicy": "HasCentralAccounts",
    }
    assert (PARAMETERS["CentralBusOrganization"]["Default"], PARAMETERS["CentralBusAccounts"]["Default"]) == ("", "")


def test_bus_admits_changes_of_s3_objects_only() -> None:
    policies = of_type(TEMPLATE, "AWS::Events::EventBusPolicy").values()
    pattern = build_event_pattern([])
    for policy in policies:
        conditions = policy["Properties"]["Statement"]["Condition"]
        assert [conditions["ForAllValues:StringEquals"]["events:source"]] == pattern["source"]
        assert conditions["StringEquals"]["events:detail-type"] == pattern["detail-type"]
    assert len(policies) == 2


def test_rule_name_fits_for_the_longest_stack_name() -> None:
    limit = re.search(r"\{0,(\d+)\}", load_template("github/role.yaml")["Parameters"]["StackName"]["AllowedPattern"])
    assert limit
    template = read(render_stack(map_of(["acme-www"])))
    (rule,) = of_type(template, "AWS::Events::Rule").values()
    assert len(rule["Properties"]["Name"]["Fn::Sub"].replace("${AWS::StackName}", "x" * (1 + int(limit[1])))) <= 64


def test_package_ships_the_pipeline_examples() -> None:
    assert files("purgemap.deploy").joinpath("github", "CODEOWNERS.example").is_file()
