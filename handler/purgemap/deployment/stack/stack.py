"""A stack's name → what is there now, and whether it can be changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from purgemap.deployment.stack.clients import CloudFormation
from purgemap.errors import PurgemapError

# A stack of a change set that was never executed: it has a name, and nothing else.
EMPTY = "REVIEW_IN_PROGRESS"

RESERVED_TAGS = "aws:"
"""How a tag starts that only AWS can set."""

# A rule is called STACK- and 16 characters more, and its name takes 64.
_LONGEST_NAME = 47

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html#cfn-console-view-stack-data-resources-status-codes
_AT_REST = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE", EMPTY}
_NEVER_MADE = {"CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"}


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack: its id, its status in CloudFormation's word, its parameters, outputs and tags by name."""

    id: str
    status: str
    parameters: Mapping[str, str]
    outputs: Mapping[str, str]
    tags: Mapping[str, str] = field(default_factory=dict)


def find_stack(cloudformation: CloudFormation, name: str) -> Stack | None:
    """Look a stack up, by name or id; None where there is none."""
    try:
        found = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in error.response["Error"].get("Message", ""):
            return None
        raise
    # An empty stack's parameters and tags are those of its change set: none has a value that could be kept.
    is_empty = found["StackStatus"] == EMPTY
    parameters = {} if is_empty else _by_name(found, "Parameter")
    tags = {} if is_empty else {tag["Key"]: str(tag["Value"]) for tag in found.get("Tags", [])}
    return Stack(found["StackId"], found["StackStatus"], parameters, _by_name(found, "Output"), tags)


def _by_name(found: Mapping[str, Any], kind: str) -> dict[str, str]:
    return {entry[f"{kind}Key"]: str(entry[f"{kind}Value"]) for entry in found.get(f"{kind}s", [])}


def merge_tags(before: Stack | None, given: Mapping[str, str]) -> dict[str, str] | None:
    """Return all tags that a stack is to have; an empty value removes a tag. None for a stack without any.

    A change set's tags replace the stack's, so those that stay have to be sent again.
    """
    kept = before.tags if before else {}
    merged = {**{key: value for key, value in kept.items() if not key.startswith(RESERVED_TAGS)}, **given}
    return {key: value for key, value in merged.items() if value} if merged else None


def check_deployable(name: str, stack: Stack | None) -> None:
    """Refuse a stack that takes no update now, or never could; the PurgemapError says what to do about it."""
    if len(name) > _LONGEST_NAME:
        raise PurgemapError(
            f"the stack's name {name} is too long for its event rules: {_LONGEST_NAME} characters at most"
        )
    if stack is None or stack.status in _AT_REST:
        return
    is_what = f"the stack {name} is {stack.status}"
    if stack.status.endswith("_IN_PROGRESS"):
        raise PurgemapError(f"{is_what}: somebody is changing it; try again when that is over")
    if stack.status in _NEVER_MADE:
        command = f"aws cloudformation delete-stack --stack-name {name}"
        raise PurgemapError(f"{is_what}: its creation failed, so it can only be deleted: {command}, then deploy again")
    if stack.status == "UPDATE_ROLLBACK_FAILED":
        command = f"aws cloudformation continue-update-rollback --stack-name {name}"
        raise PurgemapError(
            f"{is_what}: an update failed, and so did taking it back; fix what its events name: {command}"
        )
    raise PurgemapError(f"{is_what}, and takes no update; see its events in CloudFormation's console")
