"""`purgemap status` over real queues and invalidations."""

import datetime as dt
import json
from pathlib import Path

import pytest
from moto.core.utils import utcnow

from purgemap.cli.status import status
from purgemap.demo.local_aws import LocalAws
from purgemap.operations.status import MAX_LETTERS_SAMPLED
from support.dead_letters import rejected
from support.expiring_roles import expiring
from support.harness import ServiceHarness, build_service
from support.ids import E1, E2, E3
from support.local_site import invalidate
from support.payloads import s3_event

pytest_plugins = ["support.local_aws_fixtures"]

MAP = f"""
version: 1
distributions:
  docs: {{id: {E2}}}
  away: {{id: {E3}, role_arn: "arn:aws:iam::222222222222:role/purgemap"}}
routes:
  - {{bucket: site, distributions: [{E1}, away]}}
  - {{bucket: site, prefix: docs/, distributions: [docs]}}
"""


@pytest.fixture
def service(aws: LocalAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ServiceHarness:
    # An invalidation of the future stays in progress for as long as a test runs.
    monkeypatch.setattr("moto.cloudfront.models.utcnow", lambda: utcnow() + dt.timedelta(minutes=1))
    aws.create_distribution(E1)
    aws.create_distribution(E2)
    aws.create_distribution(E3, "222222222222")
    return build_service(aws, tmp_path, MAP)


def test_status_prints_few_lines_for_idle_service(service: ServiceHarness) -> None:
    result = service.run(status)
    assert result.return_value == 0
    assert [" ".join(line.split()) for line in result.stdout.splitlines()] == [
        "visible in flight delayed oldest",
        "queue 0 0 0",
        "dead letters 0 0 0",
        "",
        "3 distributions with no invalidation in progress",
    ]
    assert result.stderr == ""


def test_status_document_of_idle_service_has_every_key(service: ServiceHarness) -> None:
    depth = {"visible": 0, "in_flight": 0, "delayed": 0, "oldest_seconds": None}
    assert service.document(status) == {
        "queue": {"url": service.queue, **depth},
        "oldest_change_seconds": None,
        "folder_counts_seconds": None,
        "dead_letters": {"url": service.dead_letters, **depth, "looked_at": 0, "is_sample": False, "reasons": []},
        "distributions": [
            {"distribution": id_, "names": names, "in_progress": 0, "is_all": True, "invalidations": []}
            for id_, names in ((E1, []), (E2, ["docs"]), (E3, ["away"]))
        ],
        "problems": [],
    }


def test_status_counts_queue_without_receiving_messages(service: ServiceHarness) -> None:
    service.send(service.queue, s3_event("site", "a"), s3_event("site", "b"))
    service.send(service.queue, "a job held back", delay=300)
    now = dt.datetime.now(dt.UTC)
    service.aws.client("cloudwatch").put_metric_data(
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
    queue = service.document(status)["queue"]
    assert (queue["visible"], queue["in_flight"], queue["delayed"]) == (2, 0, 1)
    assert queue["oldest_seconds"] == 440
    received = service.receive(service.queue)
    assert [each["Attributes"]["ApproximateReceiveCount"] for each in received] == ["1", "1"]


def put_oldest_change(service: ServiceHarness, namespace: str, *points: tuple[float, float]) -> None:
    now = dt.datetime.now(dt.UTC)
    data = [
        {"MetricName": "oldest_change_seconds", "Timestamp": now - dt.timedelta(minutes=age), "Value": value}
        for age, value in points
    ]
    service.aws.client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=data)


def test_status_shows_age_of_changes_not_accepted(service: ServiceHarness) -> None:
    service.send(service.queue, "a job held back", delay=300)
    put_oldest_change(service, "staging", (30, 99_000.0), (14, 10_800.0), (1, 0.0))
    assert service.document(status, "--metrics-namespace", "staging")["oldest_change_seconds"] == 10_800
    output = service.run(status, PURGEMAP_METRICS_NAMESPACE="staging").stdout
    assert "not accepted yet in the last 20 minutes: changes up to 3 h old" in output.splitlines()
    assert "not accepted" not in service.run(status).stdout


def test_status_shows_no_age_for_empty_queue(service: ServiceHarness) -> None:
    put_oldest_change(service, "purgemap", (14, 10_800.0))
    assert service.document(status)["oldest_change_seconds"] is None


def test_status_succeeds_without_age_in_cloudwatch(service: ServiceHarness) -> None:
    service.send(service.queue, "a")
    result = service.run(status)
    assert result.return_value == 0
    assert ["queue", "1", "0", "0", "?"] in [line.split() for line in result.stdout.splitlines()]


def test_status_groups_dead_letters_and_leaves_them_visible(service: ServiceHarness) -> None:
    gone = "CreateInvalidation: NoSuchDistribution: [gone]"
    jobs = rejected(E1, reason=gone), rejected("tenant:dt_1", reason=gone)
    service.send_dead_letters(*jobs, s3_event("site", "docs/x"))
    dead = service.document(status)["dead_letters"]
    assert (dead["visible"], dead["looked_at"], dead["is_sample"]) == (3, 3, False)
    assert dead["reasons"] == [
        {"kind": "rejected", "reason": gone, "letters": 2, "distributions": [E1, "tenant:dt_1"]},
        {"kind": "queue", "reason": "received too often", "letters": 1, "distributions": [E1, E2, E3]},
    ]
    assert 0 <= dead["oldest_seconds"] < 60
    output = service.run(status).stdout
    assert gone in output
    assert f"for {E1}, docs ({E2}), away ({E3})\n" in output
    assert len(service.receive(service.dead_letters)) == 3


def test_status_samples_many_dead_letters(service: ServiceHarness) -> None:
    sqs = service.aws.client("sqs")
    for _ in range(30):
        entries = [{"Id": str(n), "MessageBody": "{broken"} for n in range(10)]
        sqs.send_message_batch(QueueUrl=service.dead_letters, Entries=entries)
    dead = service.document(status)["dead_letters"]
    assert (dead["visible"], dead["looked_at"], dead["is_sample"]) == (300, MAX_LETTERS_SAMPLED, True)
    assert "200 of about 300 dead letters were read" in service.run(status).stdout


def test_status_lists_invalidations_by_distribution_and_role(service: ServiceHarness) -> None:
    first = invalidate(service.aws, E2, ["/x"])
    second = invalidate(service.aws, E2, ["/y"])
    away = service.aws.client("cloudfront", "222222222222")
    batch = {"Paths": {"Quantity": 1, "Items": ["/z"]}, "CallerReference": "once"}
    third = away.create_invalidation(DistributionId=E3, InvalidationBatch=batch)["Invalidation"]
    distributions = service.document(status)["distributions"]
    ids = {each["distribution"]: [one["id"] for one in each["invalidations"]] for each in distributions}
    assert ids == {E1: [], E2: [second["Id"], first["Id"]], E3: [third["Id"]]}
    assert dt.datetime.fromisoformat(distributions[1]["invalidations"][0]["created"]).tzinfo is not None


def test_status_shows_missing_distribution_beside_others(service: ServiceHarness) -> None:
    service.map_file.write_text(MAP.replace(E1, "E9MISSING9ABCD"))
    invalidate(service.aws, E2, ["/x"])
    result = service.run(status)
    assert result.return_value == 1
    lines = result.stdout.splitlines()
    assert f"docs ({E2}): 1 in progress" in lines
    assert [line for line in lines if line.startswith("E9MISSING9ABCD: ListInvalidations: NoSuchDistribution")]
    assert lines[-1] == "1 other distribution with no invalidation in progress"


def test_status_shows_expired_role_for_its_distribution(service: ServiceHarness) -> None:
    with expiring(-1):
        result = service.run(status)
    assert result.return_value == 1
    assert [line.partition(": ")[0] for line in result.stdout.splitlines() if "expired" in line] == [f"away ({E3})"]
    assert result.stdout.splitlines()[-1] == "2 other distributions with no invalidation in progress"


def test_status_selects_distributions_by_id_or_name(service: ServiceHarness) -> None:
    distributions = service.document(status, "--distribution", "docs", "--distribution", E1)["distributions"]
    assert [each["distribution"] for each in distributions] == [E2, E1]


def test_status_reports_missing_queues_beside_the_rest(service: ServiceHarness) -> None:
    service.aws.client("sqs").delete_queue(QueueUrl=service.queue)
    result = service.run(status, "--json", PURGEMAP_DEAD_LETTER_QUEUE_URL="")
    assert result.return_value == 1
    document = json.loads(result.stdout)
    assert (document["queue"], document["dead_letters"]) == (None, None)
    unnamed, gone = document["problems"]
    assert "--dead-letter-queue-url" in unnamed
    assert gone.startswith(f"{service.queue}: GetQueueAttributes: AWS.SimpleQueueService.NonExistentQueue: ")
    assert len(document["distributions"]) == 3
    assert "can't be read" in result.stderr
