"""Outcomes that are written to the queue and the dead-letter queue."""

import json

import pytest

from purgemap.delivery import (
    Deferred,
    Outcome,
    Rejected,
)
from purgemap.delivery.backoff import retry_delay
from purgemap.delivery.queueing import enqueue_outcomes
from purgemap.events import parse_payload
from purgemap.jobs import MAX_MESSAGE_BYTES
from support.delivery import build_job, build_pending
from support.doubles.memory import MAX_DELAY_SECONDS as SQS_MAX_DELAY_SECONDS
from support.doubles.memory import MemoryQueue
from support.ids import E1, E2, NOW
from support.payloads import sqs_batch


def test_enqueue_outcomes_names_jobs_that_queue_refused() -> None:
    outcomes: list[Outcome] = [Deferred(build_job(), 20, "full"), Rejected(build_job(distribution=E2), "gone")]
    queue, broken = MemoryQueue(), MemoryQueue("InternalError")
    assert enqueue_outcomes(outcomes, queue, queue) == []
    assert [json.loads(message.body).get("rejected") for message in queue.messages] == [None, "gone"]
    assert [failure.distribution for failure in enqueue_outcomes(outcomes, broken, queue)] == [E1]
    assert [failure.distribution for failure in enqueue_outcomes(outcomes, None, None)] == [E1, E2]


@pytest.mark.parametrize("failed_attempts", range(12))
def test_enqueue_outcomes_uses_delays_within_sqs_limit(failed_attempts: int) -> None:
    queue = MemoryQueue()
    delays = [retry_delay(E1, NOW + second, failed_attempts=failed_attempts) for second in range(0, 3_000, 7)]
    assert enqueue_outcomes([Deferred(build_job("/a"), delay, "full") for delay in delays], queue, None) == []
    assert max(delays) <= SQS_MAX_DELAY_SECONDS


def test_enqueue_outcomes_packs_deferred_jobs_by_delay() -> None:
    queue = MemoryQueue()
    jobs = [pending.job for pending in build_pending(1_000)]
    assert enqueue_outcomes([Deferred(job, 20 + n % 2, "full") for n, job in enumerate(jobs)], queue, None) == []
    payload = sqs_batch(message.body for message in queue.messages)
    assert [message.delay for message in queue.messages] == [20, 21]
    assert sorted(queued.job.distribution for queued in parse_payload(payload).jobs) == [
        job.distribution for job in jobs
    ]


def test_enqueue_outcomes_keeps_rejected_jobs_apart() -> None:
    letters = MemoryQueue()
    assert enqueue_outcomes([Rejected(pending.job, "gone") for pending in build_pending(3)], None, letters) == []
    assert [json.loads(message.body)["rejected"] for message in letters.messages] == ["gone"] * 3


@pytest.mark.parametrize("bytes_of_item", [10, 20_000, 60_000, 200_000])
def test_enqueue_outcomes_packs_under_size_limit(bytes_of_item: int) -> None:
    queue = MemoryQueue()
    jobs = [build_job("/" + "a" * bytes_of_item, distribution=f"E{n:013}") for n in range(20)]
    assert enqueue_outcomes([Deferred(job, 20, "full") for job in jobs], queue, None) == []
    assert all(len(message.body) <= MAX_MESSAGE_BYTES for message in queue.messages)
    batch = parse_payload(sqs_batch(message.body for message in queue.messages))
    assert [(queued.job.distribution, queued.job.scopes) for queued in batch.jobs] == [
        (job.distribution, job.scopes) for job in jobs
    ]


def test_enqueue_outcomes_names_every_job_of_refused_message() -> None:
    deferred = [Deferred(pending.job, 20, "full") for pending in build_pending(3)]
    failures = enqueue_outcomes(deferred, MemoryQueue("InternalError"), None)
    assert [failure.distribution for failure in failures] == [outcome.job.distribution for outcome in deferred]
