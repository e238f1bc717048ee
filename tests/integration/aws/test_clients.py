"""The clients over real HTTP: roles, their sessions, SQS's failures, and CloudFront's history."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from unittest import mock

import pytest
from moto.sqs.models import Queue as MotoQueue

from purgemap.aws import Aws, AwsCloudFront, AwsInvalidationHistory, SqsQueue
from purgemap.delivery import (
    Accepted,
    Deferred,
    FailureKind,
    InvalidationError,
    InvalidationPage,
    ListedInvalidation,
    RateLimit,
)
from purgemap.delivery.queueing import QueueMessage
from purgemap.demo.local_aws import LocalAws
from purgemap.errors import PurgemapError
from purgemap.jobs import Job, PendingJob
from purgemap.routemap.compiled import Distribution
from simulation.over_http import caller_of_key
from support.delivery import deliver
from support.doubles.clock import Clock
from support.doubles.cloudfront import CloudFrontDouble, Settings, Site
from support.doubles.cloudfront_http import CloudFrontServer
from support.expiring_roles import expiring
from support.ids import E1, E2

pytest_plugins = ["support.local_aws_fixtures"]

MEMBER = "222222222222"
ROLE = f"arn:aws:iam::{MEMBER}:role/purgemap"
OWN = Distribution(E1)
THEIRS = Distribution(E2, role_arn=ROLE, external_id="acme")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def double(clock: Clock) -> CloudFrontDouble:
    double = CloudFrontDouble(clock, Settings(path_rate=None, wildcard_rate=None, call_rate=None))
    double.add(Site(id=OWN.id, bucket="site"), Site(id=THEIRS.id, bucket="site", account=MEMBER))
    return double


@pytest.fixture
def clients(aws: LocalAws, double: CloudFrontDouble) -> Iterator[Aws]:
    with CloudFrontServer(double, lambda key_id: caller_of_key(aws, key_id), aws.endpoint_url) as server:
        yield Aws(endpoint_url=server.url)


@pytest.mark.parametrize(("minutes", "sessions"), [(60, 1), (9, 3)])
def test_role_is_assumed_again_only_before_its_session_ends(
    minutes: float, sessions: int, clients: Aws, double: CloudFrontDouble
) -> None:
    cloudfront = AwsCloudFront(clients)
    with expiring(minutes) as assume_role:
        for n in range(3):
            cloudfront.create_invalidation(THEIRS, (f"/{n}",), f"reference {n}")
    assert assume_role.call_count == sessions
    assert {(call.kwargs["role_arn"], call.kwargs["external_id"]) for call in assume_role.mock_calls} == {
        (ROLE, "acme")
    }
    assert {record.call[1:3] for record in double.ledger.log} == {(MEMBER, ROLE)}


def test_expired_role_defers_its_own_distributions_only(clients: Aws) -> None:
    pending = [PendingJob(Job(to.id, {"/a": "/"}, ("m-1",), 0.0, 1), to) for to in (OWN, THEIRS)]
    rate_limit = RateLimit(now=lambda: 0.0, seconds_left=lambda: 60.0)
    with expiring(-1):
        outcomes = deliver(pending, AwsCloudFront(clients), rate_limit)
    assert {(outcome.job.distribution, type(outcome)) for outcome in outcomes} == {
        (OWN.id, Accepted),
        (THEIRS.id, Deferred),
    }


@pytest.mark.parametrize("distribution", [OWN, THEIRS])
def test_create_invalidation_without_credentials_may_be_retried(
    distribution: Distribution, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(InvalidationError, match="NoCredentialsError") as refused:
        AwsCloudFront(Aws()).create_invalidation(distribution, ("/a",), "reference")
    assert refused.value.kind is FailureKind.SERVER_ERROR


@pytest.fixture
def queue_url(aws: LocalAws) -> str:
    return str(aws.client("sqs").create_queue(QueueName="queue")["QueueUrl"])


def test_queue_returns_the_reason_of_each_failed_message(clients: Aws, queue_url: str) -> None:
    messages = [QueueMessage("first"), QueueMessage("too late", delay=901), QueueMessage("last", delay=900)]
    first, failed, last = SqsQueue(clients, queue_url).send(messages)
    assert (first, last) == ("", "")
    assert failed.startswith("InvalidParameterValue: ")


@pytest.mark.parametrize("failures", [1, 2])
def test_queue_sends_message_that_sqs_failed_once_more(clients: Aws, queue_url: str, failures: int) -> None:
    calls: list[int] = []

    def fail_second(parsed: dict[str, Any], **_: Any) -> None:
        calls.append(len(parsed["Successful"]))
        if len(calls) <= failures:
            entry = parsed["Successful"].pop()
            parsed["Failed"] = [{"Id": entry["Id"], "Code": "InternalError", "SenderFault": False}]

    clients.client("sqs").meta.events.register("after-call.sqs.SendMessageBatch", fail_second)
    reasons = SqsQueue(clients, queue_url).send([QueueMessage("a"), QueueMessage("b")])
    assert reasons == (["", ""] if failures == 1 else ["", "InternalError: "])
    assert calls == [2, 1]


def test_queue_that_fails_returns_a_reason_for_each_message(clients: Aws, queue_url: str) -> None:
    reasons = SqsQueue(clients, f"{queue_url}-gone").send([QueueMessage("{}")] * 12)
    assert len(reasons) == 12
    gone = "SendMessageBatch: AWS.SimpleQueueService.NonExistentQueue: "
    assert all(reason.startswith(gone) for reason in reasons)


def test_queue_treats_messages_missing_in_the_answer_as_not_sent(clients: Aws, queue_url: str) -> None:
    sqs = clients.client("sqs")
    sqs.meta.events.register("after-call.sqs.SendMessageBatch", lambda parsed, **_: parsed["Successful"].pop())
    assert SqsQueue(clients, queue_url).send([QueueMessage("a"), QueueMessage("b")]) == ["", "not sent"]


def test_queue_sends_at_most_ten_messages_and_256_kib_a_call(clients: Aws, queue_url: str) -> None:
    sent: list[list[int]] = []
    clients.client("sqs").meta.events.register(
        "provide-client-params.sqs.SendMessageBatch",
        lambda params, **_: sent.append([len(entry["MessageBody"]) for entry in params["Entries"]]),
    )
    bodies = ["x" * 100] * 25 + ["y" * 250_000] * 3
    with mock.patch.object(MotoQueue, "add_message", autospec=True) as add_message:
        assert SqsQueue(clients, queue_url).send([QueueMessage(body) for body in bodies]) == [""] * 28
    assert [len(call) for call in sent] == [10, 10, 6, 1, 1]
    assert max(map(sum, sent)) <= 256 * 1024
    assert add_message.call_count == 28


TENANT = Distribution("tenant:dt_1a2b3c")


@pytest.mark.parametrize("distribution", [OWN, THEIRS, TENANT], ids=["own", "behind a role", "tenant"])
def test_history_lists_newest_first_and_reads_items(
    distribution: Distribution, clients: Aws, double: CloudFrontDouble, clock: Clock
) -> None:
    double.add(Site(id="dt_1a2b3c", bucket="site", tenant=True))
    cloudfront, history = AwsCloudFront(clients), AwsInvalidationHistory(clients)
    sent = []
    for number in range(103):
        clock.advance(60)
        items = tuple(f"/{number}-{index}" for index in range(number % 3 + 1))
        sent.append(
            (ListedInvalidation(cloudfront.create_invalidation(distribution, items, f"r {number}"), clock()), items)
        )
    first = history.list_page(distribution, "")
    rest = history.list_page(distribution, first.marker)
    assert [*first.invalidations, *rest.invalidations] == [listed for listed, _ in reversed(sent)]
    assert (len(first.invalidations), rest.marker) == (100, "")
    assert all(history.read_items(distribution, listed.id) == items for listed, items in sent[-3:])


def test_history_without_invalidations_is_an_empty_page(clients: Aws) -> None:
    assert AwsInvalidationHistory(clients).list_page(OWN, "") == InvalidationPage([], "")


def test_history_refused_by_cloudfront_raises_one_line(clients: Aws, double: CloudFrontDouble) -> None:
    double.settings = replace(double.settings, denied=frozenset({ROLE}))
    with pytest.raises(PurgemapError, match=r"^ListInvalidations: AccessDenied: "):
        AwsInvalidationHistory(clients).list_page(THEIRS, "")


@pytest.mark.parametrize("answer", [{}, {"InvalidationList": {"Items": [{"Id": "I1"}]}}, {"InvalidationList": None}])
def test_history_in_an_unknown_shape_raises_purgemap_error(answer: dict[str, Any], clients: Aws) -> None:
    def replace_answer(parsed: dict[str, Any], **_: Any) -> None:
        parsed.clear()
        parsed.update(answer)

    clients.client("cloudfront").meta.events.register("after-call.cloudfront.ListInvalidations", replace_answer)
    with pytest.raises(PurgemapError, match="in an unknown shape"):
        AwsInvalidationHistory(clients).list_page(OWN, "")
