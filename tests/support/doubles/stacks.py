"""Complete moto's CloudFormation, so that it creates every resource of our stack.

moto skips unknown types with a warning, which the tests turn into an error. It has no outputs for a stack that a change
set created.
"""

import functools
import json
from collections.abc import Callable, Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import Change, ChangeSet, CloudFormationBackend, Stack
from moto.cloudformation.responses import CloudFormationResponse
from moto.cloudwatch.models import cloudwatch_backends
from moto.core.common_models import CloudFormationModel
from moto.events.models import events_backends
from moto.iam.models import iam_backends
from moto.logs.models import logs_backends
from moto.sqs.models import sqs_backends

from purgemap.demo.moto_patches.registry import patch

Properties = Mapping[str, Any]


@functools.cache
def complete_cloudformation() -> None:
    """Patch moto's CloudFormation, once in a process."""
    patch(CloudFormationResponse, "_get_stack_from_s3_url", _read_template)
    patch(CloudFormationBackend, "create_change_set", _create_change_set)
    patch(CloudFormationBackend, "delete_stack", _delete_stack)
    patch(ChangeSet, "apply", _apply)
    patch(ChangeSet, "diff", _diff)
    Stack.stack_resources = property(_stack_resources)  # type: ignore[assignment, method-assign]


def _read_template(original: Callable[..., str], response: Any, url: str) -> str:
    """Read a template also from this endpoint's own address, as the AWS CLI writes it."""
    address = urlsplit(url)
    return original(response, f"https://s3.amazonaws.com{address.path}" if address.port else url)


def _stack_resources(stack: Any) -> list[Any]:
    """Return the resources that exist: moto returns None for one whose condition is false."""
    return [resource for resource in stack.resource_map.values() if resource is not None]


def _create_change_set(original: Callable[..., Any], backend: Any, **request: Any) -> Any:
    """Compare parameters as texts: in moto a previous value may be a number, a new one is a text."""
    return original(
        backend, **{**request, "parameters": {name: str(value) for name, value in request["parameters"].items()}}
    )


def _delete_stack(original: Callable[..., None], backend: Any, name_or_stack_id: str) -> None:
    """Refuse to delete a stack with termination protection: moto deletes it."""
    for stack in backend.stacks.values():
        if name_or_stack_id in {stack.name, stack.stack_id} and stack.enable_termination_protection:
            # The text of AWS: https://github.com/rackspace/runway/pull/199
            message = f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
            raise ValidationError(message=message)
    original(backend, name_or_stack_id)


def _apply(original: Callable[..., None], change_set: Any) -> None:
    """Give the stack the outputs, parameters, tags, template and description of the change set."""
    original(change_set)
    stack = change_set.stack
    stack.template = change_set.template
    stack.tags = stack.tags if change_set.tags is None else change_set.tags
    stack.parameters = {name: str(value) for name, value in stack.resource_map.resolved_parameters.items()}
    stack.resource_map.input_parameters = stack.parameters
    stack._parse_template()  # noqa: SLF001  moto has no public method for it
    stack.description = stack.template_dict.get("Description")
    stack.output_map = stack._create_output_map()  # noqa: SLF001


def _diff(original: Callable[..., list[Any]], change_set: Any) -> list[Any]:
    """Add the resources that only a parameter changes: moto changes them without listing them."""
    changes = original(change_set)
    listed = {change.logical_resource_id for change in changes}
    template = change_set.template_dict
    modified = change_set.stack.resource_map.build_resource_diff(template, change_set.parameters)["Modify"]
    return changes + [
        Change("Modify", name, template["Resources"][name]["Type"]) for name in modified if name not in listed
    ]


class _Resource:
    """The interface that moto requires of a resource; a subclass creates it in its service."""

    type: ClassVar[str]

    def __init__(self, name: str, properties: Properties, account_id: str, region: str) -> None:
        self.name, self.account_id, self.region = name, account_id, region
        self.create(properties)

    def create(self, properties: Properties) -> None:
        raise NotImplementedError

    @property
    def physical_resource_id(self) -> str:
        return self.name

    @classmethod
    def cloudformation_type(cls) -> str:
        return cls.type

    @staticmethod
    def cloudformation_name_type() -> str:
        return ""

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr == "Arn"

    def get_cfn_attribute(self, _name: str) -> str:
        return f"arn:aws:cloudwatch:{self.region}:{self.account_id}:alarm:{self.name}"

    def is_created(self) -> bool:
        return True

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_: Any
    ) -> "_Resource":
        return cls(resource_name, cloudformation_json["Properties"], account_id, region_name)

    @classmethod
    def update_from_cloudformation_json(
        cls, original_resource: Any, new_resource_name: str, cloudformation_json: Any, account_id: str, region_name: str
    ) -> "_Resource":
        del new_resource_name
        return cls(original_resource.name, cloudformation_json["Properties"], account_id, region_name)

    @classmethod
    def delete_from_cloudformation_json(cls, *_: Any) -> None:
        """Keep the resource, which moto deletes with the one that it belongs to."""


class QueuePolicy(_Resource, CloudFormationModel):
    type = "AWS::SQS::QueuePolicy"

    def create(self, properties: Properties) -> None:
        for url in properties["Queues"]:
            sqs_backends[self.account_id][self.region].set_queue_attributes(
                url.rpartition("/")[2], {"Policy": json.dumps(properties["PolicyDocument"])}
            )


class MetricFilter(_Resource, CloudFormationModel):
    type = "AWS::Logs::MetricFilter"

    def create(self, properties: Properties) -> None:
        logs_backends[self.account_id][self.region].put_metric_filter(
            self.name,
            properties["FilterPattern"],
            properties["LogGroupName"],
            [
                {name[0].lower() + name[1:]: value for name, value in transformation.items()}
                for transformation in properties["MetricTransformations"]
            ],  # type: ignore[arg-type]
        )


class EventBusPolicy(_Resource, CloudFormationModel):
    type = "AWS::Events::EventBusPolicy"

    def create(self, properties: Properties) -> None:
        policy = json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Sid": properties["StatementId"], **properties["Statement"]}]}
        )
        events_backends[self.account_id][self.region].put_permission("default", "", "", "", {}, policy)


class Alarm(_Resource, CloudFormationModel):
    type = "AWS::CloudWatch::Alarm"

    def create(self, properties: Properties) -> None:
        cloudwatch_backends[self.account_id][self.region].put_metric_alarm(
            name=self.name,
            namespace=properties["Namespace"],
            metric_name=properties["MetricName"],
            comparison_operator=properties["ComparisonOperator"],
            evaluation_periods=properties["EvaluationPeriods"],
            period=properties["Period"],
            threshold=properties["Threshold"],
            statistic=properties["Statistic"],
            description=properties["AlarmDescription"],
            dimensions=properties.get("Dimensions", []),
            alarm_actions=properties.get("AlarmActions", []),
        )

    @classmethod
    def delete_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str
    ) -> None:
        del cloudformation_json
        cloudwatch_backends[account_id][region_name].delete_alarms([resource_name])


class OidcProvider(_Resource, CloudFormationModel):
    type = "AWS::IAM::OIDCProvider"

    def create(self, properties: Properties) -> None:
        iam_backends[self.account_id]["aws"].create_open_id_connect_provider(
            properties["Url"], [], properties["ClientIdList"], []
        )
