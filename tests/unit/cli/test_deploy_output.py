"""The output of `purgemap deploy`: the changes, and an interrupted execution."""

import io
from typing import Any

import pytest
from rich.console import Console

from purgemap.cli.deploy import follow_deployment
from purgemap.cli.deploy_output import show_changes
from purgemap.deployment.package import FunctionPackage
from purgemap.deployment.rollout import DeploymentPlan
from purgemap.deployment.stack import ChangeSet, Clients, ResourceChange
from purgemap.jobs import Job
from support.doubles.cloudformation import ScriptedCloudFormation


def test_replaced_resources_are_marked() -> None:
    output = io.StringIO()
    changes = [
        ResourceChange("Add", "Rule1", "AWS::Events::Rule"),
        ResourceChange("Modify", "Queue", "AWS::SQS::Queue", "True"),
        ResourceChange("Modify", "Role", "AWS::IAM::Role", "Conditional"),
        ResourceChange("Modify", "LogGroup", "AWS::Logs::LogGroup", "False"),
    ]
    show_changes(changes, Console(file=output, soft_wrap=True))
    assert output.getvalue() == (
        "  add     Rule1     AWS::Events::Rule\n"
        "  modify  Queue     AWS::SQS::Queue  replaced\n"
        "  modify  Role      AWS::IAM::Role  perhaps replaced\n"
        "  modify  LogGroup  AWS::Logs::LogGroup\n"
    )


class Interrupted(ScriptedCloudFormation):
    """A stack whose execution is interrupted with Ctrl-C."""

    def describe_stacks(self, **_: Any) -> Any:
        raise KeyboardInterrupt


def test_interrupt_says_that_deployment_continues_unrefreshed() -> None:
    output = io.StringIO()
    job = Job("E2EXAMPLE1ABCD", {"/*": None}, ("deployment",), oldest_event_time=0, changes=0)
    plan = DeploymentPlan(
        Clients("eu-west-1", Interrupted(), None, None),
        "purgemap",
        "acme-artifacts",
        FunctionPackage(b"", (), None),
        "",
        ChangeSet("change-set", "stack", (), is_first=False),
        (job,),
    )
    with pytest.raises(KeyboardInterrupt):
        follow_deployment(plan, Console(file=output, soft_wrap=True))
    assert "CloudFormation goes on without this command" in output.getvalue()
    assert "nothing is refreshed: invalidate by hand" in output.getvalue()
