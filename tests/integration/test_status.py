"""What `purgemap status` tells: over real queues and invalidations, and where something can't be read."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import purgemap.aws.monitoring.sqs_dead_letters
from conftest import LoadMap
from purgemap.aws.clients import Aws
from purgemap.aws.monitoring.cloudfront_status import AwsInvalidations
from purgemap.aws.monitoring.sqs_dead_letters import QueueDepth
from purgemap.cli.queue_options import QueueUrls, aws_of, resolve_queue_urls
from purgemap.cli.status import status as status_command
from purgemap.delivery import ReceivedMessage
from purgemap.demo.local_aws import LocalAws
from purgemap.errors import PurgemapError
from purgemap.jobs import Job, job_messages
from purgemap.operations.status import LETTERS_LOOKED_AT, read_dead_letters, read_queue
from purgemap.routemap.compiled import Distribution
from purgemap.routing.router import Router
from support.doubles.cloudfront import ACCOUNT, Clock, CloudFrontDouble, Fault, Settings, Site
from support.doubles.cloudfront_http import CloudFrontServer
from support.expiring_roles import expiring
from support.local_site import BUCKET, invalidate
from support.payloads import s3_event

pytest_plugins = ["support.local_aws_fixtures"]

NOW = 1_794_441_600.0
E1, E2, E3 = "E1EXAMPLE1ABCD", "E2EXAMPLE2ABCD", "E3EXAMPLE3ABCD"
MAP = f"""
version: 1
distributions:
  docs: {{id: {E2}}}
  away: {{id: {E3}, role_arn: "arn:aws:iam::222222222222:role/purgemap"}}
routes:
  - {{bucket: site, distributions: [{E1}, away]}}
  - {{bucket: site, prefix: docs/, distributions: [docs]}}
"""


def rejected(distribution: str, reason: str) -> str:
    job = Job(distribution, {"/a": "/"}, ("m-1",), NOW, 1)
    (body,) = job_messages(job, rejected=reason)
    return body


@dataclass
class Station:
    """The service on the embedded AWS, and the command in front of it."""

    aws: LocalAws
    queue: str
    dead_letters: str
    map_file: Path

    def command(self, *options: str, **environment: str) -> Result:
        arguments = [*options, "--routes", str(self.map_file)]
        urls = {"PURGEMAP_QUEUE_URL": self.queue, "PURGEMAP_DEAD_LETTER_QUEUE_URL": self.dead_letters}
        return CliRunner().invoke(status_command, arguments, env={**urls, **environment}, standalone_mode=False)

    def document(self, *options: str) -> Any:
        return json.loads(self.command("--json", *options).stdout)

    def send(self, url: str, *bodies: Any, delay: int = 0) -> None:
        for body in bodies:
            text = body if isinstance(body, str) else json.dumps(body)
            self.aws.client("sqs").send_message(QueueUrl=url, MessageBody=text, DelaySeconds=delay)


@pytest.fixture
def station(aws: LocalAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Station:
    monkeypatch.setattr(
        purgemap.aws.monitoring.sqs_dead_letters, "_WAIT_SECONDS", 0
    )  # one server holds this queue, so a short poll asks it
    monkeypatch.setattr("purgemap.aws.monitoring.cloudfront_status._PAUSE_SECONDS", 0)
    monkeypatch.setattr("purgemap.demo.moto_patches.cloudfront.COMPLETION", dt.timedelta(minutes=1))
    map_file = tmp_path / "routes.yaml"
    map_file.write_text(MAP)
    aws.create_distribution(E1)
    aws.create_distribution(E2)
    aws.create_distribution(E3, "222222222222")
    return Station(aws, *aws.create_queues(BUCKET), map_file)


def test_an_idle_service_is_told_in_a_few_calm_lines(station: Station) -> None:
    told = station.command()
    assert told.return_value == 0
    assert [" ".join(line.split()) for line in told.stdout.splitlines()] == [
        "visible in flight delayed oldest",
        "queue 0 0 0",
        "dead letters 0 0 0",
        "",
        "3 distributions with no invalidation in progress",
    ]
    assert told.stderr == ""


def test_the_document_of_an_idle_service_has_every_key(station: Station) -> None:
    depth = {"visible": 0, "in_flight": 0, "delayed": 0, "oldest_seconds": None}
    assert station.document() == {
        "queue": {"url": station.queue, **depth},
        "oldest_change_seconds": None,
        "dead_letters": {"url": station.dead_letters, **depth, "looked_at": 0, "is_sample": False, "reasons": []},
        "distributions": [
            {"distribution": id_, "names": names, "in_progress": 0, "is_all": True, "invalidations": []}
            for id_, names in ((E1, []), (E2, ["docs"]), (E3, ["away"]))
        ],
        "problems": [],
    }


def test_the_queue_is_counted_and_its_messages_are_never_received(station: Station) -> None:
    station.send(station.queue, s3_event("site", "a"), s3_event("site", "b"))
    station.send(station.queue, "a job held back", delay=300)
    now = dt.datetime.now(dt.UTC)
    station.aws.client("cloudwatch").put_metric_data(
        Namespace="AWS/SQS",
        MetricData=[
            {
                "MetricName": "ApproximateAgeOfOldestMessage",
                "Dimensions": [{"Name": "QueueName", "Value": "purgemap"}],
                "Timestamp": now - dt.timedelta(minutes=age),
                "Value": value,
            }
            for age, value in ((9, 20.0), (2, 440.0))
        ],
    )
    counted = station.document()["queue"]
    assert (counted["visible"], counted["in_flight"], counted["delayed"]) == (2, 0, 1)
    assert counted["oldest_seconds"] == 440
    answer = station.aws.client("sqs").receive_message(
        QueueUrl=station.queue, MaxNumberOfMessages=10, MessageSystemAttributeNames=["ApproximateReceiveCount"]
    )
    assert [each["Attributes"]["ApproximateReceiveCount"] for each in answer["Messages"]] == ["1", "1"]


def put_oldest_change(station: Station, namespace: str, *points: tuple[float, float]) -> None:
    now = dt.datetime.now(dt.UTC)
    data = [
        {"MetricName": "oldest_change_seconds", "Timestamp": now - dt.timedelta(minutes=age), "Value": value}
        for age, value in points
    ]
    station.aws.client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=data)


def test_status_shows_the_age_of_what_cloudfront_refuses(station: Station) -> None:
    station.send(station.queue, "a job held back", delay=300)
    put_oldest_change(station, "staging", (30, 99_000.0), (14, 10_800.0), (1, 0.0))
    assert station.document("--metrics-namespace", "staging")["oldest_change_seconds"] == 10_800
    told = station.command(PURGEMAP_METRICS_NAMESPACE="staging").stdout
    assert "not accepted yet in the last 20 minutes: changes up to 3 h old" in told.splitlines()
    assert "not accepted" not in station.command().stdout


def test_status_shows_no_age_once_nothing_waits(station: Station) -> None:
    put_oldest_change(station, "purgemap", (14, 10_800.0))
    assert station.document()["oldest_change_seconds"] is None


def test_an_age_that_cloudwatch_does_not_have_is_no_failure(station: Station) -> None:
    station.send(station.queue, "a")
    told = station.command()
    assert told.return_value == 0
    assert ["queue", "1", "0", "0", "?"] in [line.split() for line in told.stdout.splitlines()]


def test_dead_letters_are_told_by_reason_with_whom_they_concern_and_stay_visible(station: Station) -> None:
    gone = "CreateInvalidation: NoSuchDistribution: [gone]"
    station.send(station.dead_letters, rejected(E1, gone), rejected("tenant:dt_1", gone), s3_event("site", "docs/x"))
    dead = station.document()["dead_letters"]
    assert (dead["visible"], dead["looked_at"], dead["is_sample"]) == (3, 3, False)
    assert dead["reasons"] == [
        {"kind": "rejected", "reason": gone, "letters": 2, "distributions": [E1, "tenant:dt_1"]},
        {"kind": "queue", "reason": "received too often", "letters": 1, "distributions": [E1, E2, E3]},
    ]
    assert 0 <= dead["oldest_seconds"] < 60
    shown = station.command().stdout
    assert gone in shown
    assert f"for {E1}, docs ({E2}), away ({E3})\n" in shown
    left = station.aws.client("sqs").receive_message(QueueUrl=station.dead_letters, MaxNumberOfMessages=10)
    assert len(left["Messages"]) == 3


def test_of_many_dead_letters_some_are_looked_at_and_it_says_so(station: Station) -> None:
    sqs = station.aws.client("sqs")
    for _ in range(30):
        entries = [{"Id": str(n), "MessageBody": "{broken"} for n in range(10)]
        sqs.send_message_batch(QueueUrl=station.dead_letters, Entries=entries)
    dead = station.document()["dead_letters"]
    assert (dead["visible"], dead["looked_at"], dead["is_sample"]) == (300, LETTERS_LOOKED_AT, True)
    assert "200 of about 300 dead letters were looked at" in station.command().stdout


def test_invalidations_in_progress_are_told_for_each_distribution_through_its_role(station: Station) -> None:
    first = invalidate(station.aws, E2, ["/x"])
    second = invalidate(station.aws, E2, ["/y"])
    away = station.aws.client("cloudfront", "222222222222")
    batch = {"Paths": {"Quantity": 1, "Items": ["/z"]}, "CallerReference": "once"}
    third = away.create_invalidation(DistributionId=E3, InvalidationBatch=batch)["Invalidation"]
    told = station.document()["distributions"]
    found = {each["distribution"]: [one["id"] for one in each["invalidations"]] for each in told}
    assert found == {E1: [], E2: [second["Id"], first["Id"]], E3: [third["Id"]]}
    assert dt.datetime.fromisoformat(told[1]["invalidations"][0]["created"]).tzinfo is not None


def test_a_distribution_that_is_gone_is_told_for_itself_and_the_others_go_on(station: Station) -> None:
    station.map_file.write_text(MAP.replace(E1, "E9MISSING9ABCD"))
    invalidate(station.aws, E2, ["/x"])
    told = station.command()
    assert told.return_value == 1
    lines = told.stdout.splitlines()
    assert f"docs ({E2}): 1 in progress" in lines
    assert [line for line in lines if line.startswith("E9MISSING9ABCD: ListInvalidations: NoSuchDistribution")]
    assert lines[-1] == "1 other distribution with no invalidation in progress"


def test_a_role_whose_session_has_ended_before_it_came_is_told_for_its_own_distribution(station: Station) -> None:
    with expiring(-1):
        told = station.command()
    assert told.return_value == 1
    assert [line.partition(": ")[0] for line in told.stdout.splitlines() if "expired" in line] == [f"away ({E3})"]
    assert told.stdout.splitlines()[-1] == "2 other distributions with no invalidation in progress"


def test_distributions_may_be_narrowed_by_id_or_name(station: Station) -> None:
    told = station.document("--distribution", "docs", "--distribution", E1)["distributions"]
    assert [each["distribution"] for each in told] == [E2, E1]


def test_a_queue_that_is_gone_or_not_named_is_a_problem_and_the_rest_is_still_told(station: Station) -> None:
    station.aws.client("sqs").delete_queue(QueueUrl=station.queue)
    told = station.command("--json", PURGEMAP_DEAD_LETTER_QUEUE_URL="")
    assert told.return_value == 1
    document = json.loads(told.stdout)
    assert (document["queue"], document["dead_letters"]) == (None, None)
    unnamed, gone = document["problems"]
    assert "--dead-letter-queue-url" in unnamed
    assert gone.startswith(f"{station.queue}: GetQueueAttributes: AWS.SimpleQueueService.NonExistentQueue: ")
    assert len(document["distributions"]) == 3
    assert "can't be read" in told.stderr


@pytest.fixture
def double(monkeypatch: pytest.MonkeyPatch) -> CloudFrontDouble:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _seconds: None)
    double = CloudFrontDouble(Clock(), Settings(path_rate=None, wildcard_rate=None, call_rate=None))
    double.add(Site(id=E1, bucket="site"), Site(id="dt_1", bucket="site", tenant=True))
    return double


def asking(server: CloudFrontServer, slept: list[float]) -> AwsInvalidations:
    return AwsInvalidations(Aws(endpoint_url=server.url), slept.append)


def test_tenants_are_asked_through_their_own_api(double: CloudFrontDouble) -> None:
    created = double.create_invalidation_for_tenant(ACCOUNT, "dt_1", ["/x"], "once")
    with CloudFrontServer(double) as server:
        progress = asking(server, []).in_progress(Distribution("tenant:dt_1"))
        with pytest.raises(PurgemapError, match="EntityNotFound"):
            asking(server, []).in_progress(Distribution("tenant:dt_2"))
    assert ([each.id for each in progress.invalidations], progress.is_all) == ([created.id], True)


def test_pages_are_read_while_they_end_in_progress_and_three_at_most(double: CloudFrontDouble) -> None:
    with CloudFrontServer(double) as server:
        for made, count, told in ((0, 150, (150, True)), (150, 350, (300, False))):
            for n in range(made, count):
                double.create_invalidation(ACCOUNT, E1, [f"/{n}"], f"reference {n}")
            progress = asking(server, []).in_progress(Distribution(E1))
            assert (len(progress.invalidations), progress.is_all) == told


def test_a_throttled_list_waits_and_is_asked_again(double: CloudFrontDouble) -> None:
    slept: list[float] = []
    with CloudFrontServer(double) as server:
        # One call of ours is two attempts of botocore's
        double.faults.add(Fault(operation="ListInvalidations", error="Throttling", times=2))
        assert asking(server, slept).in_progress(Distribution(E1)).is_all
    assert slept == [0.25, 2, 0.25]


class Unreadable:
    """A queue that can be counted, and nothing else."""

    url = "https://sqs.eu-central-1.amazonaws.com/123456789012/purgemap"

    def depth(self) -> QueueDepth:
        return QueueDepth(3, 1, 2, NOW)

    def age_of_oldest(self) -> float | None:
        raise PurgemapError("the age: AccessDenied")

    def receive(self) -> list[ReceivedMessage]:
        raise PurgemapError("ReceiveMessage: AccessDenied")

    def delete(self, receipts_by_id: Mapping[str, str]) -> dict[str, str]:
        raise AssertionError(receipts_by_id)

    def release(self, receipts: Sequence[str]) -> None:
        assert list(receipts) == []


def test_a_depth_is_told_even_where_nothing_else_may_be_read(map_from_yaml: LoadMap) -> None:
    problems: list[str] = []
    queue = read_queue(Unreadable(), problems)
    dead = read_dead_letters(Unreadable(), Router(map_from_yaml(MAP)), problems)
    assert queue is not None
    assert dead is not None
    assert queue.depth == dead.queue.depth == QueueDepth(3, 1, 2, NOW)
    assert problems == ["the age: AccessDenied", "ReceiveMessage: AccessDenied"]


def test_the_queues_are_named_by_options_before_variables() -> None:
    environment = {"PURGEMAP_QUEUE_URL": "q", "PURGEMAP_DEAD_LETTER_QUEUE_URL": "d"}
    assert resolve_queue_urls(None, None, environment) == QueueUrls("q", "d")
    assert resolve_queue_urls("x", None, environment) == QueueUrls("x", "d")
    assert resolve_queue_urls(None, None, {}) == QueueUrls(None, None)


@pytest.mark.parametrize(
    ("url", "region"),
    [
        ("https://sqs.eu-west-3.amazonaws.com/123456789012/purgemap", "eu-west-3"),
        ("https://sqs.cn-north-1.amazonaws.com.cn/123456789012/purgemap", "cn-north-1"),
        ("https://sqs.eusc-de-east-1.amazonaws.eu/123456789012/purgemap", "eusc-de-east-1"),
        ("https://sqs-fips.us-west-1.amazonaws.com/123456789012/purgemap", "us-west-1"),
        ("https://sqs.us-west-2.api.aws/123456789012/purgemap", "us-west-2"),
        ("http://127.0.0.1:5000/123456789012/purgemap", "eu-central-1"),
    ],
)
def test_the_region_is_the_one_that_a_queues_url_names(url: str, region: str) -> None:
    aws = aws_of(QueueUrls(url, None))
    assert aws.client("sqs").meta.region_name == region
