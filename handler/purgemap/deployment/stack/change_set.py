"""Create and discard a change set: how a template and parameters would change a stack."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from purgemap.deployment.stack.clients import CloudFormation
from purgemap.deployment.stack.failed_change_set import explain_failure
from purgemap.deployment.stack.stack import REVIEW_IN_PROGRESS, Stack, find_stack
from purgemap.errors import PurgemapError

_POLL_SECONDS = 2.0

# An empty change set has status FAILED and one of these reasons: the first if the template itself changed nothing.
_EMPTY_REASONS = ("No updates are to be performed", "didn't contain changes")


class ChangeSetRequest(NamedTuple):
    """The target state of a stack: a change set's name, the template, and parameters (None keeps the stack's value).

    `tags` are all tags of the stack, `role_arn` is the role that CloudFormation assumes. None keeps the stack's.
    """

    name: str
    template_url: str
    parameters: Mapping[str, str | None]
    tags: Mapping[str, str] | None = None
    role_arn: str | None = None


class ResourceChange(NamedTuple):
    """The change of one resource: Add, Modify or Remove; `replacement` is True, Conditional, False or empty."""

    action: str
    logical_id: str
    resource_type: str
    replacement: str = ""


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """A change set that can be executed; `is_first` means that it created its stack, which is still empty."""

    id: str
    stack_id: str
    changes: tuple[ResourceChange, ...]
    is_first: bool


def create_change_set(
    cloudformation: CloudFormation,
    stack_name: str,
    stack: Stack | None,
    request: ChangeSetRequest,
    sleep: Callable[[float], None] = time.sleep,
) -> ChangeSet | None:
    """Create a change set and wait for it; None if nothing changes. Raises PurgemapError with CloudFormation's reason.

    A change set that is empty or failed is discarded.
    """
    is_first = stack is None or stack.status == REVIEW_IN_PROGRESS
    response = cloudformation.create_change_set(
        StackName=stack_name,
        ChangeSetName=request.name,
        ClientToken=request.name,  # makes a retry by botocore the same call
        # A stack whose creation failed cannot be updated, so CloudFormation deletes it.
        **({"ChangeSetType": "CREATE", "OnStackFailure": "DELETE"} if is_first else {"ChangeSetType": "UPDATE"}),
        TemplateURL=request.template_url,
        Parameters=[_parameter(*item) for item in request.parameters.items()],
        Capabilities=["CAPABILITY_IAM"],
        **({"RoleARN": request.role_arn} if request.role_arn else {}),
        **(
            {} if request.tags is None else {"Tags": [{"Key": key, "Value": request.tags[key]} for key in request.tags]}
        ),
    )
    page = _wait_until_ready(cloudformation, response["Id"], sleep)
    changes = _read_changes(cloudformation, response["Id"], page)
    change_set = ChangeSet(response["Id"], response["StackId"], changes, is_first)
    if page["Status"] != "FAILED":
        return change_set
    reason = page.get("StatusReason", "")
    is_empty = any(text in reason for text in _EMPTY_REASONS)
    # The events with the reasons disappear with the change set.
    failure = "" if is_empty else explain_failure(cloudformation, change_set.id, reason)
    # Without permission to delete, the failed change set stays. That is harmless, and must not hide the reason.
    with suppress(ClientError):
        discard_change_set(cloudformation, change_set)
    if is_empty:
        return None
    raise PurgemapError(f"CloudFormation refuses the template: {failure}")


def discard_change_set(cloudformation: CloudFormation, change_set: ChangeSet) -> None:
    """Delete a change set and, if it created its stack, the empty stack."""
    cloudformation.delete_change_set(ChangeSetName=change_set.id)
    if change_set.is_first:
        stack = find_stack(cloudformation, change_set.stack_id)
        # Someone else may have executed another change set of the stack since.
        if stack and stack.status == REVIEW_IN_PROGRESS:
            cloudformation.delete_stack(StackName=change_set.stack_id)


def _parameter(name: str, value: str | None) -> dict[str, Any]:
    return {"ParameterKey": name, **({"UsePreviousValue": True} if value is None else {"ParameterValue": value})}


def _wait_until_ready(cloudformation: CloudFormation, id_: str, sleep: Callable[[float], None]) -> dict[str, Any]:
    """Wait until a change set is complete or failed; returns its first page."""
    while True:
        page: dict[str, Any] = cloudformation.describe_change_set(ChangeSetName=id_)
        if page["Status"] not in {"CREATE_PENDING", "CREATE_IN_PROGRESS"}:
            return page
        sleep(_POLL_SECONDS)


def _read_changes(cloudformation: CloudFormation, id_: str, page: dict[str, Any]) -> tuple[ResourceChange, ...]:
    """Read a change set from its first page to its last; returns the changes sorted by logical id."""
    entries = [*page.get("Changes", [])]
    while token := page.get("NextToken"):
        page = cloudformation.describe_change_set(ChangeSetName=id_, NextToken=token)
        entries += page.get("Changes", [])
    changes = [_parse_change(entry["ResourceChange"]) for entry in entries if "ResourceChange" in entry]
    return tuple(sorted(changes, key=lambda change: change.logical_id))


def _parse_change(change: dict[str, Any]) -> ResourceChange:
    # Replacement is missing for a resource that is added or removed.
    replacement = str(change.get("Replacement") or "")
    return ResourceChange(change["Action"], change["LogicalResourceId"], change["ResourceType"], replacement)
