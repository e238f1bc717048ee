"""A map deployed by `purgemap deploy` into the embedded AWS, and its function as Lambda would run it."""

import contextlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from purgemap.cli.deploy import deploy
from purgemap.demo.local_aws import LocalAws
from purgemap.demo.sqs_poller import EventSource
from support.doubles.lambda_runtime import running_function

STACK = "purgemap"
# The time that the function reads off its context, in place of a minute: a busy machine must not use it up.
_SECONDS_FOR_AN_INVOCATION = 3_600
# Nothing is waited for that a test need not wait for; whatever else the template says, holds.
QUICK = ("--parameter", "Window=1")


def run_deploy(*arguments: str) -> str:
    """Run `purgemap deploy --yes` and return what it prints; what it raises is raised."""
    result = CliRunner().invoke(deploy, ["--yes", *arguments], standalone_mode=False)
    if result.exception:
        raise result.exception
    assert result.return_value == 0
    return result.output


class Deployed:
    """The stack as the account describes it, and the log of the function that ran last."""

    def __init__(self, aws: LocalAws, stack_name: str = STACK) -> None:
        self.aws = aws
        self.log = ""
        cloudformation = aws.client("cloudformation")
        stack = cloudformation.describe_stacks(StackName=stack_name)["Stacks"][0]
        self.status = stack["StackStatus"]
        self.outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
        self.parameters = {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}
        resources = cloudformation.describe_stack_resources(StackName=stack_name)["StackResources"]
        self.types_by_id = {each["LogicalResourceId"]: each["ResourceType"] for each in resources}
        self.names_by_id = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in resources}
        self.function = aws.client("lambda").get_function_configuration(FunctionName=self.outputs["FunctionName"])
        mappings = aws.client("lambda").list_event_source_mappings(FunctionName=self.outputs["FunctionName"])
        (self.mapping,) = mappings["EventSourceMappings"]

    def archive(self) -> zipfile.ZipFile:
        """Fetch the zip that the function was made of."""
        found = self.aws.client("s3").get_object(Bucket=self.parameters["CodeBucket"], Key=self.parameters["CodeKey"])
        return zipfile.ZipFile(io.BytesIO(found["Body"].read()))

    @contextlib.contextmanager
    def running(self, task_root: Path) -> Iterator[EventSource]:
        """Run the function from its zip alone, and poll for it as its event source mapping says."""
        self.archive().extractall(task_root)
        environment = {**self.aws.environment, **self.function["Environment"]["Variables"]}
        seconds = _SECONDS_FOR_AN_INVOCATION
        with running_function(task_root, self.function["Handler"], environment, seconds) as function:
            yield EventSource(
                sqs=self.aws.client("sqs"),
                queue_url=self.outputs["QueueUrl"],
                queue_arn=self.mapping["EventSourceArn"],
                handler=function.invoke,
                batch_size=self.mapping["BatchSize"],
                window_seconds=self.mapping["MaximumBatchingWindowInSeconds"],
            )
        self.log = function.log


def put(aws: LocalAws, bucket: str, key: str) -> None:
    aws.client("s3").put_object(Bucket=bucket, Key=key, Body=b"new")


def messages_waiting(aws: LocalAws, queue_url: str) -> int:
    name = "ApproximateNumberOfMessages"
    answer: Any = aws.client("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=[name])
    return int(answer["Attributes"][name])
