"""A map deployed by `purgemap deploy` into the embedded AWS, and its function as Lambda would run it."""

import contextlib
import functools
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from purgemap.cli.deploy import deploy
from purgemap.cli.site_counts import Package
from purgemap.demo.local_aws import LocalAws
from purgemap.demo.sqs_poller import EventSource
from purgemap.deployment.package import FunctionPackage, package_function
from purgemap.planning import FolderCounts
from purgemap.routemap import RouteMap
from support.doubles.lambda_runtime import running_function

STACK = "purgemap"
# The time that the function reads off its context, in place of a minute: a busy machine must not use it up.
_SECONDS_FOR_AN_INVOCATION = 3_600
# The batching window is the only wait that a test can avoid; the rest of the template stays as it is.
QUICK = ("--parameter", "Window=1")


def enter_folder_with_map(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Make a folder the current one, with a map where commands look for it."""
    monkeypatch.chdir(folder)
    (folder / "config").mkdir()
    (folder / "config/routes.yaml").write_text(text)


def package_once(route_map: RouteMap, folder_counts: Mapping[str, FolderCounts] | None = None) -> FunctionPackage:
    """Package a map's function, for equal maps and counts once in a process: it takes two seconds."""
    return _package(json.dumps(route_map.document), json.dumps(folder_counts or {}))


@functools.cache
def _package(document: str, folder_counts: str) -> FunctionPackage:
    return package_function(RouteMap(json.loads(document)), json.loads(folder_counts))


def run_deploy(*arguments: str, package: Package = package_once) -> str:
    """Run `purgemap deploy --yes` without its checks and return its output; its exceptions pass."""
    result = CliRunner().invoke(deploy, ["--yes", "--no-checks", *arguments], obj=package, standalone_mode=False)
    if result.exception:
        raise result.exception
    assert result.return_value == 0
    return result.output


class Deployed:
    """A stack as the account describes it, and the log of its function's last run."""

    def __init__(self, aws: LocalAws, stack_name: str = STACK) -> None:
        self.aws = aws
        self.log = ""
        cloudformation = aws.client("cloudformation")
        stack = cloudformation.describe_stacks(StackName=stack_name)["Stacks"][0]
        self.status = stack["StackStatus"]
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        self.parameters = {parameter["ParameterKey"]: parameter["ParameterValue"] for parameter in stack["Parameters"]}
        resources = cloudformation.describe_stack_resources(StackName=stack_name)["StackResources"]
        self.types_by_id = {resource["LogicalResourceId"]: resource["ResourceType"] for resource in resources}
        self.names_by_id = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources}
        self.function = aws.client("lambda").get_function_configuration(FunctionName=self.outputs["FunctionName"])
        mappings = aws.client("lambda").list_event_source_mappings(FunctionName=self.outputs["FunctionName"])
        (self.mapping,) = mappings["EventSourceMappings"]

    def archive(self) -> zipfile.ZipFile:
        """Fetch the function's zip."""
        response = self.aws.client("s3").get_object(
            Bucket=self.parameters["CodeBucket"], Key=self.parameters["CodeKey"]
        )
        return zipfile.ZipFile(io.BytesIO(response["Body"].read()))

    @contextlib.contextmanager
    def running(self, task_root: Path) -> Iterator[EventSource]:
        """Run the function from its zip alone, and poll the queue with the settings of its event source mapping."""
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
    response: Any = aws.client("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=[name])
    return int(response["Attributes"][name])
