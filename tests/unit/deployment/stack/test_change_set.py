"""A change set: how it is requested, waited for, read and discarded."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from purgemap.deployment.stack.change_set import ChangeSet, ChangeSetRequest, create_change_set, discard_change_set
from purgemap.deployment.stack.stack import Stack
from purgemap.errors import PurgemapError
from support.doubles.cloudformation import ScriptedCloudFormation

REQUEST = ChangeSetRequest("purgemap-1", "https://s3.eu-west-1.amazonaws.com/b/k", {"CodeKey": "k", "Window": None})
READY = {"Status": "CREATE_COMPLETE"}
REFUSED = {"Status": "FAILED", "StatusReason": "Template error: unresolved dependencies"}


def stack(status: str) -> Stack:
    return Stack("stack", status, {}, {})


def page(*names: str, **token: str) -> dict[str, Any]:
    changes = [
        {"Action": "Modify", "LogicalResourceId": name, "ResourceType": "T", "Replacement": "True"} for name in names
    ]
    return {**READY, "Changes": [{"ResourceChange": change} for change in changes], **token}


def test_change_set_is_waited_for_and_read_to_last_page() -> None:
    cloudformation = ScriptedCloudFormation(
        ["UPDATE_COMPLETE"], change_sets=[{"Status": "CREATE_IN_PROGRESS"}, page("B", NextToken="2"), page("A")]
    )
    waits: list[float] = []
    change_set = create_change_set(cloudformation, "purgemap", stack("UPDATE_COMPLETE"), REQUEST, waits.append)
    assert change_set is not None
    assert [change.logical_id for change in change_set.changes] == ["A", "B"]
    assert {change.replacement for change in change_set.changes} == {"True"}
    assert len(waits) == 1
    assert cloudformation.request["ChangeSetType"] == "UPDATE"
    assert cloudformation.request["Parameters"] == [
        {"ParameterKey": "CodeKey", "ParameterValue": "k"},
        {"ParameterKey": "Window", "UsePreviousValue": True},
    ]


def test_change_set_retried_by_botocore_is_the_same_request() -> None:
    cloudformation = ScriptedCloudFormation(["UPDATE_COMPLETE"], change_sets=[READY])
    create_change_set(cloudformation, "purgemap", stack("UPDATE_COMPLETE"), REQUEST)
    assert cloudformation.request["ClientToken"] == REQUEST.name


@pytest.mark.parametrize("before", [None, stack("REVIEW_IN_PROGRESS")])
def test_first_change_set_deletes_a_stack_that_fails(before: Stack | None) -> None:
    cloudformation = ScriptedCloudFormation(["REVIEW_IN_PROGRESS"], change_sets=[READY])
    create_change_set(cloudformation, "purgemap", before, REQUEST)
    assert (cloudformation.request["ChangeSetType"], cloudformation.request["OnStackFailure"]) == ("CREATE", "DELETE")


def test_refused_change_set_is_deleted_and_its_reason_raised() -> None:
    cloudformation = ScriptedCloudFormation(["UPDATE_COMPLETE"], change_sets=[REFUSED])
    with pytest.raises(PurgemapError, match="Template error: unresolved dependencies"):
        create_change_set(cloudformation, "purgemap", stack("UPDATE_COMPLETE"), REQUEST)
    assert cloudformation.calls == ["create_change_set", "describe_events", "delete_change_set"]


class NoPermissionToDelete(ScriptedCloudFormation):
    """CloudFormation for a role that may only change the stack."""

    def delete_stack(self, **_: Any) -> Any:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DeleteStack")


def test_refused_change_set_raises_its_reason_if_stack_stays() -> None:
    cloudformation = NoPermissionToDelete(["REVIEW_IN_PROGRESS"], change_sets=[REFUSED])
    with pytest.raises(PurgemapError, match="Template error"):
        create_change_set(cloudformation, "purgemap", None, REQUEST)


@pytest.mark.parametrize(
    "reason", ["No updates are to be performed.", "The submitted information didn't contain changes."]
)
def test_empty_change_set_is_deleted(reason: str) -> None:
    empty = {"Status": "FAILED", "StatusReason": reason}
    cloudformation = ScriptedCloudFormation(["UPDATE_COMPLETE"], change_sets=[empty])
    assert create_change_set(cloudformation, "purgemap", stack("UPDATE_COMPLETE"), REQUEST) is None
    assert cloudformation.calls == ["create_change_set", "delete_change_set"]


@pytest.mark.parametrize(
    ("status", "calls"),
    [("REVIEW_IN_PROGRESS", ["delete_change_set", "delete_stack"]), ("CREATE_COMPLETE", ["delete_change_set"])],
)
def test_discarding_first_change_set_deletes_only_an_empty_stack(status: str, calls: list[str]) -> None:
    cloudformation = ScriptedCloudFormation([status])
    discard_change_set(cloudformation, ChangeSet("change-set", "stack", (), is_first=True))
    assert cloudformation.calls == calls
