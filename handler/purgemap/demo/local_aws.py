"""Start an AWS in this process, and create a site's buckets, distributions, rule and queues."""

import contextlib
import functools
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import boto3
from botocore.config import Config
from moto.core.models import DEFAULT_ACCOUNT_ID

from purgemap.demo.moto_patches.cloudfront import rename_distribution
from purgemap.demo.server import REGION, isolated_aws_environment, serve

Client: TypeAlias = Any  # boto3 publishes no types

VISIBILITY_SECONDS = 30  # 370 in the stack; a person waits for the retry here
MAX_RECEIVE_COUNT = 5
_RULE = "purgemap"
_MAX_CONNECTIONS = 32  # an upload's threads must not wait for each other


class SiteOrigin(NamedTuple):
    """An origin of a distribution: a bucket, and the folder of it that the distribution serves."""

    bucket: str
    path: str = ""


UNKNOWN_ORIGINS = (SiteOrigin("site"),)  # CloudFront refuses a distribution without one


@contextlib.contextmanager
def start_local_aws(port: int = 0) -> Iterator["LocalAws"]:
    """Run an empty AWS on 127.0.0.1 while the block runs; AWS clients created meanwhile connect to it."""
    with serve(port) as endpoint_url, isolated_aws_environment(endpoint_url) as environment:
        yield LocalAws(endpoint_url, environment)


@dataclass(frozen=True, slots=True)
class LocalAws:
    """The running AWS; `environment` holds the variables by which clients and the handler connect to it."""

    endpoint_url: str
    environment: Mapping[str, str]

    def client(self, service: str, account_id: str = DEFAULT_ACCOUNT_ID) -> Client:
        """Create a boto3 client; for another account, with a role assumed there."""
        session = _session("embedded", "embedded")
        if account_id != DEFAULT_ACCOUNT_ID:
            session = _session(*self._assumed_credentials(account_id))
        config = Config(max_pool_connections=_MAX_CONNECTIONS, retries={"mode": "standard", "total_max_attempts": 2})
        return session.client(service, endpoint_url=self.endpoint_url, config=config)

    def _assumed_credentials(self, account_id: str) -> tuple[str, str, str]:
        role = f"arn:aws:iam::{account_id}:role/purgemap"
        credentials = self.client("sts").assume_role(RoleArn=role, RoleSessionName="embedded")["Credentials"]
        return credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"]

    def create_site_bucket(self, name: str) -> None:
        """Create a bucket that sends its events to EventBridge."""
        s3 = self.client("s3")
        s3.create_bucket(Bucket=name)
        s3.put_bucket_notification_configuration(
            Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}}
        )

    def create_distribution(
        self,
        id: str | None = None,  # noqa: A002  CloudFront's word
        account_id: str = DEFAULT_ACCOUNT_ID,
        origins: Sequence[SiteOrigin] = UNKNOWN_ORIGINS,
        alias: str = "",
    ) -> str:
        """Create a distribution with this id, or one like CloudFront's, and return the id."""
        config = _distribution_config(origins, alias)
        answer = self.client("cloudfront", account_id).create_distribution(DistributionConfig=config)
        generated_id = str(answer["Distribution"]["Id"])
        if id is not None:
            rename_distribution(account_id=account_id, old=generated_id, new=id)
        return id or generated_id

    def create_queues(self, *buckets: str) -> tuple[str, str]:
        """Create a rule that sends the buckets' events to a queue; returns its URL and its dead-letter queue's."""
        sqs, events = self.client("sqs"), self.client("events")
        dead_letters = sqs.create_queue(QueueName="purgemap-dead-letters")["QueueUrl"]
        redrive = {"deadLetterTargetArn": self.queue_arn(dead_letters), "maxReceiveCount": MAX_RECEIVE_COUNT}
        queue = sqs.create_queue(
            QueueName="purgemap",
            Attributes={
                "RedrivePolicy": json.dumps(redrive),
                "VisibilityTimeout": str(VISIBILITY_SECONDS),
                "MessageRetentionPeriod": str(14 * 86400),
            },
        )["QueueUrl"]
        events.put_rule(Name=_RULE, EventPattern=json.dumps(_pattern(buckets)))
        events.put_targets(Rule=_RULE, Targets=[{"Id": "queue", "Arn": self.queue_arn(queue)}])
        return queue, dead_letters

    def switch_rule(self, *, on: bool) -> None:
        """Let the rule of `create_queues` send events, or no longer."""
        events = self.client("events")
        (events.enable_rule if on else events.disable_rule)(Name=_RULE)

    def queue_arn(self, queue_url: str) -> str:
        """Read the ARN of a queue."""
        answer = self.client("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])
        return str(answer["Attributes"]["QueueArn"])


def invalidation_ids(cloudfront: Client, distribution: str) -> list[str]:
    """List the invalidations of a distribution, oldest first."""
    pages = cloudfront.get_paginator("list_invalidations").paginate(DistributionId=distribution)
    return [item["Id"] for page in pages for item in page["InvalidationList"].get("Items", [])][::-1]


def invalidation_items(cloudfront: Client, distribution: str, invalidation: str) -> list[str]:
    """Read the items of an invalidation."""
    answer = cloudfront.get_invalidation(DistributionId=distribution, Id=invalidation)
    return list(answer["Invalidation"]["InvalidationBatch"]["Paths"]["Items"])


@functools.cache
def _session(access_key: str, secret_key: str, token: str | None = None) -> Client:
    # Cached by credentials: each session reads the descriptions of all services.
    return boto3.session.Session(access_key, secret_key, token, region_name=REGION)


def _pattern(buckets: tuple[str, ...]) -> dict[str, Any]:
    return {
        "source": ["aws.s3"],
        "detail-type": ["Object Created", "Object Deleted"],
        "detail": {"bucket": {"name": list(buckets)}},
    }


def _distribution_config(origins: Sequence[SiteOrigin], alias: str) -> dict[str, Any]:
    first, *others = [f"{origin.bucket}{origin.path}" for origin in origins]
    return {
        "CallerReference": str(uuid.uuid4()),
        "Comment": "",
        "Enabled": True,
        "DefaultRootObject": "index.html",
        "Aliases": _items([alias] if alias else []),
        "Origins": _items(
            [
                {
                    "Id": f"{origin.bucket}{origin.path}",
                    "DomainName": f"{origin.bucket}.s3.{REGION}.amazonaws.com",
                    "OriginPath": origin.path,
                    "S3OriginConfig": {"OriginAccessIdentity": ""},
                }
                for origin in origins
            ]
        ),
        "DefaultCacheBehavior": _behavior(first),
        # A map does not say which paths have which origin.
        "CacheBehaviors": _items([{**_behavior(id_), "PathPattern": f"/{id_}/*"} for id_ in others]),
    }


def _behavior(target: str) -> dict[str, Any]:
    return {
        "TargetOriginId": target,
        "ViewerProtocolPolicy": "redirect-to-https",
        "MinTTL": 0,
        "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}},
    }


def _items(values: list[Any]) -> dict[str, Any]:
    return {"Quantity": len(values), "Items": values} if values else {"Quantity": 0}
