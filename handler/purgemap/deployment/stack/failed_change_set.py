"""Explain why CloudFormation could not create a change set."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from purgemap.aws import describe_error, error_code
from purgemap.deployment.stack.clients import CloudFormation

# An event has one reason: of a validation, a hook or a resource.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_OperationEvent.html
_REASONS = ("ValidationStatusReason", "HookStatusReason", "ResourceStatusReason")
_MODES = ("ValidationFailureMode", "HookFailureMode")
_DENIED = {"AccessDenied", "AccessDeniedException"}


def explain_failure(cloudformation: CloudFormation, change_set_id: str, status_reason: str) -> str:
    """Return the reasons of a failed change set, in one line; its own reason if its events name none."""
    # The change set's own reason only names the validation that failed. The resource and its fault are in the events,
    # which disappear with the change set.
    own_reason = (status_reason or "it gives no reason").rstrip(".")
    try:
        reasons = dict.fromkeys(_read_reasons(cloudformation, change_set_id))
    except (BotoCoreError, ClientError) as error:
        return f"{own_reason}; {_missing_details(error)}"
    return "; ".join(reasons) or own_reason


def _read_reasons(cloudformation: CloudFormation, change_set_id: str) -> list[str]:
    """Read the reasons of the failed events; warnings only if nothing else failed."""
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
    # A hook may have failed for the whole stack, without a resource.
    place = f"{resource} ({kind})" if resource and kind else resource or event.get("HookType") or ""
    path = event.get("ValidationPath")
    return (f"{place}: " if place else "") + _reason(event) + (f" (at {path})" if path else "")


def _missing_details(error: Exception) -> str:
    if isinstance(error, ClientError) and error_code(error) in _DENIED:
        return "to see the resource and its fault, add the permission cloudformation:DescribeEvents"
    return f"the resource and its fault cannot be read: {describe_error(error)}"
