"""A scripted CloudFormation, for what moto does not do, such as waiting and failing."""

from collections import deque
from collections.abc import Iterable
from typing import Any

from botocore.exceptions import ClientError

STACK_ID = "arn:aws:cloudformation:eu-west-1:123456789012:stack/purgemap/1"


def stack_event(number: int, logical_id: str, status: str, reason: str = "", kind: str = "") -> dict[str, Any]:
    return {
        "StackId": STACK_ID,
        "EventId": str(number),
        "LogicalResourceId": logical_id,
        "PhysicalResourceId": STACK_ID if logical_id == "purgemap" else logical_id.lower(),
        "ResourceType": kind or "AWS::CloudFormation::Stack",
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
    }


class ScriptedCloudFormation:
    """One stack: each description has its next status, and its events are two to a page."""

    def __init__(
        self,
        statuses: Iterable[str] = (),
        events: Iterable[dict[str, Any]] = (),
        change_sets: Iterable[dict[str, Any]] = (),
        operation_events: Iterable[dict[str, Any]] | ClientError = (),
    ) -> None:
        self.calls: list[str] = []
        self.request: dict[str, Any] = {}
        self.is_executed = False
        self._statuses = deque(statuses)
        self._events = list(events)
        self._change_sets = deque(change_sets)
        self._operation_events = operation_events

    def describe_stacks(self, **request: Any) -> Any:
        if not self._statuses:
            message = f"Stack with id {request['StackName']} does not exist"
            raise ClientError({"Error": {"Code": "ValidationError", "Message": message}}, "DescribeStacks")
        status = self._statuses.popleft() if len(self._statuses) > 1 else self._statuses[0]
        return {"Stacks": [{"StackId": STACK_ID, "StackStatus": status}]}

    def describe_stack_events(self, **request: Any) -> Any:
        """List the events, the latest first; before the operation only the first of them."""
        events = self._events if self.is_executed else self._events[:1]
        start = int(request.get("NextToken", 0))
        page = events[::-1][start : start + 2]
        return {"StackEvents": page, **({"NextToken": str(start + 2)} if start + 2 < len(events) else {})}

    def describe_events(self, **request: Any) -> Any:
        """List the failed events of a change set, one to a page, until it is deleted."""
        assert (request["ChangeSetName"], request["Filters"]) == ("change-set", {"FailedEvents": True})
        self.calls.append("describe_events")
        if isinstance(self._operation_events, ClientError):
            raise self._operation_events
        events = [] if "delete_change_set" in self.calls else list(self._operation_events)
        start = int(request.get("NextToken", 0))
        page = {"OperationEvents": events[start : start + 1]}
        return {**page, "NextToken": str(start + 1)} if start + 1 < len(events) else page

    def create_change_set(self, **request: Any) -> Any:
        self.calls.append("create_change_set")
        self.request = request
        return {"Id": "change-set", "StackId": STACK_ID}

    def describe_change_set(self, **_: Any) -> Any:
        return self._change_sets.popleft()

    def execute_change_set(self, **request: Any) -> Any:
        self.calls.append("execute_change_set")
        self.request = request
        self.is_executed = True

    def delete_change_set(self, **_: Any) -> Any:
        self.calls.append("delete_change_set")

    def delete_stack(self, **request: Any) -> Any:
        self.calls.append("delete_stack")
        self.request = request
        self.is_executed = True

    def add_events(self, events: Iterable[dict[str, Any]]) -> None:
        """Add those events that the stack does not have yet."""
        self._events += [event for event in events if event not in self._events]
