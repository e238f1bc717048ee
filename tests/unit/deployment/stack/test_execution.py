"""The execution of a change set and the deletion of a stack: events in order, the end, and the reason of a failure."""

from dataclasses import replace
from typing import Any

import pytest

from purgemap.deployment.stack.change_set import ChangeSet
from purgemap.deployment.stack.execution import delete_stack, execute_change_set
from purgemap.deployment.stack.stack import Stack
from purgemap.deployment.stack.stack_events import StackEvent
from purgemap.errors import PurgemapError
from support.doubles.cloudformation import STACK_ID, ScriptedCloudFormation, stack_event

CHANGE_SET = ChangeSet("change-set", "stack", (), is_first=False)


def execute(cloudformation: ScriptedCloudFormation) -> tuple[list[StackEvent], list[float]]:
    """Execute the change set; returns the reported events and the waits."""
    events: list[StackEvent] = []
    waits: list[float] = []
    execute_change_set(cloudformation, CHANGE_SET, events.append, waits.append)
    return events, waits


def test_execution_reports_each_new_event_once_in_order() -> None:
    history = [
        stack_event(1, "purgemap", "UPDATE_COMPLETE"),
        stack_event(2, "purgemap", "UPDATE_IN_PROGRESS"),
        stack_event(3, "Function", "UPDATE_COMPLETE"),
        stack_event(4, "purgemap", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
        stack_event(5, "purgemap", "UPDATE_COMPLETE"),
    ]
    statuses = ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE"]
    events, waits = execute(ScriptedCloudFormation(statuses, history))
    assert [event.id for event in events] == ["2", "3", "4", "5"]
    assert len(waits) == 2


def test_execution_continues_if_it_starts_between_two_reads() -> None:
    cloudformation = ScriptedCloudFormation(
        ["UPDATE_COMPLETE", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"],
        [stack_event(1, "purgemap", "UPDATE_COMPLETE"), stack_event(2, "purgemap", "UPDATE_IN_PROGRESS")],
    )
    end = [stack_event(3, "purgemap", "UPDATE_COMPLETE")]
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        cloudformation.add_events(end if len(waits) > 1 else [])

    execute_change_set(cloudformation, CHANGE_SET, lambda _: None, sleep)
    assert len(waits) == 2


class LongHistory(ScriptedCloudFormation):
    """A stack with many old events, which counts the requests for them."""

    pages = 0

    def describe_stack_events(self, **request: Any) -> Any:
        self.pages += 1
        self.is_executed = True
        return super().describe_stack_events(**request)


def test_execution_does_not_read_a_long_history() -> None:
    history = [stack_event(number, "Function", "UPDATE_COMPLETE") for number in range(9)]
    history.append(stack_event(9, "purgemap", "UPDATE_COMPLETE"))
    cloudformation = LongHistory(["UPDATE_COMPLETE"], history)
    new_events = [stack_event(10, "purgemap", "UPDATE_COMPLETE")]
    events: list[StackEvent] = []
    execute_change_set(cloudformation, CHANGE_SET, events.append, lambda _: cloudformation.add_events(new_events))
    assert [event.id for event in events] == ["10"]
    assert cloudformation.pages == 3, "one before, one with old events only, one with the new event"


def test_execution_ignores_the_status_before_its_start() -> None:
    cloudformation = ScriptedCloudFormation(
        ["CREATE_COMPLETE", "UPDATE_COMPLETE"], [stack_event(1, "purgemap", "CREATE_COMPLETE")]
    )
    new_events = [stack_event(2, "purgemap", "UPDATE_COMPLETE")]
    execute_change_set(cloudformation, CHANGE_SET, lambda _: None, lambda _: cloudformation.add_events(new_events))
    assert cloudformation.calls == ["execute_change_set"]


def test_execution_raises_first_real_failure_in_plain_words() -> None:
    handler = (
        'Resource handler returned message: "Error occurred while GetObject. S3 Error Code: NoSuchKey. '
        '(Service: Lambda, Status Code: 400, Request ID: 1b3d)" (RequestToken: 7a, HandlerErrorCode: InvalidRequest)'
    )
    history = [
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
        execute(ScriptedCloudFormation(["UPDATE_ROLLBACK_COMPLETE"], history))
    assert str(caught.value) == (
        "the deployment failed at Function (AWS::Lambda::Function): Error occurred while GetObject. "
        "S3 Error Code: NoSuchKey; the stack is UPDATE_ROLLBACK_COMPLETE"
    )


def test_execution_reports_a_failure_without_a_reason() -> None:
    history = [stack_event(1, "purgemap", "CREATE_IN_PROGRESS"), stack_event(2, "purgemap", "DELETE_COMPLETE")]
    with pytest.raises(PurgemapError, match="gives no reason; the stack is DELETE_COMPLETE"):
        execute(ScriptedCloudFormation(["DELETE_COMPLETE"], history))


def test_execution_retried_by_botocore_is_the_same_request() -> None:
    history = [stack_event(1, "purgemap", "CREATE_COMPLETE"), stack_event(2, "purgemap", "UPDATE_COMPLETE")]
    cloudformation = ScriptedCloudFormation(["UPDATE_COMPLETE"], history)
    arn = "arn:aws:cloudformation:eu-west-1:123456789012:changeSet/purgemap-1/1c0ea8bc-2a3b-4c5d-8e6f-7a8b9c0d1e2f"
    execute_change_set(cloudformation, replace(CHANGE_SET, id=arn), lambda _: None, lambda _: None)
    assert cloudformation.request["ClientRequestToken"] == arn.rpartition("/")[2]


def test_deletion_reports_its_events_by_the_stacks_id() -> None:
    history = [
        stack_event(1, "purgemap", "CREATE_COMPLETE"),
        stack_event(2, "purgemap", "DELETE_IN_PROGRESS", "User Initiated"),
        stack_event(3, "Queue", "DELETE_COMPLETE", kind="AWS::SQS::Queue"),
        stack_event(4, "purgemap", "DELETE_COMPLETE"),
    ]
    cloudformation = ScriptedCloudFormation(["CREATE_COMPLETE", "DELETE_IN_PROGRESS", "DELETE_COMPLETE"], history)
    events: list[StackEvent] = []
    delete_stack(cloudformation, Stack(STACK_ID, "CREATE_COMPLETE", {}, {}), events.append, lambda _: None)
    assert [event.id for event in events] == ["2", "3", "4"]
    assert cloudformation.request == {"StackName": STACK_ID}


def test_deletion_that_fails_names_the_resource_and_reason() -> None:
    history = [
        stack_event(1, "purgemap", "CREATE_COMPLETE"),
        stack_event(2, "purgemap", "DELETE_IN_PROGRESS", "User Initiated"),
        stack_event(3, "Queue", "DELETE_COMPLETE", kind="AWS::SQS::Queue"),
        stack_event(
            4, "Role", "DELETE_FAILED", "Cannot delete entity, must detach all policies first.", "AWS::IAM::Role"
        ),
        stack_event(5, "purgemap", "DELETE_FAILED", "The following resource(s) failed to delete: [Role]."),
    ]
    stack = Stack(STACK_ID, "CREATE_COMPLETE", {}, {})
    with pytest.raises(PurgemapError) as caught:
        delete_stack(ScriptedCloudFormation(["DELETE_FAILED"], history), stack, lambda _: None, lambda _: None)
    assert str(caught.value) == (
        "the removal failed at Role (AWS::IAM::Role): Cannot delete entity, must detach all policies first; the stack "
        "is DELETE_FAILED: fix the cause, and destroy it again"
    )
