"""A template and parameters → what they would change in a stack, held ready to be executed."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from purgemap.deployment.stack.clients import CloudFormation
from purgemap.deployment.stack.failed_change_set import explain_failure
from purgemap.deployment.stack.stack import EMPTY, Stack, find_stack
from purgemap.errors import PurgemapError

_SECONDS_BETWEEN_LOOKS = 2.0

# How CloudFormation says that a change set is empty, for a template and for a template with parameters only.
_NOTHING = ("No updates are to be performed", "didn't contain changes")


class ChangeSetRequest(NamedTuple):
    """What to make of a stack: a name for the change set, the template, parameters (None keeps a stack's value).

    `tags` are all tags of the stack, `role_arn` is the role that CloudFormation assumes; None leaves the stack's alone.
    """

    name: str
    template_url: str
    parameters: Mapping[str, str | None]
    tags: Mapping[str, str] | None = None
    role_arn: str | None = None


class ResourceChange(NamedTuple):
    """One resource: Add, Modify or Remove; whether it is replaced ("True", "Conditional", "False", "" for no word)."""

    action: str
    logical_id: str
    resource_type: str
    replacement: str = ""


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """A change set that is ready; `is_first` says that its stack was made for it and is still empty."""

    id: str
    stack_id: str
    changes: tuple[ResourceChange, ...]
    is_first: bool


def create_change_set(
    cloudformation: CloudFormation,
    stack_name: str,
    before: Stack | None,
    request: ChangeSetRequest,
    sleep: Callable[[float], None] = time.sleep,
) -> ChangeSet | None:
    """Make a change set and wait for it; None if nothing changes. Raises PurgemapError with CloudFormation's reason."""
    is_first = before is None or before.status == EMPTY
    made = cloudformation.create_change_set(
        StackName=stack_name,
        ChangeSetName=request.name,
        ClientToken=request.name,  # so that botocore's retry of a call is no second call
        # A stack whose creation failed takes no update, so it goes.
        **({"ChangeSetType": "CREATE", "OnStackFailure": "DELETE"} if is_first else {"ChangeSetType": "UPDATE"}),
        TemplateURL=request.template_url,
        Parameters=[_parameter(*each) for each in request.parameters.items()],
        Capabilities=["CAPABILITY_IAM"],
        **_options(request),
    )
    page = _wait(cloudformation, made["Id"], sleep)
    change_set = ChangeSet(made["Id"], made["StackId"], _changes(cloudformation, made["Id"], page), is_first)
    if page["Status"] != "FAILED":
        return change_set
    reason = page.get("StatusReason", "")
    is_empty = any(words in reason for words in _NOTHING)
    failure = "" if is_empty else explain_failure(cloudformation, change_set.id, reason)
    # A failed change set that stays is harmless, and must not hide the reason.
    with suppress(ClientError):
        discard_change_set(cloudformation, change_set)
    if is_empty:
        return None
    raise PurgemapError(f"CloudFormation refuses the template: {failure}")


def discard_change_set(cloudformation: CloudFormation, change_set: ChangeSet) -> None:
    """Delete a change set, and the empty stack that was made for it."""
    cloudformation.delete_change_set(ChangeSetName=change_set.id)
    if change_set.is_first:
        stack = find_stack(cloudformation, change_set.stack_id)
        if stack and stack.status == EMPTY:
            cloudformation.delete_stack(StackName=change_set.stack_id)


def _parameter(name: str, value: str | None) -> dict[str, Any]:
    given = {"UsePreviousValue": True} if value is None else {"ParameterValue": value}
    return {"ParameterKey": name, **given}


def _options(request: ChangeSetRequest) -> dict[str, Any]:
    role = {"RoleARN": request.role_arn} if request.role_arn else {}
    if request.tags is None:
        return role
    return {**role, "Tags": [{"Key": key, "Value": value} for key, value in request.tags.items()]}


def _wait(cloudformation: CloudFormation, change_set_id: str, sleep: Callable[[float], None]) -> dict[str, Any]:
    """Wait until a change set is ready or refused, and return the first page of what it holds."""
    while True:
        page: dict[str, Any] = cloudformation.describe_change_set(ChangeSetName=change_set_id)
        if page["Status"] not in {"CREATE_PENDING", "CREATE_IN_PROGRESS"}:
            return page
        sleep(_SECONDS_BETWEEN_LOOKS)


def _changes(cloudformation: CloudFormation, change_set_id: str, page: dict[str, Any]) -> tuple[ResourceChange, ...]:
    """Read a change set to its last page; sorted by what the template calls the resources."""
    found = [*page.get("Changes", [])]
    while token := page.get("NextToken"):
        page = cloudformation.describe_change_set(ChangeSetName=change_set_id, NextToken=token)
        found += page.get("Changes", [])
    changes = [_change(each["ResourceChange"]) for each in found if "ResourceChange" in each]
    return tuple(sorted(changes, key=lambda change: change.logical_id))


def _change(found: dict[str, Any]) -> ResourceChange:
    return ResourceChange(
        found["Action"], found["LogicalResourceId"], found["ResourceType"], str(found.get("Replacement") or "")
    )
