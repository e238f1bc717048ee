"""`purgemap status` and `redrive` find the queues of a stack by its name."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result

from purgemap.cli.redrive import redrive
from purgemap.cli.status import status
from purgemap.demo.local_aws import LocalAws
from purgemap.deployment.stack import read_stack
from purgemap.errors import PurgemapError
from support.commands import invoke
from support.harness import NO_WAITS
from support.ids import E1
from support.local_site import invalidate

pytest_plugins = ["support.local_aws_fixtures"]

QUEUE = {"Type": "AWS::SQS::Queue"}
OUTPUTS = {
    "QueueUrl": {"Value": {"Ref": "Queue"}},
    "DeadLetterQueueUrl": {"Value": {"Ref": "DeadLetterQueue"}},
    "FunctionName": {"Value": "purgemap-Function-1"},
}


@pytest.fixture(autouse=True)
def _in_a_folder_with_a_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("routes.yaml").write_text(f"version: 1\nroutes:\n  - {{bucket: site, distributions: [{E1}]}}\n")


def create_stack(aws: LocalAws, name: str, outputs: object = OUTPUTS) -> None:
    template = {
        "Parameters": {"Window": {"Type": "Number", "Default": 10}},
        "Resources": {"Queue": QUEUE, "DeadLetterQueue": QUEUE},
        "Outputs": outputs,
    }
    aws.client("cloudformation").create_stack(StackName=name, TemplateBody=json.dumps(template))


def run_status(*options: str) -> Result:
    return invoke(status, "--routes", "routes.yaml", "--json", *options, obj=NO_WAITS)


@pytest.mark.parametrize("name", ["purgemap", "staging"])
def test_status_reads_queues_of_the_stack(aws: LocalAws, name: str) -> None:
    aws.create_distribution(E1)
    create_stack(aws, name)
    queue = read_stack(name).queue_url
    aws.client("sqs").send_message(QueueUrl=queue, MessageBody="a", DelaySeconds=300)
    point = {"MetricName": "oldest_change_seconds", "Value": 900.0}
    aws.client("cloudwatch").put_metric_data(Namespace=name, MetricData=[point])
    result = run_status(*(() if name == "purgemap" else ("--stack-name", name)))
    document = json.loads(result.stdout)
    assert (result.return_value, document["queue"]["url"], document["queue"]["delayed"]) == (0, queue, 1)
    assert document["oldest_change_seconds"] == 900


def test_status_shows_distributions_without_the_stack(aws: LocalAws) -> None:
    aws.create_distribution(E1)
    invalidate(aws, E1, ["/x"])
    result = run_status("--stack-name", "gone")
    document = json.loads(result.stdout)
    assert (result.return_value, document["queue"], len(document["distributions"])) == (1, None, 1)
    (problem,) = document["problems"]
    assert problem == (
        "the stack gone in us-east-1 does not exist: name the stack with --stack-name and its region with AWS_REGION; "
        "or name the queues with --queue-url and --dead-letter-queue-url"
    )


def test_redrive_sends_letters_of_the_stack(aws: LocalAws) -> None:
    create_stack(aws, "staging")
    stack = read_stack("staging")
    aws.client("sqs").send_message(QueueUrl=stack.dead_letter_queue_url, MessageBody="a")
    result = invoke(redrive, "--stack-name", "staging", "--json", obj=NO_WAITS)
    assert (result.return_value, json.loads(result.stdout)["redriven"]) == (0, 1)
    (message,) = aws.client("sqs").receive_message(QueueUrl=stack.queue_url)["Messages"]
    assert message["Body"] == "a"


@pytest.mark.parametrize("options", [(), ("--queue-url", "http://127.0.0.1/1/q")])
def test_redrive_needs_the_stack_or_both_urls(aws: LocalAws, options: tuple[str, ...]) -> None:
    if options:
        create_stack(aws, "purgemap")
    result = invoke(redrive, *options, obj=NO_WAITS)
    assert isinstance(result.exception, PurgemapError)
    assert "--dead-letter-queue-url" in str(result.exception)


def test_read_stack_returns_parameters_and_function(aws: LocalAws) -> None:
    create_stack(aws, "purgemap")
    stack = read_stack("purgemap")
    assert (stack.function_name, stack.region, stack.parameters) == (
        "purgemap-Function-1",
        "us-east-1",
        {"Window": "10"},
    )
    assert stack.queue_url != stack.dead_letter_queue_url


def test_read_stack_refuses_a_stack_of_another_kind(aws: LocalAws) -> None:
    create_stack(aws, "website", {"FunctionName": OUTPUTS["FunctionName"]})
    with pytest.raises(PurgemapError) as raised:
        read_stack("website")
    assert "(CREATE_COMPLETE) has no output QueueUrl, DeadLetterQueueUrl: was it deployed by" in str(raised.value)


def test_status_shows_the_age_of_the_folder_counts(aws: LocalAws) -> None:
    aws.create_distribution(E1)
    time = datetime.now(UTC) - timedelta(days=9)
    create_stack(aws, "purgemap", {**OUTPUTS, "FolderCountsTime": {"Value": time.isoformat(timespec="seconds")}})
    assert json.loads(run_status().stdout)["folder_counts_seconds"] // 86_400 == 9
    shown = invoke(status, "--routes", "routes.yaml", obj=NO_WAITS).stdout
    assert "the function's folder counts are 9 d old\n" in shown
