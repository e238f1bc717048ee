"""A change set → the stack changed: what happens on the way, and at a failure its first real reason."""

import re
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

from purgemap.deployment.stack.change_set import ChangeSet
from purgemap.deployment.stack.clients import CloudFormation
from purgemap.errors import PurgemapError

_SECONDS_BETWEEN_LOOKS = 2.0
_FINE = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}

# What stands round a service's own words: 'Resource handler returned message: "…" (RequestToken: …)', and in them
# '(Service: Lambda, Status Code: 400, Request ID: …)'.
_HANDLER = re.compile(r'Resource handler returned message: "(.*)" \(RequestToken: [^)]*\)', re.DOTALL)
_SERVICE = re.compile(r"\s*\(Service: [^)]*\)")


class StackEvent(NamedTuple):
    """One thing that happened to a resource of a stack, or to the stack itself."""

    id: str
    logical_id: str
    resource_type: str
    status: str
    reason: str
    is_stack: bool


def execute_change_set(
    cloudformation: CloudFormation,
    change_set: ChangeSet,
    tell: Callable[[StackEvent], None],
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Execute a change set and wait for its end; each event is told once, in order.

    Raises PurgemapError with the first failure's reason. CloudFormation has then taken the changes back.
    """
    seen = {event.id for event in islice(_events(cloudformation, change_set.stack_id, ()), 1)}
    # The token makes botocore's retry of a call no second call, which CloudFormation would refuse.
    cloudformation.execute_change_set(ChangeSetName=change_set.id, ClientRequestToken=change_set.id.rpartition("/")[2])
    told: list[StackEvent] = []
    while True:
        # The status is read first: once it is the last one, no event comes after those that are read then.
        status = _status(cloudformation, change_set.stack_id)
        for event in reversed([*_events(cloudformation, change_set.stack_id, seen)]):
            seen.add(event.id)
            told.append(event)
            tell(event)
        # Until the execution starts, the stack still has the status that it had.
        if not status.endswith("_IN_PROGRESS") and any(event.is_stack for event in told):
            break
        sleep(_SECONDS_BETWEEN_LOOKS)
    if status not in _FINE:
        raise PurgemapError(f"the deployment failed{_reason(told)}; the stack is {status}")


def _status(cloudformation: CloudFormation, stack_id: str) -> str:
    """Look by id, which finds a stack that was deleted, too."""
    return str(cloudformation.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"])


def _events(cloudformation: CloudFormation, stack_id: str, seen: Collection[str]) -> Iterator[StackEvent]:
    """Yield the events that are later than those seen, the latest first."""
    asked = {"StackName": stack_id}
    while True:
        page = cloudformation.describe_stack_events(**asked)
        for event in map(_event, page["StackEvents"]):
            if event.id in seen:
                return
            yield event
        if not page.get("NextToken"):
            return
        asked["NextToken"] = page["NextToken"]


def _event(found: dict[str, Any]) -> StackEvent:
    return StackEvent(
        found["EventId"],
        found["LogicalResourceId"],
        found["ResourceType"],
        found["ResourceStatus"],
        found.get("ResourceStatusReason") or "",
        is_stack=found.get("PhysicalResourceId") == found["StackId"],
    )


def _reason(events: Iterable[StackEvent]) -> str:
    """Tell the first failure that isn't one resource's reaction to another's."""
    failed = [event for event in events if event.status.endswith("_FAILED") or "ROLLBACK" in event.status]
    real = [event for event in failed if event.reason and "cancelled" not in event.reason.lower()]
    first = next((event for event in real if not event.is_stack), None) or next(iter(real), None)
    if first is None:
        return ", and CloudFormation doesn't say why"
    place = "" if first.is_stack else f" at {first.logical_id} ({first.resource_type})"
    return f"{place}: {unwrap_reason(first.reason)}"


def unwrap_reason(reason: str) -> str:
    """Take a service's own words out of what CloudFormation wraps them in."""
    wrapped = _HANDLER.search(reason)
    return _SERVICE.sub("", wrapped[1] if wrapped else reason).strip().rstrip(".")
