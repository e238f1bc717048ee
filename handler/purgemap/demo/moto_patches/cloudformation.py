"""Make moto's CloudFormation answer for stacks and change sets as AWS's does.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ExecuteChangeSet.html
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import Change, ChangeSet, CloudFormationBackend, Stack
from moto.cloudformation.parsing import ResourceMap
from moto.cloudformation.responses import CloudFormationResponse

from purgemap.demo.moto_patches.registry import PATCHES, replaces


@PATCHES.append
def _list_existing_resources() -> None:
    """List the resources that exist; moto: adds None for each resource whose condition is false."""
    Stack.stack_resources = property(_stack_resources)  # type: ignore[assignment, method-assign]


def _stack_resources(stack: Stack) -> list[Any]:
    return [resource for resource in stack.resource_map.values() if resource is not None]


@replaces(CloudFormationResponse, "_get_stack_from_s3_url")
def _read_template(original: Callable[..., str], response: CloudFormationResponse, url: str) -> str:
    """Read a template from this endpoint's own address, too, which the AWS CLI passes; moto: from AWS's only."""
    address = urlsplit(url)
    return original(response, f"https://s3.amazonaws.com{address.path}" if address.port else url)


@replaces(CloudFormationBackend, "create_change_set")
def _create_change_set(original: Callable[..., Any], backend: CloudFormationBackend, **request: Any) -> Any:
    """Compare parameters as texts; moto: an unchanged number differs from its text, so it counts as a change."""
    return original(
        backend, **{**request, "parameters": {name: str(value) for name, value in request["parameters"].items()}}
    )


@replaces(CloudFormationBackend, "delete_stack")
def _delete_stack(original: Callable[..., None], backend: CloudFormationBackend, name_or_stack_id: str) -> None:
    """Refuse to delete a stack with termination protection; moto: deletes it."""
    for stack in backend.stacks.values():
        if name_or_stack_id in {stack.name, stack.stack_id} and stack.enable_termination_protection:
            # The text of AWS: https://github.com/rackspace/runway/pull/199
            message = f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
            raise ValidationError(message=message)
    original(backend, name_or_stack_id)


@replaces(ResourceMap, "load_mapping")
def _load_mapping(original: Callable[[ResourceMap], None], resource_map: ResourceMap) -> None:
    """Forget the resources that an update has deleted; moto: does not create them if a later update adds them again."""
    original(resource_map)
    # An update calls this between the deletions and the additions, and still has the resources of before.
    for name in resource_map._resource_json_map.keys() - resource_map._template.get("Resources", {}).keys():
        resource_map._parsed_resources.pop(name, None)


@replaces(ChangeSet, "apply")
def _apply(original: Callable[..., None], change_set: ChangeSet) -> None:
    """Give the stack what its change set has: outputs, parameters, tags, template, description.

    moto: creates the resources only.
    """
    original(change_set)
    stack = change_set.stack
    stack.template = change_set.template
    stack.tags = stack.tags if change_set.tags is None else change_set.tags
    stack.parameters = {name: str(value) for name, value in stack.resource_map.resolved_parameters.items()}
    stack.resource_map.input_parameters = stack.parameters
    stack._parse_template()
    stack.description = stack.template_dict.get("Description")
    stack.output_map = stack._create_output_map()


@replaces(ChangeSet, "diff")
def _diff(original: Callable[..., list[Change]], change_set: ChangeSet) -> list[Change]:
    """List what a change set changes.

    moto: omits resources that only a parameter changes, and lists resources whose condition is false.
    """
    changes = original(change_set)
    listed = {change.logical_resource_id for change in changes}
    resources = change_set.template_dict["Resources"]
    resource_map = change_set.stack.resource_map
    modified = resource_map.build_resource_diff(change_set.template_dict, change_set.parameters)["Modify"]
    changes += [Change("Modify", name, resources[name]["Type"]) for name in modified if name not in listed]
    conditions = _evaluate_conditions(change_set)
    return [
        change
        for change in changes
        if conditions.get(resources.get(change.logical_resource_id, {}).get("Condition"), True)
    ]


def _evaluate_conditions(change_set: ChangeSet) -> Mapping[str | None, bool]:
    """Evaluate the conditions of a change set's template with its parameters."""
    stack = change_set.stack
    resource_map = ResourceMap(
        stack.stack_id,
        stack.name,
        change_set.parameters,
        stack.tags,
        account_id=stack.account_id,
        region_name=stack.region_name,
        template=change_set.template_dict,
        cross_stack_resources=stack.cross_stack_resources,
    )
    # A loaded map creates its resources one by one, when they are read.
    resource_map.load()
    return dict(resource_map.lazy_condition_map.items())
