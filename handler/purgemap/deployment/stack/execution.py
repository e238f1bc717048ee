"""Change and delete a stack, and report the reason if that fails."""

import time
from collections.abc import Callable

from purgemap.deployment.stack.change_set import ChangeSet
from purgemap.deployment.stack.clients import CloudFormation
from purgemap.deployment.stack.stack import Stack
from purgemap.deployment.stack.stack_events import StackEvent, describe_failure, follow_operation
from purgemap.errors import PurgemapError

_SUCCEEDED = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}


def execute_change_set(
    cloudformation: CloudFormation,
    change_set: ChangeSet,
    on_event: Callable[[StackEvent], None],
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Execute a change set and wait for its end; calls `on_event` once for each event, in order.

    Raises PurgemapError with the reason of the first failure. CloudFormation has then rolled the changes back.
    """
    # CloudFormation refuses a second execution; the token makes a retry by botocore the same call.
    request = {"ChangeSetName": change_set.id, "ClientRequestToken": change_set.id.rpartition("/")[2]}
    status, events = follow_operation(
        cloudformation,
        change_set.stack_id,
        lambda: cloudformation.execute_change_set(**request),
        on_event,
        sleep,
    )
    if status not in _SUCCEEDED:
        raise PurgemapError(f"the deployment failed{describe_failure(events)}; the stack is {status}")


def delete_stack(
    cloudformation: CloudFormation,
    stack: Stack,
    on_event: Callable[[StackEvent], None],
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Delete a stack and wait for its end; calls `on_event` once for each event, in order.

    Raises PurgemapError with the reason of the first failure. The resources that could be deleted are then gone.
    """
    # By its id: another stack may have got the name since. CloudFormation assumes the role of the stack, if it has one.
    status, events = follow_operation(
        cloudformation, stack.id, lambda: cloudformation.delete_stack(StackName=stack.id), on_event, sleep
    )
    if status != "DELETE_COMPLETE":
        raise PurgemapError(
            f"the removal failed{describe_failure(events)}; the stack is {status}: fix the cause, and destroy it again"
        )
