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
from support.delivery import build_job
from support.doubles.memory import MAX_DELAY_SECONDS as SQS_MAX_DELAY_SECONDS
from support.doubles.memory import MemoryQueue
from support.ids import E1, E2, NOW


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
