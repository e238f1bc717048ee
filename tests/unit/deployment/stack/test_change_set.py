"""A change set's life: what it shows, how it is waited for, and what is said when CloudFormation fails."""

import io
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from rich.console import Console

from purgemap.cli.deploy import _execute, _Target
from purgemap.cli.deploy_output import show_changes
from purgemap.deployment.stack.change_set import (
    ChangeSet,
    ChangeSetRequest,
    ResourceChange,
    create_change_set,
    discard_change_set,
)
from purgemap.deployment.stack.clients import Clients
from purgemap.deployment.stack.execution import StackEvent, execute_change_set
from purgemap.deployment.stack.stack import Stack, check_deployable, find_stack, merge_tags
from purgemap.errors import PurgemapError
from purgemap.jobs import Job
from support.doubles.cloudformation import ScriptedCloudFormation, stack_event
from support.rendered import RULE, map_of, of_type, stack_of

REQUEST = ChangeSetRequest("purgemap-1", "https://s3.eu-west-1.amazonaws.com/b/k", {"CodeKey": "k", "Window": None})
READY = {"Status": "CREATE_COMPLETE"}
CHANGE_SET = ChangeSet("change-set", "stack", (), is_first=False)


def stack(status: str) -> Stack:
    return Stack("stack", status, {}, {})


@pytest.mark.parametrize(
    ("status", "way_out"),
    [
        ("UPDATE_IN_PROGRESS", "try again when that is over"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "try again when that is over"),
        ("ROLLBACK_COMPLETE", "aws cloudformation delete-stack --stack-name purgemap"),
        ("UPDATE_ROLLBACK_FAILED", "aws cloudformation continue-update-rollback --stack-name purgemap"),
    ],
)
def test_a_stack_that_takes_no_update_is_refused_with_the_way_out(status: str, way_out: str) -> None:
    with pytest.raises(PurgemapError, match=way_out):
        check_deployable("purgemap", stack(status))


def test_a_stack_whose_rules_could_have_no_name_is_refused_before_there_is_one() -> None:
    (rule,) = of_type(stack_of(map_of(["acme-www"])), RULE).values()
    longest = 64 - len(rule["Properties"]["Name"]["Fn::Sub"].removeprefix("${AWS::StackName}"))
    check_deployable("x" * longest, None)
    with pytest.raises(PurgemapError, match=f"too long for its event rules: {longest} characters at most"):
        check_deployable("x" * (longest + 1), None)


class EmptyStack(ScriptedCloudFormation):
    """A stack whose first change set was never executed, and which tells that one's parameters."""

    def describe_stacks(self, **asked: Any) -> Any:
        (found,) = super().describe_stacks(**asked)["Stacks"]
        return {"Stacks": [{**found, "Parameters": [{"ParameterKey": "Window", "ParameterValue": "20"}]}]}


def test_a_stack_that_was_never_made_has_no_parameters_to_keep() -> None:
    empty = find_stack(EmptyStack(["REVIEW_IN_PROGRESS"]), "purgemap")
    made = find_stack(EmptyStack(["CREATE_COMPLETE"]), "purgemap")
    assert empty is not None
    assert made is not None
    assert (empty.parameters, made.parameters) == ({}, {"Window": "20"})


@pytest.mark.parametrize(
    ("tags", "given", "merged"),
    [
        ({}, {}, None),
        ({"team": "web"}, {}, {"team": "web"}),
        ({"team": "web", "aws:servicecatalog:id": "1"}, {"cost": "1"}, {"team": "web", "cost": "1"}),
        ({"team": "web"}, {"team": ""}, {}),
    ],
)
def test_change_set_has_all_tags_of_the_stack(
    tags: dict[str, str], given: dict[str, str], merged: dict[str, str] | None
) -> None:
    before = replace(stack("UPDATE_COMPLETE"), tags=tags)
    cloudformation = ScriptedCloudFormation(["UPDATE_COMPLETE"], change_sets=[READY])
    create_change_set(cloudformation, "purgemap", before, REQUEST._replace(tags=merge_tags(before, given)))
    sent = cloudformation.asked.get("Tags")
    assert (None if sent is None else {tag["Key"]: tag["Value"] for tag in sent}) == merged


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS"])
def test_a_stack_at_rest_is_fine_and_so_is_one_that_was_never_executed(status: str) -> None:
    check_deployable("purgemap", stack(status))


def test_what_is_replaced_is_flagged() -> None:
    shown = io.StringIO()
    changes = [
        ResourceChange("Add", "Rule1", "AWS::Events::Rule"),
        ResourceChange("Modify", "Queue", "AWS::SQS::Queue", "True"),
        ResourceChange("Modify", "Role", "AWS::IAM::Role", "Conditional"),
        ResourceChange("Modify", "LogGroup", "AWS::Logs::LogGroup", "False"),
    ]
    show_changes(changes, Console(file=shown, soft_wrap=True))
    assert shown.getvalue() == (
        "  add     Rule1     AWS::Events::Rule\n"
        "  modify  Queue     AWS::SQS::Queue  replaced\n"
        "  modify  Role      AWS::IAM::Role  perhaps replaced\n"
        "  modify  LogGroup  AWS::Logs::LogGroup\n"
    )


def _page(*names: str, **more: str) -> dict[str, Any]:
    changes = [
        {"Action": "Modify", "LogicalResourceId": name, "ResourceType": "T", "Replacement": "True"} for name in names
    ]
    return {**READY, "Changes": [{"ResourceChange": change} for change in changes], **more}


def test_a_change_set_is_waited_for_and_read_to_its_last_page() -> None:
    cloudformation = ScriptedCloudFormation(
        ["UPDATE_COMPLETE"], change_sets=[{"Status": "CREATE_IN_PROGRESS"}, _page("B", NextToken="2"), _page("A")]
    )
    waits: list[float] = []
    found = create_change_set(cloudformation, "purgemap", stack("UPDATE_COMPLETE"), REQUEST, waits.append)
    assert found is not None
    assert [change.logical_id for change in found.changes] == ["A", "B"]
    assert {change.replacement for change in found.changes} == {"True"}
    assert len(waits) == 1
    assert cloudformation.asked["ChangeSetType"] == "UPDATE"
    assert cloudformation.asked["Parameters"] == [
        {"ParameterKey": "CodeKey", "ParameterValue": "k"},
        {"ParameterKey": "Window", "UsePreviousValue": True},
    ]


@pytest.mark.parametrize("before", [None, stack("REVIEW_IN_PROGRESS")])
def test_a_first_deployment_that_fails_is_to_leave_no_stack_that_takes_no_second(before: Stack | None) -> None:
    cloudformation = ScriptedCloudFormation(["REVIEW_IN_PROGRESS"], change_sets=[READY])
    create_change_set(cloudformation, "purgemap", before, REQUEST)
    assert (cloudformation.asked["ChangeSetType"], cloudformation.asked["OnStackFailure"]) == ("CREATE", "DELETE")


def test_a_change_set_that_cloudformation_refuses_is_deleted_and_the_reason_told() -> None:
    refused = {"Status": "FAILED", "StatusReason": "Template error: unresolved dependencies"}
    cloudformation = ScriptedCloudFormation(["UPDATE_COMPLETE"], change_sets=[refused])
    with pytest.raises(PurgemapError, match="Template error: unresolved dependencies"):
        create_change_set(cloudformation, "purgemap", stack("UPDATE_COMPLETE"), REQUEST)
    assert cloudformation.calls == ["create_change_set", "describe_events", "delete_change_set"]


@pytest.mark.parametrize(
    "reason", ["No updates are to be performed.", "The submitted information didn't contain changes."]
)
def test_an_empty_change_set_is_deleted(reason: str) -> None:
    empty = {"Status": "FAILED", "StatusReason": reason}
    cloudformation = ScriptedCloudFormation(["UPDATE_COMPLETE"], change_sets=[empty])
    assert create_change_set(cloudformation, "purgemap", stack("UPDATE_COMPLETE"), REQUEST) is None
    assert cloudformation.calls == ["create_change_set", "delete_change_set"]


def test_discarding_a_first_change_set_takes_its_empty_stack_along_and_no_other() -> None:
    for status, calls in (
        ("REVIEW_IN_PROGRESS", ["delete_change_set", "delete_stack"]),
        ("CREATE_COMPLETE", ["delete_change_set"]),
    ):
        cloudformation = ScriptedCloudFormation([status])
        discard_change_set(cloudformation, ChangeSet("change-set", "stack", (), is_first=True))
        assert cloudformation.calls == calls


def _executed(cloudformation: ScriptedCloudFormation) -> tuple[list[StackEvent], list[float]]:
    told: list[StackEvent] = []
    waits: list[float] = []
    execute_change_set(cloudformation, CHANGE_SET, told.append, waits.append)
    return told, waits


def test_each_event_is_told_once_in_order_and_those_of_before_never() -> None:
    events = [
        stack_event(1, "purgemap", "UPDATE_COMPLETE"),
        stack_event(2, "purgemap", "UPDATE_IN_PROGRESS"),
        stack_event(3, "Function", "UPDATE_COMPLETE"),
        stack_event(4, "purgemap", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
        stack_event(5, "purgemap", "UPDATE_COMPLETE"),
    ]
    statuses = ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE"]
    told, waits = _executed(ScriptedCloudFormation(statuses, events))
    assert [event.id for event in told] == ["2", "3", "4", "5"]
    assert len(waits) == 2


def test_a_long_history_is_not_read_for_its_last_event() -> None:
    events = [stack_event(number, "Function", "UPDATE_COMPLETE") for number in range(9)]
    events.append(stack_event(9, "purgemap", "UPDATE_COMPLETE"))
    cloudformation = History(["UPDATE_COMPLETE"], events)
    later = [stack_event(10, "purgemap", "UPDATE_COMPLETE")]
    told: list[StackEvent] = []
    execute_change_set(cloudformation, CHANGE_SET, told.append, lambda _: cloudformation.happen(later))
    assert [event.id for event in told] == ["10"]
    assert cloudformation.looks == 3, "one before, one at what was there, one at what came"


class History(ScriptedCloudFormation):
    """A stack that much has happened to, and which counts the looks at that."""

    looks = 0

    def describe_stack_events(self, **asked: Any) -> Any:
        self.looks += 1
        self.is_executed = True
        return super().describe_stack_events(**asked)


def test_the_state_of_before_is_not_taken_for_the_end() -> None:
    cloudformation = ScriptedCloudFormation(
        ["CREATE_COMPLETE", "UPDATE_COMPLETE"], [stack_event(1, "purgemap", "CREATE_COMPLETE")]
    )
    later = [stack_event(2, "purgemap", "UPDATE_COMPLETE")]
    execute_change_set(cloudformation, CHANGE_SET, lambda _: None, lambda _: cloudformation.happen(later))
    assert cloudformation.calls == ["execute_change_set"]


def test_the_first_real_failure_is_told_in_plain_words() -> None:
    handler = (
        'Resource handler returned message: "Error occurred while GetObject. S3 Error Code: NoSuchKey. '
        '(Service: Lambda, Status Code: 400, Request ID: 1b3d)" (RequestToken: 7a, HandlerErrorCode: InvalidRequest)'
    )
    events = [
        stack_event(1, "purgemap", "CREATE_COMPLETE"),
        stack_event(2, "Dashboard", "CREATE_FAILED", "Resource creation cancelled", "AWS::CloudWatch::Dashboard"),
        stack_event(3, "Function", "UPDATE_FAILED", handler, "AWS::Lambda::Function"),
        stack_event(4, "Queue", "UPDATE_FAILED", "Resource update cancelled", "AWS::SQS::Queue"),
        stack_event(5, "Role", "DELETE_FAILED", "Cannot delete entity", "AWS::IAM::Role"),
        stack_event(
            6, "purgemap", "UPDATE_ROLLBACK_IN_PROGRESS", "The following resource(s) failed to update: [Function]."
        ),
        stack_event(7, "purgemap", "UPDATE_ROLLBACK_COMPLETE"),
    ]
    with pytest.raises(PurgemapError) as caught:
        _executed(ScriptedCloudFormation(["UPDATE_ROLLBACK_COMPLETE"], events))
    assert str(caught.value) == (
        "the deployment failed at Function (AWS::Lambda::Function): Error occurred while GetObject. "
        "S3 Error Code: NoSuchKey; the stack is UPDATE_ROLLBACK_COMPLETE"
    )


def test_a_failure_that_cloudformation_does_not_explain_is_told_as_that() -> None:
    events = [stack_event(1, "purgemap", "CREATE_IN_PROGRESS"), stack_event(2, "purgemap", "DELETE_COMPLETE")]
    with pytest.raises(PurgemapError, match="doesn't say why; the stack is DELETE_COMPLETE"):
        _executed(ScriptedCloudFormation(["DELETE_COMPLETE"], events))


def test_a_call_that_botocore_sends_again_is_the_same_call() -> None:
    cloudformation = ScriptedCloudFormation(["UPDATE_COMPLETE"], change_sets=[READY])
    create_change_set(cloudformation, "purgemap", stack("UPDATE_COMPLETE"), REQUEST)
    assert cloudformation.asked["ClientToken"] == REQUEST.name
    cloudformation.happen(
        [stack_event(1, "purgemap", "CREATE_COMPLETE"), stack_event(2, "purgemap", "UPDATE_COMPLETE")]
    )
    arn = "arn:aws:cloudformation:eu-west-1:123456789012:changeSet/purgemap-1/1c0ea8bc-2a3b-4c5d-8e6f-7a8b9c0d1e2f"
    execute_change_set(cloudformation, replace(CHANGE_SET, id=arn), lambda _: None, lambda _: None)
    assert cloudformation.asked["ClientRequestToken"] == arn.rpartition("/")[2]


class Interrupted(ScriptedCloudFormation):
    """A stack at which somebody presses Ctrl-C while it changes."""

    def describe_stacks(self, **_: Any) -> Any:
        raise KeyboardInterrupt


def test_who_stops_waiting_hears_that_cloudformation_goes_on_and_nothing_is_refreshed() -> None:
    shown = io.StringIO()
    target = _Target(Clients("eu-west-1", Interrupted(), None, None), "purgemap", None, None)
    jobs = [Job("E2EXAMPLE1ABCD", {"/*": None}, ("deployment",), oldest_event_time=0, changes=0)]
    with pytest.raises(KeyboardInterrupt):
        _execute(target, CHANGE_SET, jobs, Console(file=shown, soft_wrap=True))
    assert "CloudFormation goes on without this command" in shown.getvalue()
    assert "nothing is refreshed: invalidate by hand" in shown.getvalue()


class NoRightToDelete(ScriptedCloudFormation):
    """What a role that may only change the stack meets."""

    def delete_stack(self, **_: Any) -> Any:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DeleteStack")


def test_the_reason_is_told_even_where_the_empty_stack_cannot_be_deleted() -> None:
    refused = {"Status": "FAILED", "StatusReason": "Template error: unresolved dependencies"}
    with pytest.raises(PurgemapError, match="Template error"):
        create_change_set(NoRightToDelete(["REVIEW_IN_PROGRESS"], change_sets=[refused]), "purgemap", None, REQUEST)
