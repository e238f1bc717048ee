"""Find a stack and read its parameters, outputs and tags."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from purgemap.deployment.stack.clients import CloudFormation

# The status of a stack whose first change set was never executed: it has a name and no resources.
REVIEW_IN_PROGRESS = "REVIEW_IN_PROGRESS"

# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Tag.html
RESERVED_TAGS = "aws:"
"""The prefix of tags that only AWS can set."""


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack: its id, CloudFormation's status, and its parameters, outputs and tags by name.

    `description` is its template's. A stack that `is_protected` cannot be deleted.
    """

    id: str
    status: str
    parameters: Mapping[str, str]
    outputs: Mapping[str, str]
    tags: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    is_protected: bool = False

    @property
    def region(self) -> str:
        """The region in the stack's ARN."""
        return self.id.split(":")[3]

    @property
    def account(self) -> str:
        """The account number in the stack's ARN."""
        return self.id.split(":")[4]


def find_stack(cloudformation: CloudFormation, name: str) -> Stack | None:
    """Find a stack by name or id; None if it does not exist."""
    try:
        description = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        # CloudFormation has no code of its own for a missing stack: it answers ValidationError.
        if "does not exist" in error.response["Error"].get("Message", ""):
            return None
        raise
    id_, status = description["StackId"], description["StackStatus"]
    outputs = _values_by_name(description, "Output")
    if status == REVIEW_IN_PROGRESS:
        # The parameters and tags are those of the pending change set, so no value can be kept.
        return Stack(id_, status, {}, outputs)
    return Stack(
        id_,
        status,
        _values_by_name(description, "Parameter"),
        outputs,
        {tag["Key"]: str(tag["Value"]) for tag in description.get("Tags", [])},
        description.get("Description", ""),
        description.get("EnableTerminationProtection", False),
    )


def _values_by_name(description: Mapping[str, Any], kind: str) -> dict[str, str]:
    return {entry[f"{kind}Key"]: str(entry[f"{kind}Value"]) for entry in description.get(f"{kind}s", [])}


def merge_tags(stack: Stack | None, tags: Mapping[str, str]) -> dict[str, str] | None:
    """Merge new tags into a stack's; an empty value removes a tag. None if there are no tags at all."""
    # A change set replaces all tags of the stack, so it needs those that stay, too.
    old_tags = {key: value for key, value in stack.tags.items() if not key.startswith(RESERVED_TAGS)} if stack else {}
    merged_tags = {**old_tags, **tags}
    return {key: value for key, value in merged_tags.items() if value} if merged_tags else None
