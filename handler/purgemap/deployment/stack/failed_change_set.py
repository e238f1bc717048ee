"""A change set that failed → CloudFormation's reasons."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from purgemap.aws import describe_error, error_code
from purgemap.deployment.stack.clients import CloudFormation

# Where an event has its reason: a validation, a hook, a resource.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_OperationEvent.html
_REASONS = ("ValidationStatusReason", "HookStatusReason", "ResourceStatusReason")
_MODES = ("ValidationFailureMode", "HookFailureMode")
_DENIED = {"AccessDenied", "AccessDeniedException"}


def explain_failure(cloudformation: CloudFormation, change_set_id: str, status_reason: str) -> str:
    """Return why a change set failed, in one line.

    The change set's own reason only names the validation that failed. The resource and its fault are in its events,
    which are gone once it is deleted. Without events the change set's own reason is returned.
    """
    own_reason = (status_reason or "it gives no reason").rstrip(".")
    try:
        reasons = dict.fromkeys(_reasons(cloudformation, change_set_id))
    except (BotoCoreError, ClientError) as error:
        return f"{own_reason}; {_unread(error)}"
    return "; ".join(reasons) or own_reason


def _reasons(cloudformation: CloudFormation, change_set_id: str) -> list[str]:
    """Read the reasons of the failed events; a validation that only warns counts if nothing else failed."""
    events = [event for event in _failed_events(cloudformation, change_set_id) if _reason(event)]
    failures = [event for event in events if all(event.get(mode) != "WARN" for mode in _MODES)]
    return [_describe(event) for event in failures or events]


def _failed_events(cloudformation: CloudFormation, change_set_id: str) -> Iterator[Mapping[str, Any]]:
    request: dict[str, Any] = {"ChangeSetName": change_set_id, "Filters": {"FailedEvents": True}}
    while True:
        page = cloudformation.describe_events(**request)
        yield from page.get("OperationEvents", [])
        if not page.get("NextToken"):
            return
        request["NextToken"] = page["NextToken"]


def _reason(event: Mapping[str, Any]) -> str:
    reason = next((event[name] for name in _REASONS if event.get(name)), "")
    return " ".join(reason.split()).rstrip(".")


def _describe(event: Mapping[str, Any]) -> str:
    resource, kind = event.get("LogicalResourceId"), event.get("ResourceType")
    place = f"{resource} ({kind})" if resource and kind else resource or event.get("HookType") or ""
    path = event.get("ValidationPath")
    return (f"{place}: " if place else "") + _reason(event) + (f" (at {path})" if path else "")


def _unread(error: Exception) -> str:
    if isinstance(error, ClientError) and error_code(error) in _DENIED:
        return "to see the resource and its fault, add the permission cloudformation:DescribeEvents"
    return f"the resource and its fault cannot be read: {describe_error(error)}"
