"""Answers that AWS did not give, over real HTTP: each fails only the call of its own distribution or queue."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread

import pytest

from conftest import LoadMap
from purgemap.aws import Aws, AwsCloudFront, SqsQueue
from purgemap.delivery import Accepted, Deferred, FailureKind, InvalidationError, Outcome, RateLimit
from purgemap.delivery.queueing import QueueMessage
from purgemap.demo.local_aws import LocalAws
from purgemap.jobs import Job, PendingJob
from purgemap.pipeline import Service, lambda_response, process_batch
from purgemap.routemap.compiled import Distribution
from purgemap.routing.router import Router
from simulation.over_http import caller_of_key
from support.delivery import deliver
from support.doubles.clock import Clock
from support.doubles.cloudfront import CloudFrontDouble, Settings, Site
from support.doubles.cloudfront_http import CloudFrontServer
from support.doubles.memory import MemoryCloudFront
from support.doubles.nonsense import Nonsense, serve_nonsense
from support.ids import E1, E2, E3
from support.payloads import s3_event, sqs_batch

pytest_plugins = ["support.double_fixtures", "support.local_aws_fixtures"]

MEMBER = "222222222222"
ROLE = f"arn:aws:iam::{MEMBER}:role/purgemap"
OWN, TENANT = Distribution(E1), Distribution("tenant:dt_1")
THEIRS = Distribution(E2, role_arn=ROLE)
OTHER = Distribution(E3)

CREATED = (
    "<Invalidation><Id>I1</Id><Status>InProgress</Status><CreateTime>2026-11-28T12:00:00Z</CreateTime>"
    "<InvalidationBatch><Paths><Quantity>1</Quantity><Items><Path>/a</Path></Items></Paths>"
    "<CallerReference>r</CallerReference></InvalidationBatch></Invalidation>"
)
INVALIDATIONS = {
    "nothing": "",
    "blanks": " \n",
    "cut": CREATED[:60],
    "no id": CREATED.replace("<Id>I1</Id>", ""),
    "empty id": CREATED.replace("I1", ""),
    "no time": CREATED.replace("2026-11-28T12:00:00Z", "soon"),
    "no number": CREATED.replace("<Quantity>1", "<Quantity>one"),
    "other XML": "<Welcome/>",
    "page": "<!DOCTYPE html><html><body>Sign in<br></body></html>",
    "well-formed page": "<html><body>Sign in</body></html>",
    "text": "upstream connect error",
    "JSON": '{"Invalidation": {"Id": "I1"}}',
    "bytes": "\0\x01\x02",
}
ERRORS = [
    "<ErrorResponse/>",
    "<ErrorResponse><Error/></ErrorResponse>",
    "<ErrorResponse><Error>busy</Error></ErrorResponse>",
    "<ErrorResponse><Error><Code><a/><b/></Code></Error></ErrorResponse>",
    "<ErrorResponse><Error><Code>x</Code><Code>y</Code><Message>a\nb</Message></Error></ErrorResponse>",
    "<Error><Message>busy</Message></Error>",
    '{"message": "Forbidden"}',
    "null",
]
ROLE_SESSION = (
    "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA</AccessKeyId>"
    "<SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken>"
    "<Expiration>2999-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
)
ROLE_SESSIONS = {
    "nothing": "",
    "cut": ROLE_SESSION[:90],
    "no credentials": "<AssumeRoleResponse><AssumeRoleResult/></AssumeRoleResponse>",
    "no secret": ROLE_SESSION.replace("<SecretAccessKey>secret</SecretAccessKey>", ""),
    "empty token": ROLE_SESSION.replace("token", ""),
    "no end": ROLE_SESSION.replace("<Expiration>2999-01-01T00:00:00Z</Expiration>", ""),
    "no time": ROLE_SESSION.replace("2999-01-01T00:00:00Z", "soon"),
    "page": INVALIDATIONS["page"],
}
SENT = '{"Successful": [{"Id": "0", "MessageId": "m", "MD5OfMessageBody": "d"}], "Failed": []}'
QUEUE_ANSWERS = {
    "nothing": "",
    "cut": SENT[:40],
    "page": INVALIDATIONS["page"],
    "no object": "null",
    "a list": "[]",
    "other JSON": "{}",
    "no list": '{"Successful": "all"}',
    "no ids": '{"Successful": [{}]}',
    "no number": SENT.replace('"0"', '"first"'),
    "messages of others": SENT.replace('"0"', '"7"').replace('"Failed": []', '"Failed": [{"Id": "-1", "Code": "x"}]'),
    "no code": '{"Failed": [{"Id": "0"}]}',
    "null entry": '{"Successful": [null]}',
}


def xml(body: str, status: int = 201) -> Nonsense:
    return Nonsense(status, "text/xml", body.encode())


@pytest.fixture
def double() -> CloudFrontDouble:
    double = CloudFrontDouble(Clock(), Settings(path_rate=None, wildcard_rate=None, call_rate=None))
    double.add(Site(id=OWN.id, bucket="site"), Site(id=THEIRS.id, bucket="site", account=MEMBER))
    double.add(Site(id=OTHER.id, bucket="site"), Site(id="dt_1", bucket="site", tenant=True))
    return double


def deliver_to(*distributions: Distribution, cloudfront: AwsCloudFront) -> dict[str, Outcome]:
    pending = [PendingJob(Job(to.id, {"/a": "/"}, ("m-1",), 0.0, 1), to) for to in distributions]
    rate_limit = RateLimit(now=lambda: 0.0, seconds_left=lambda: 60.0, sleep=lambda _: None)
    return {outcome.job.distribution: outcome for outcome in deliver(pending, cloudfront, rate_limit)}


@pytest.mark.parametrize("distribution", [OWN, TENANT], ids=["distribution", "tenant"])
@pytest.mark.parametrize("name", INVALIDATIONS)
def test_foreign_answer_defers_its_own_distribution_only(
    name: str, distribution: Distribution, double: CloudFrontDouble
) -> None:
    path = f"/{distribution.id.removeprefix('tenant:')}/"
    with CloudFrontServer(double, nonsense={path: xml(INVALIDATIONS[name])}) as server:
        outcomes = deliver_to(distribution, OTHER, cloudfront=AwsCloudFront(Aws(endpoint_url=server.url)))
    assert isinstance(outcomes[OTHER.id], Accepted)
    deferred = outcomes[distribution.id]
    assert isinstance(deferred, Deferred)
    assert (deferred.job.failed_attempts, "\n" in deferred.reason) == (1, False)


@pytest.mark.parametrize("status", [200, 302, 403, 407, 502])
def test_proxy_page_may_be_retried(status: int, double: CloudFrontDouble) -> None:
    page = Nonsense(status, "text/html", INVALIDATIONS["page"].encode())
    with (
        CloudFrontServer(double, nonsense={f"/{OWN.id}/": page}) as server,
        pytest.raises(InvalidationError) as refused,
    ):
        AwsCloudFront(Aws(endpoint_url=server.url)).create_invalidation(OWN, ("/a",), "r")
    assert refused.value.kind is FailureKind.SERVER_ERROR


@pytest.mark.usefixtures("no_pause")
@pytest.mark.parametrize("status", [400, 404, 503])
def test_foreign_error_defers_its_own_distribution_only(status: int, double: CloudFrontDouble) -> None:
    nonsense: dict[str, Nonsense] = {}
    with CloudFrontServer(double, nonsense=nonsense) as server:
        cloudfront = AwsCloudFront(Aws(endpoint_url=server.url))
        for body in (*INVALIDATIONS.values(), *ERRORS):
            nonsense[f"/{OWN.id}/"] = xml(body, status)
            outcomes = deliver_to(OWN, OTHER, cloudfront=cloudfront)
            assert (type(outcomes[OWN.id]), type(outcomes[OTHER.id])) == (Deferred, Accepted), body


BYTES = {
    "nothing": b"",
    "no HTTP": b"hello\r\n\r\n",
    "cut head": b"HTTP/1.1 201 Created\r\nContent-Le",
    "cut body": b"HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n" + CREATED[:80].encode(),
    "cut chunk": b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n<Invalidation>",
    "no chunk": b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\nhello\r\n",
    "other length": b"HTTP/1.1 201 Created\r\nContent-Length: many\r\n\r\n<Welcome/>",
}


@contextmanager
def serve_bytes(answer: bytes) -> Iterator[str]:
    """Answer every connection with the same bytes, and close it."""

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65_536)
            self.request.sendall(answer)

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.mark.parametrize("name", BYTES)
def test_broken_http_defers_each_call(name: str) -> None:
    with serve_bytes(BYTES[name]) as url:
        aws = Aws(endpoint_url=url)
        outcomes = deliver_to(OWN, THEIRS, cloudfront=AwsCloudFront(aws))
        assert all(SqsQueue(aws, f"{url}/1/q").send([QueueMessage("a")]))
    assert {type(outcome) for outcome in outcomes.values()} == {Deferred}
    assert all(outcome.job.failed_attempts == 1 for outcome in outcomes.values())


@pytest.mark.parametrize("name", ROLE_SESSIONS)
def test_foreign_answer_of_sts_defers_its_role_only(name: str, aws: LocalAws, double: CloudFrontDouble) -> None:
    nonsense = {"AssumeRole": xml(ROLE_SESSIONS[name], 200)}
    with CloudFrontServer(double, partial(caller_of_key, aws), aws.endpoint_url, nonsense) as server:
        cloudfront = AwsCloudFront(Aws(endpoint_url=server.url))
        outcomes = deliver_to(OWN, THEIRS, cloudfront=cloudfront)
        assert (type(outcomes[OWN.id]), type(outcomes[THEIRS.id])) == (Accepted, Deferred)
        del nonsense["AssumeRole"]
        assert isinstance(deliver_to(THEIRS, cloudfront=cloudfront)[THEIRS.id], Accepted)


@pytest.fixture(params=QUEUE_ANSWERS)
def queue(request: pytest.FixtureRequest) -> Iterator[SqsQueue]:
    nonsense = Nonsense(200, "application/x-amz-json-1.0", QUEUE_ANSWERS[request.param].encode())
    with serve_nonsense(nonsense) as url:
        yield SqsQueue(Aws(endpoint_url=url), f"{url}/1/q")


def test_foreign_answer_of_sqs_is_a_reason_for_each_message(queue: SqsQueue) -> None:
    reasons = queue.send([QueueMessage("a"), QueueMessage("b")])
    assert [bool(reason) for reason in reasons] == [True, True]
    assert "\n" not in "".join(reasons)


@pytest.mark.usefixtures("no_pause")
@pytest.mark.parametrize("body", ["", "null", "[]", "{}", '{"__type": 5}', '{"Error": "busy"}', "<x/>", "busy"])
@pytest.mark.parametrize("status", [400, 503])
def test_foreign_error_of_sqs_is_a_reason_for_each_message(status: int, body: str) -> None:
    with serve_nonsense(Nonsense(status, "application/x-amz-json-1.0", body.encode())) as url:
        assert all(SqsQueue(Aws(endpoint_url=url), f"{url}/1/q").send([QueueMessage("a"), QueueMessage("b")]))


def test_foreign_answer_of_sqs_returns_the_records_to_retry(queue: SqsQueue, map_from_yaml: LoadMap) -> None:
    routes = map_from_yaml(f"version: 1\nroutes: [{{bucket: site, distributions: [{OWN.id}, {OTHER.id}]}}]")
    cloudfront = MemoryCloudFront(refusing={OWN.id: FailureKind.QUOTA_EXCEEDED})
    service = Service(routes, Router(routes), cloudfront, queue, queue)
    rate_limit = RateLimit(now=lambda: 0.0, seconds_left=lambda: 60.0, sleep=lambda _: None)
    batch = sqs_batch([s3_event("site", "a")])
    assert lambda_response(process_batch(batch, service, rate_limit)) == {
        "batchItemFailures": [{"itemIdentifier": batch["Records"][0]["messageId"]}]
    }
