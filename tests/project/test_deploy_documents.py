"""The documents of `purgemap deploy`: its failures and options as deploy/ describes them."""

import re
from collections.abc import Iterator
from importlib.resources import files

import click
import pytest

from purgemap.cli.deploy import deploy
from purgemap.cli.destroy import destroy
from purgemap.deployment.stack.artifacts import ensure_artifact_bucket, load_deployed_map
from purgemap.deployment.stack.change_set import ChangeSet, ChangeSetRequest, create_change_set
from purgemap.deployment.stack.clients import connect
from purgemap.deployment.stack.execution import execute_change_set
from purgemap.deployment.stack.preflight import check_deployable, check_no_example_ids
from purgemap.deployment.stack.stack import Stack
from purgemap.errors import PurgemapError
from purgemap.routemap.load import load_map
from support.documents import section
from support.doubles.artifacts import ForeignBucket, OtherVersionBucket
from support.doubles.cloudformation import ScriptedCloudFormation, stack_event
from support.places import ROOT

FAILURES = section("deploy/README.md", "## When a deployment fails")


def failure_messages() -> Iterator[str]:
    """Cause each failure that deploy/README.md explains, and yield its message."""
    events = [
        stack_event(1, "purgemap", "REVIEW_IN_PROGRESS"),
        stack_event(2, "Function", "CREATE_FAILED", "no such key", "AWS::Lambda::Function"),
        stack_event(3, "purgemap", "DELETE_COMPLETE"),
    ]
    cloudformation = ScriptedCloudFormation(["DELETE_COMPLETE"], events)
    change_set = ChangeSet("change-set", "stack", (), is_first=True)
    fault = {"LogicalResourceId": "Q", "ResourceType": "AWS::SQS::Queue", "ValidationStatusReason": "already exists"}
    refusing = ScriptedCloudFormation(change_sets=[{"Status": "FAILED"}], operation_events=[fault])
    request = ChangeSetRequest("purgemap-1", "https://s3.eu-west-1.amazonaws.com/b/k", {})
    other, version = ForeignBucket(), OtherVersionBucket()
    for doing in (
        lambda: execute_change_set(cloudformation, change_set, lambda _: None, lambda _: None),
        lambda: create_change_set(refusing, "purgemap", None, request),
        lambda: check_deployable("purgemap", Stack("stack", "ROLLBACK_COMPLETE", {}, {})),
        lambda: check_deployable("purgemap", Stack("stack", "UPDATE_IN_PROGRESS", {}, {})),
        lambda: ensure_artifact_bucket(other, "123456789012", "eu-west-1"),
        lambda: load_deployed_map(version, Stack("stack", "CREATE_COMPLETE", {"CodeBucket": "b", "CodeKey": "k"}, {})),
        lambda: check_no_example_ids(load_map(ROOT / "config/routes.yaml"), connect().cloudformation),
    ):
        with pytest.raises(PurgemapError) as caught:
            doing()
        yield str(caught.value)


def test_failures_table_has_the_message_of_each_failure() -> None:
    documented = re.findall(r"^\| `([^`]+)` \|", FAILURES, re.MULTILINE)
    messages = list(failure_messages())
    assert len(documented) == len(messages)
    for pattern, message in zip(documented, messages, strict=True):
        assert re.fullmatch(re.escape(pattern).replace("…", ".*"), message), (pattern, message)


@pytest.mark.parametrize(("command", "heading"), [(deploy, "## Deploy"), (destroy, "## Remove the service")])
def test_options_table_has_every_option(command: click.Command, heading: str) -> None:
    table = section("deploy/README.md", heading)
    options = {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
    assert options - {"--routes"} <= set(re.findall(r"^\| `(--[a-z-]+)", table, re.MULTILINE))


@pytest.mark.parametrize("name", ["github/deploy.yaml", "gitlab/pipeline.yaml"])
def test_pipelines_use_existing_options(name: str) -> None:
    text = files("purgemap.deploy").joinpath(name).read_text()
    (command,) = re.findall(r"^ *purgemap deploy (.*\\\n.*)", text, re.MULTILINE)
    used = set(re.findall(r"--[a-z-]+", command))
    assert {"--yes", "--refresh", "--artifact-bucket", "--parameter"} <= used
    assert used <= {option for parameter in deploy.params for option in parameter.opts}
