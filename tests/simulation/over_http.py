"""The edges as they are in service, over HTTP by real botocore: CloudFront is the double, SQS and STS are moto.

Time stays virtual: botocore's pauses and the double's slow answers pass on the timeline.
"""

import os
import random
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from types import SimpleNamespace
from typing import Any
from unittest import mock

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sqs.models import sqs_backends
from moto.sts.exceptions import STSClientError
from moto.sts.models import AssumedRole, STSBackend, sts_backends

from purgemap.aws import Aws, AwsCloudFront, AwsInvalidationHistory, SqsQueue
from purgemap.delivery.queueing import Queue, QueueMessage
from purgemap.demo.local_aws import LocalAws, start_local_aws
from purgemap.demo.server import REGION
from purgemap.routemap.compiled import Distribution
from simulation.edges import SECONDS_PER_CALL, Edges, MakeEdges, SimulatedQueue, Stage, check_time
from simulation.timeline import KilledError
from support.doubles.cloudfront import ACCOUNT, Caller
from support.doubles.cloudfront_http import CloudFrontServer


@contextmanager
def http_edges() -> Iterator[MakeEdges]:
    """Run the stand-in of SQS and STS while the block runs, and give what makes edges over it."""
    with start_local_aws() as aws:
        yield partial(_over_http, aws)


@contextmanager
def _over_http(aws: LocalAws, stage: Stage) -> Iterator[Edges]:
    """Lead to the stage through one endpoint URL, as AWS_ENDPOINT_URL names it."""
    double, timeline, faults, *queues = stage
    random.seed(0)  # botocore draws its pauses from there
    double.wait = lambda seconds: _wait(stage, seconds)
    pauses = SimpleNamespace(sleep=timeline.sleep)
    with (
        warnings.catch_warnings(),
        CloudFrontServer(double, lambda key_id: caller_of_key(aws, key_id), aws.endpoint_url) as server,
        mock.patch.dict(os.environ, aws.environment),  # the embedded AWS takes no other key
        mock.patch("botocore.endpoint.time", pauses),
        mock.patch.object(STSBackend, "assume_role", _assume_role_of(stage)),
    ):
        warnings.filterwarnings("ignore", "Exception.STSClientError. with code AccessDenied")  # STS models no such code
        clients = Aws(endpoint_url=server.url)
        urls = [aws.client("sqs").create_queue(QueueName=name)["QueueUrl"] for name in ("queue", "dead-letters")]
        wired = [
            SimulatedQueue(WiredQueue(SqsQueue(clients, url), url, queue), timeline, faults)
            for url, queue in zip(urls, queues, strict=True)
        ]
        yield Edges(WiredCloudFront(AwsCloudFront(clients), stage), AwsInvalidationHistory(clients), *wired)


class WiredCloudFront:
    """`aws.AwsCloudFront`, whose calls take virtual time and may be a process's last."""

    def __init__(self, cloudfront: AwsCloudFront, stage: Stage) -> None:
        self._cloudfront = cloudfront
        self._stage = stage

    def create_invalidation(self, distribution: Distribution, items: tuple[str, ...], caller_reference: str) -> str:
        check_time(self._stage.timeline)
        self._stage.faults.may_kill()
        try:
            return self._cloudfront.create_invalidation(distribution, items, caller_reference)
        finally:
            self._stage.timeline.sleep(SECONDS_PER_CALL)
            self._stage.faults.may_kill()


class WiredQueue:
    """`aws.SqsQueue`; what SQS took is moved at once to the queue that is on virtual time."""

    def __init__(self, sqs: SqsQueue, url: str, queue: Queue) -> None:
        self._sqs = sqs
        self._name = url.rpartition("/")[2]
        self._queue = queue

    def send(self, messages: Sequence[QueueMessage]) -> list[str]:
        reasons = self._sqs.send(messages)
        held = sqs_backends[DEFAULT_ACCOUNT_ID][REGION].queues[self._name]._messages  # noqa: SLF001
        self._queue.send([QueueMessage(each.body, _delay(each)) for each in held])
        held.clear()
        return reasons


def _delay(message: Any) -> int:
    """Tell by how many seconds SQS holds a message back; moto counts in milliseconds."""
    return max(0, int(message.delayed_until - message.sent_timestamp + 500) // 1000)


def _wait(stage: Stage, seconds: float) -> None:
    """Spend a slow answer's time, in a thread of the server; what a dead process asked for is still done."""
    with suppress(KilledError):
        stage.timeline.sleep(seconds)


def caller_of_key(aws: LocalAws, key_id: str) -> Caller | None:
    """Say whose an access key is, as STS gave it out; nobody's if it did not."""
    if key_id == aws.environment["AWS_ACCESS_KEY_ID"]:
        return Caller(ACCOUNT)
    for backends in sts_backends.values():
        role = backends["aws"].get_assumed_role_from_access_key(key_id)
        if role:
            return Caller(role.account_id, role.role_arn)
    return None


def _assume_role_of(stage: Stage) -> Callable[..., AssumedRole]:
    """Let a role be assumed only once it has its rights, as its own account's policy would."""
    assume_role = STSBackend.assume_role

    def assume(backend: STSBackend, **asked: Any) -> AssumedRole:
        if asked["role_arn"] in stage.double.settings.denied:
            raise STSClientError("AccessDenied", f"User is not authorized to assume {asked['role_arn']}")
        return assume_role(backend, **asked)

    return assume
