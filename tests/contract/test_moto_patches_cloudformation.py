"""What AWS documents of stacks. Each test, over HTTP, fails with moto alone."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from purgemap.demo.local_aws import LocalAws

pytest_plugins = ["support.local_aws_fixtures"]

QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": {"Ref": "Seconds"}}}
TEMPLATE = {
    "Description": "a queue",
    "Parameters": {"Seconds": {"Type": "Number", "Default": 30}},
    "Conditions": {"Never": {"Fn::Equals": ["a", "b"]}},
    "Resources": {"Queue": QUEUE, "Absent": {**QUEUE, "Condition": "Never"}},
    "Outputs": {"Url": {"Value": {"Ref": "Queue"}}},
}
PROTECTED = r"Stack \[kept\] cannot be deleted while TerminationProtection is enabled"


@pytest.fixture
def cloudformation(aws: LocalAws) -> Any:
    return aws.client("cloudformation")


@pytest.fixture
def url(aws: LocalAws) -> str:
    """Upload the template; returns its URL as the AWS CLI writes it."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="templates")
    s3.put_object(Bucket="templates", Key="stack.json", Body=json.dumps(TEMPLATE))
    return f"{aws.endpoint_url}/templates/stack.json"


def create_change_set(cloudformation: Any, name: str, kind: str, seconds: int | None, **template: str) -> Any:
    template = template or {"TemplateBody": json.dumps(TEMPLATE)}
    value = {"UsePreviousValue": True} if seconds is None else {"ParameterValue": str(seconds)}
    parameters = [{"ParameterKey": "Seconds", **value}]
    cloudformation.create_change_set(
        StackName="new", ChangeSetName=name, ChangeSetType=kind, Parameters=parameters, **template
    )
    return cloudformation.describe_change_set(StackName="new", ChangeSetName=name)


def create_stack(cloudformation: Any, seconds: int = 30, **template: str) -> None:
    create_change_set(cloudformation, "first", "CREATE", seconds, **template)
    cloudformation.execute_change_set(StackName="new", ChangeSetName="first")


def create_resource(cloudformation: Any, type_: str, **properties: Any) -> None:
    template = {"Resources": {"Resource": {"Type": type_, "Properties": properties}}}
    cloudformation.create_stack(StackName="one", TemplateBody=json.dumps(template))


def test_protected_stack_is_not_deleted(aws: LocalAws, cloudformation: Any) -> None:
    cloudformation.create_stack(StackName="kept", TemplateBody=json.dumps(TEMPLATE), EnableTerminationProtection=True)
    with pytest.raises(ClientError, match=PROTECTED):
        cloudformation.delete_stack(StackName="kept")
    assert len(aws.client("sqs").list_queues()["QueueUrls"]) == 1


def test_stack_of_a_change_set_has_all_that_the_set_has(cloudformation: Any) -> None:
    create_stack(cloudformation, 40)
    (stack,) = cloudformation.describe_stacks(StackName="new")["Stacks"]
    assert stack["Description"] == "a queue"
    assert [output["OutputKey"] for output in stack["Outputs"]] == ["Url"]
    assert stack["Parameters"] == [{"ParameterKey": "Seconds", "ParameterValue": "40"}]


def test_stack_creates_again_what_an_update_deleted(aws: LocalAws, cloudformation: Any) -> None:
    def describe(*names: str) -> dict[str, str]:
        queue = {"Type": "AWS::SQS::Queue"}
        return {"StackName": "one", "TemplateBody": json.dumps({"Resources": dict.fromkeys(names, queue)})}

    cloudformation.create_stack(**describe("Kept", "Left"))
    cloudformation.update_stack(**describe("Kept"))
    assert len(aws.client("sqs").list_queues()["QueueUrls"]) == 1
    cloudformation.update_stack(**describe("Kept", "Left"))
    assert len(aws.client("sqs").list_queues()["QueueUrls"]) == 2
    cloudformation.delete_stack(StackName="one")
    assert aws.client("sqs").list_queues().get("QueueUrls", []) == []


def test_stack_lists_no_resource_of_a_false_condition(cloudformation: Any) -> None:
    create_stack(cloudformation)
    resources = cloudformation.describe_stack_resources(StackName="new")["StackResources"]
    assert [resource["LogicalResourceId"] for resource in resources] == ["Queue"]


def test_change_set_lists_what_only_a_parameter_changes(cloudformation: Any) -> None:
    create_stack(cloudformation, 30)
    answer = create_change_set(cloudformation, "second", "UPDATE", 40)
    changes = [change["ResourceChange"] for change in answer["Changes"]]
    assert [(change["Action"], change["LogicalResourceId"]) for change in changes] == [("Modify", "Queue")]


def test_change_set_lists_no_resource_of_a_false_condition(cloudformation: Any) -> None:
    answer = create_change_set(cloudformation, "first", "CREATE", 30)
    changes = [change["ResourceChange"] for change in answer["Changes"]]
    assert [(change["Action"], change["LogicalResourceId"]) for change in changes] == [("Add", "Queue")]


def test_change_set_of_a_previous_number_has_no_changes(cloudformation: Any, url: str) -> None:
    create_stack(cloudformation, 30, TemplateURL=url)
    answer = create_change_set(cloudformation, "second", "UPDATE", None, TemplateURL=url)
    assert answer.get("Changes", []) == []


def test_template_is_read_from_the_endpoint_itself(cloudformation: Any, url: str) -> None:
    create_stack(cloudformation, TemplateURL=url)
    assert cloudformation.describe_stacks(StackName="new")["Stacks"][0]["Description"] == "a queue"


def test_queue_policy_is_the_policy_of_its_queue(aws: LocalAws, cloudformation: Any) -> None:
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName="queue")["QueueUrl"]
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    create_resource(cloudformation, "AWS::SQS::QueuePolicy", Queues=[url], PolicyDocument=document)
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]
    assert json.loads(attributes["Policy"]) == document


def test_event_bus_policy_is_the_policy_of_the_default_bus(aws: LocalAws, cloudformation: Any) -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "events:PutEvents", "Resource": "*"}
    create_resource(cloudformation, "AWS::Events::EventBusPolicy", StatementId="members", Statement=statement)
    policy = json.loads(aws.client("events").describe_event_bus()["Policy"])
    assert policy["Statement"] == [{"Sid": "members", **statement}]


def test_alarm_of_a_stack_exists_until_the_stack_is_deleted(aws: LocalAws, cloudformation: Any) -> None:
    create_resource(
        cloudformation,
        "AWS::CloudWatch::Alarm",
        Namespace="site",
        MetricName="rejected",
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        Period=60,
        Threshold=0,
        Statistic="Sum",
        AlarmDescription="a change was rejected",
    )
    cloudwatch = aws.client("cloudwatch")
    (alarm,) = cloudwatch.describe_alarms()["MetricAlarms"]
    assert (alarm["MetricName"], alarm["AlarmDescription"]) == ("rejected", "a change was rejected")
    cloudformation.delete_stack(StackName="one")
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []


def test_metric_filter_of_a_stack_filters_its_log_group(aws: LocalAws, cloudformation: Any) -> None:
    logs = aws.client("logs")
    logs.create_log_group(logGroupName="group")
    transformation = {"MetricName": "rejected", "MetricNamespace": "site", "MetricValue": "1"}
    create_resource(
        cloudformation,
        "AWS::Logs::MetricFilter",
        LogGroupName="group",
        FilterPattern="ERROR",
        MetricTransformations=[transformation],
    )
    (created,) = logs.describe_metric_filters(logGroupName="group")["metricFilters"]
    assert (created["filterPattern"], created["metricTransformations"][0]["metricName"]) == ("ERROR", "rejected")


def test_oidc_provider_of_a_stack_has_its_clients(aws: LocalAws, cloudformation: Any) -> None:
    url = "https://token.actions.githubusercontent.com"
    create_resource(cloudformation, "AWS::IAM::OIDCProvider", Url=url, ClientIdList=["sts.amazonaws.com"])
    iam = aws.client("iam")
    (provider,) = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    answer = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=provider["Arn"])
    assert answer["ClientIDList"] == ["sts.amazonaws.com"]
