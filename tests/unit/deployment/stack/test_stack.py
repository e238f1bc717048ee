"""A stack as CloudFormation describes it, and its tags."""

from dataclasses import replace
from typing import Any

import pytest

from purgemap.deployment.stack.change_set import ChangeSetRequest, create_change_set
from purgemap.deployment.stack.stack import Stack, find_stack, merge_tags
from support.doubles.cloudformation import ScriptedCloudFormation


class EmptyStack(ScriptedCloudFormation):
    """A stack with the parameters of its first change set, which was never executed."""

    def describe_stacks(self, **request: Any) -> Any:
        (description,) = super().describe_stacks(**request)["Stacks"]
        return {"Stacks": [{**description, "Parameters": [{"ParameterKey": "Window", "ParameterValue": "20"}]}]}


def test_find_stack_ignores_parameters_of_pending_change_set() -> None:
    empty = find_stack(EmptyStack(["REVIEW_IN_PROGRESS"]), "purgemap")
    complete = find_stack(EmptyStack(["CREATE_COMPLETE"]), "purgemap")
    assert empty is not None
    assert complete is not None
    assert (empty.parameters, complete.parameters) == ({}, {"Window": "20"})


@pytest.mark.parametrize(
    ("tags", "new_tags", "merged"),
    [
        ({}, {}, None),
        ({"team": "web"}, {}, {"team": "web"}),
        ({"team": "web", "aws:servicecatalog:id": "1"}, {"cost": "1"}, {"team": "web", "cost": "1"}),
        ({"team": "web"}, {"team": ""}, {}),
    ],
)
def test_change_set_has_all_tags_of_the_stack(
    tags: dict[str, str], new_tags: dict[str, str], merged: dict[str, str] | None
) -> None:
    stack = replace(Stack("stack", "UPDATE_COMPLETE", {}, {}), tags=tags)
    cloudformation = ScriptedCloudFormation(["UPDATE_COMPLETE"], change_sets=[{"Status": "CREATE_COMPLETE"}])
    request = ChangeSetRequest("purgemap-1", "https://s3.eu-west-1.amazonaws.com/b/k", {})
    create_change_set(cloudformation, "purgemap", stack, request._replace(tags=merge_tags(stack, new_tags)))
    sent_tags = cloudformation.request.get("Tags")
    assert (None if sent_tags is None else {tag["Key"]: tag["Value"] for tag in sent_tags}) == merged
