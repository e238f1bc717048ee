"""Edges over HTTP with real botocore: the double serves CloudFront, moto serves SQS and STS.

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
from simulation.edges import SECONDS_PER_CALL, Backends, Edges, MakeEdges, SimulatedQueue, check_time_left, ledger_edges
from simulation.timeline import KilledError
from support.doubles.cloudfront import ACCOUNT, Caller
from support.doubles.cloudfront_http import CloudFrontServer


@contextmanager
def http_edges() -> Iterator[MakeEdges]:
    """Start SQS and STS while the block runs, and yield the factory of edges over them."""
    with start_local_aws() as aws:
        yield partial(_over_http, aws)


@contextmanager
def _over_http(aws: LocalAws, backends: Backends) -> Iterator[Edges]:
    """Build edges to the backends through one endpoint URL, like AWS_ENDPOINT_URL."""
    double, timeline, faults, *queues, _, _ = backends
    random.seed(0)  # botocore draws its pauses from there
    double.wait = lambda seconds: _wait(backends, seconds)
    pauses = SimpleNamespace(sleep=timeline.sleep)
    with (
        warnings.catch_warnings(),
        CloudFrontServer(double, lambda key_id: caller_of_key(aws, key_id), aws.endpoint_url) as server,
        mock.patch.dict(os.environ, aws.environment),  # the embedded AWS takes no other key
        mock.patch("botocore.endpoint.time", pauses),
        mock.patch.object(STSBackend, "assume_role", _assume_role_of(backends)),
    ):
        warnings.filterwarnings("ignore", "Exception.STSClientError. with code AccessDenied")  # STS models no such code
        clients = Aws(endpoint_url=server.url)
        urls = [aws.client("sqs").create_queue(QueueName=name)["QueueUrl"] for name in ("queue", "dead-letters")]
        queue, dead_letters = (
            SimulatedQueue(WiredQueue(SqsQueue(clients, url), url, queue), timeline, faults)
            for url, queue in zip(urls, queues, strict=True)
        )
        cloudfront = WiredCloudFront(AwsCloudFront(clients), backends)
        yield Edges(cloudfront, AwsInvalidationHistory(clients), queue, dead_letters, *ledger_edges(backends))


class WiredCloudFront:
    """`aws.AwsCloudFront`, whose calls take virtual time and may kill the process."""

    def __init__(self, cloudfront: AwsCloudFront, backends: Backends) -> None:
        self._cloudfront = cloudfront
        self._stage = backends

    def create_invalidation(self, distribution: Distribution, items: tuple[str, ...], caller_reference: str) -> str:
        check_time_left(self._stage.timeline)
        self._stage.faults.kill_perhaps()
        try:
            return self._cloudfront.create_invalidation(distribution, items, caller_reference)
        finally:
            self._stage.timeline.sleep(SECONDS_PER_CALL)
            self._stage.faults.kill_perhaps()


class WiredQueue:
    """`aws.SqsQueue`, whose messages are moved at once to the queue on virtual time."""

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
    """Return the delay of a message in seconds; moto counts in milliseconds."""
    return max(0, int(message.delayed_until - message.sent_timestamp + 500) // 1000)


def _wait(backends: Backends, seconds: float) -> None:
    """Spend a slow response's time in the server's thread, which outlives a killed process."""
    with suppress(KilledError):
        backends.timeline.sleep(seconds)


def caller_of_key(aws: LocalAws, key_id: str) -> Caller | None:
    """Return the caller that STS issued an access key to; None for an unknown key."""
    if key_id == aws.environment["AWS_ACCESS_KEY_ID"]:
        return Caller(ACCOUNT)
    for backends in sts_backends.values():
        role = backends["aws"].get_assumed_role_from_access_key(key_id)
        if role:
            return Caller(role.account_id, role.role_arn)
    return None


def _assume_role_of(backends: Backends) -> Callable[..., AssumedRole]:
    """Deny a role until its permissions are granted, as its account's policy would."""
    assume_role = STSBackend.assume_role

    def assume(backend: STSBackend, **parameters: Any) -> AssumedRole:
        if parameters["role_arn"] in backends.double.settings.denied:
            raise STSClientError("AccessDenied", f"User is not authorized to assume {parameters['role_arn']}")
        return assume_role(backend, **parameters)

    return assume
