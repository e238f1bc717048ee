"""Follow an operation on a stack: report each of its events, and find the reason of a failure."""

import re
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from purgemap.deployment.stack.clients import CloudFormation

_POLL_SECONDS = 2.0

# CloudFormation wraps a service's message: 'Resource handler returned message: "…" (RequestToken: …)'. The message
# itself contains '(Service: Lambda, Status Code: 400, Request ID: …)'.
_HANDLER = re.compile(r'Resource handler returned message: "(.*)" \(RequestToken: [^)]*\)', re.DOTALL)
_SERVICE = re.compile(r"\s*\(Service: [^)]*\)")


class StackEvent(NamedTuple):
    """A change of status of one resource of a stack, or of the stack itself."""

    id: str
    logical_id: str
    resource_type: str
    status: str
    reason: str
    is_stack: bool


def follow_operation(
    cloudformation: CloudFormation,
    stack_id: str,
    start: Callable[[], object],
    on_event: Callable[[StackEvent], None],
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[str, list[StackEvent]]:
    """Start an operation on a stack and wait for its end; returns the stack's status and the operation's events.

    Calls `on_event` once for each event, in order.
    """
    seen_ids = {event.id for event in islice(_new_events(cloudformation, stack_id, ()), 1)}
    start()
    events: list[StackEvent] = []
    while True:
        # The status is read first: no event follows the final status, so the last events are never missed.
        status = _read_status(cloudformation, stack_id)
        for event in reversed([*_new_events(cloudformation, stack_id, seen_ids)]):
            seen_ids.add(event.id)
            events.append(event)
            on_event(event)
        # The stack keeps its earlier status until the operation starts, which may be between the two calls.
        last_status = next((event.status for event in reversed(events) if event.is_stack), "")
        if status == last_status and not status.endswith("_IN_PROGRESS"):
            return status, events
        sleep(_POLL_SECONDS)


def _read_status(cloudformation: CloudFormation, stack_id: str) -> str:
    # A stack that was deleted can be described by its id only.
    return str(cloudformation.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"])


def _new_events(cloudformation: CloudFormation, stack_id: str, seen_ids: Collection[str]) -> Iterator[StackEvent]:
    """Yield the events after those in `seen_ids`, the latest first."""
    request = {"StackName": stack_id}
    while True:
        page = cloudformation.describe_stack_events(**request)
        for event in map(_parse_event, page["StackEvents"]):
            if event.id in seen_ids:
                return
            yield event
        if not page.get("NextToken"):
            return
        request["NextToken"] = page["NextToken"]


def _parse_event(event: dict[str, Any]) -> StackEvent:
    return StackEvent(
        event["EventId"],
        event["LogicalResourceId"],
        event["ResourceType"],
        event["ResourceStatus"],
        event.get("ResourceStatusReason") or "",
        is_stack=event.get("PhysicalResourceId") == event["StackId"],
    )


def describe_failure(events: Iterable[StackEvent]) -> str:
    """Describe the first failure that is not a consequence of another resource's failure."""
    failures = [event for event in events if event.status.endswith("_FAILED") or "ROLLBACK" in event.status]
    # When one resource fails, CloudFormation cancels those that it is working on.
    causes = [event for event in failures if event.reason and "cancelled" not in event.reason.lower()]
    # The stack's own event only lists the resources that failed.
    cause = next((event for event in causes if not event.is_stack), None) or next(iter(causes), None)
    if cause is None:
        return ", and CloudFormation gives no reason"
    place = "" if cause.is_stack else f" at {cause.logical_id} ({cause.resource_type})"
    return f"{place}: {unwrap_reason(cause.reason)}"


def unwrap_reason(reason: str) -> str:
    """Remove CloudFormation's wrapping from a service's own message."""
    wrapped = _HANDLER.search(reason)
    return _SERVICE.sub("", wrapped[1] if wrapped else reason).strip().rstrip(".")
