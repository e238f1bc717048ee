"""Refuse a deployment or a removal that AWS would refuse, or that could not work, before anything is changed."""

from typing import Any
from urllib.parse import urlsplit

from purgemap.deployment.stack.stack import REVIEW_IN_PROGRESS, Stack
from purgemap.errors import PurgemapError
from purgemap.routemap import RouteMap

# AWS marks the example ids of its documentation so. One real id in ten billion contains it by chance.
_EXAMPLE_MARK = "EXAMPLE"

# Hosts of AWS's own endpoints: the second of each pair also supports IPv6.
# https://docs.aws.amazon.com/general/latest/gr/rande.html
_AWS_HOSTS = (
    *(".amazonaws.com", ".api.aws"),
    *(".amazonaws.com.cn", ".api.amazonwebservices.com.cn"),
    *(".amazonaws.eu", ".api.amazonwebservices.eu"),
)

# An event rule's name is the stack's name and 17 characters; EventBridge accepts 64.
_MAX_STACK_NAME = 47

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html#cfn-console-view-stack-data-resources-status-codes
_UPDATABLE = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE", REVIEW_IN_PROGRESS}
_MUST_BE_DELETED = {"CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"}

# How deploy/template.yaml has described the service in every version; the member stack's description differs.
_DESCRIPTION = "purgemap: keeps CloudFront caches true to S3"


def check_no_example_ids(route_map: RouteMap, client: Any) -> None:
    """Raise PurgemapError for a map with example ids, as a fresh clone has, if the client calls the real AWS."""
    example_ids = sorted(id_ for id_ in route_map.distributions_by_id if _EXAMPLE_MARK in id_)
    if example_ids and (urlsplit(client.meta.endpoint_url).hostname or "").endswith(_AWS_HOSTS):
        raise PurgemapError(
            f"{example_ids[0]} is an example's id: write your own buckets and distributions into the map"
        )


def check_deployable(name: str, stack: Stack | None) -> None:
    """Raise PurgemapError, with the way out, if a stack cannot be created or updated now."""
    if len(name) > _MAX_STACK_NAME:
        raise PurgemapError(
            f"the stack's name {name} is too long for its event rules: {_MAX_STACK_NAME} characters at most"
        )
    if stack is None or stack.status in _UPDATABLE:
        return
    stack_status = f"the stack {name} is {stack.status}"
    _check_idle(name, stack)
    if stack.status in _MUST_BE_DELETED:
        command = f"aws cloudformation delete-stack --stack-name {name}"
        raise PurgemapError(
            f"{stack_status}: its creation failed, so it can only be deleted: {command}, then deploy again"
        )
    if stack.status == "UPDATE_ROLLBACK_FAILED":
        command = f"aws cloudformation continue-update-rollback --stack-name {name}"
        raise PurgemapError(
            f"{stack_status}: an update and its rollback failed; fix the cause that its events name: {command}"
        )
    raise PurgemapError(f"{stack_status}, and cannot be updated; see its events in CloudFormation's console")


def check_removable(name: str, stack: Stack) -> None:
    """Raise PurgemapError, with the way out, if a stack is not the service's, or cannot be deleted now."""
    command = f"aws cloudformation delete-stack --stack-name {name}"
    if stack.status == REVIEW_IN_PROGRESS:
        raise PurgemapError(f"the stack {name} is empty: its first deployment was never executed; delete it: {command}")
    if not stack.description.startswith(_DESCRIPTION):
        raise PurgemapError(
            f"the stack {name} is not one of purgemap deploy: its description does not begin with {_DESCRIPTION!r}; "
            f"if it is to be deleted: {command}"
        )
    _check_idle(name, stack)
    if stack.is_protected:
        command = "aws cloudformation update-termination-protection --no-enable-termination-protection"
        raise PurgemapError(
            f"the stack {name} has termination protection: switch it off, then destroy the stack again: "
            f"{command} --stack-name {name}"
        )


def _check_idle(name: str, stack: Stack) -> None:
    if stack.status.endswith("_IN_PROGRESS"):
        raise PurgemapError(
            f"the stack {name} is {stack.status}: another change is running; try again when that is over"
        )
