"""Give moto's CloudFormation the types of our stack that it lacks.

moto skips a resource of an unknown type with a warning, and reports the stack as complete. It finds types among the
subclasses of `CloudFormationModel`, so importing this module adds them.
"""

import json
from collections.abc import Mapping
from typing import Any, ClassVar, TypeAlias

from moto.cloudwatch.models import cloudwatch_backends
from moto.core.common_models import CloudFormationModel
from moto.events.models import events_backends
from moto.iam.models import iam_backends
from moto.logs.models import logs_backends
from moto.sqs.models import sqs_backends

Properties: TypeAlias = Mapping[str, Any]


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

    # Only an alarm has an ARN that the template reads.
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
    """The policy of queues."""

    type = "AWS::SQS::QueuePolicy"

    def create(self, properties: Properties) -> None:
        """Set the policy of each queue."""
        for url in properties["Queues"]:
            sqs_backends[self.account_id][self.region].set_queue_attributes(
                url.rpartition("/")[2], {"Policy": json.dumps(properties["PolicyDocument"])}
            )


class MetricFilter(_Resource, CloudFormationModel):
    """A metric of the lines of a log group."""

    type = "AWS::Logs::MetricFilter"

    def create(self, properties: Properties) -> None:
        """Create the filter."""
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
    """A statement of the policy of the default event bus."""

    type = "AWS::Events::EventBusPolicy"

    def create(self, properties: Properties) -> None:
        """Set the policy of the bus."""
        policy = json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Sid": properties["StatementId"], **properties["Statement"]}]}
        )
        events_backends[self.account_id][self.region].put_permission("default", "", "", "", {}, policy)


class Alarm(_Resource, CloudFormationModel):
    """An alarm for one metric."""

    type = "AWS::CloudWatch::Alarm"

    def create(self, properties: Properties) -> None:
        """Create the alarm."""
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
        """Delete the alarm with its stack."""
        del cloudformation_json
        cloudwatch_backends[account_id][region_name].delete_alarms([resource_name])


class OidcProvider(_Resource, CloudFormationModel):
    """An identity provider of pipelines."""

    type = "AWS::IAM::OIDCProvider"

    def create(self, properties: Properties) -> None:
        """Create the provider."""
        iam_backends[self.account_id]["aws"].create_open_id_connect_provider(
            properties["Url"], [], properties["ClientIdList"], []
        )
