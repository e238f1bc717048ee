"""A message of the dead-letter queue → why it lies there, whom it concerns, and what is sent again in its place."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from purgemap.delivery import ReceivedMessage
from purgemap.errors import PurgemapError
from purgemap.events import Batch, decode_body, parse_payload
from purgemap.jobs import Job, is_job, job_messages, parse_job
from purgemap.routing import Router


class DeadLetterSource(StrEnum):
    """Who gave a message up."""

    REJECTED = "rejected"
    """The function: a job that no retry could help, with the reason that it wrote into it."""
    QUEUE = "queue"
    """SQS: a message that was received too often; its body is what it was."""
    RULE = "rule"
    """EventBridge: an event that never reached the queue or the function.
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html"""
    FUNCTION = "function"
    """Lambda: an asynchronous invocation of a function that is wired without a queue.
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html"""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """What a letter says. `bodies` go to the queue in its place, none if nothing can; `batch` is what they hold."""

    letter: ReceivedMessage
    kind: DeadLetterSource
    reason: str
    bodies: tuple[str, ...]
    batch: Batch


def classify_dead_letter(letter: ReceivedMessage, now: float) -> DeadLetter:
    """Read a letter; never raises: what can't be read goes again as it is, for the function to judge.

    `now` is when a job that goes again counts as begun, in seconds since the epoch.
    """
    content = decode_body(letter.body)
    if _is_invocation_record(content):
        bodies = tuple(json.dumps(event, separators=(",", ":")) for event in _request_events(content))
        return DeadLetter(letter, DeadLetterSource.FUNCTION, _invocation_reason(content), bodies, _read(letter, bodies))
    bodies = _job_bodies(letter, content, now) if is_job(content) else (letter.body,)
    batch = _read(letter, bodies)
    return DeadLetter(letter, *_kind_and_reason(letter, content, batch), bodies, batch)


def affected_distributions(dead_letter: DeadLetter, router: Router) -> frozenset[str]:
    """Return the ids of the distributions that a letter is for: a job's own, or those that the map finds for events."""
    jobs = {returned.job.distribution for returned in dead_letter.batch.jobs}
    targets = router.route(dead_letter.batch.changes).keys_by_target
    return frozenset(jobs | {target.distribution.id for target in targets})


def renewed(job: Job, letter_id: str, now: float) -> Job:
    """Return a job as if it had just begun: not refused yet, nothing tightened, not old.

    It is another delivery to CloudFront: under its old sources a request that once was accepted, its answer lost,
    would be answered with that invalidation, and what was repaired meanwhile would stay as it was cached since. The
    new sources follow from the letter, so that a letter which is sent twice (a run that was killed before it could
    delete it) is still invalidated once.
    """
    source = hashlib.sha256(f"{job.digest}\0{letter_id}".encode()).hexdigest()
    return job._replace(
        sources=(source,), oldest_event_time=now, failed_attempts=0, throttled=0, budget_level=0, held_until=0.0
    )


def _read(letter: ReceivedMessage, bodies: Iterable[str]) -> Batch:
    """Read bodies as the function will."""
    records = [{"eventSource": "aws:sqs", "messageId": letter.id, "body": body} for body in bodies]
    return parse_payload({"Records": records})


def _job_bodies(letter: ReceivedMessage, content: dict[str, Any], now: float) -> tuple[str, ...]:
    try:
        return tuple(job_messages(renewed(parse_job(content), letter.id, now)))
    except PurgemapError:
        # A newer function's job, or no whole one: only who wrote it could say what in it is to be made new.
        return (letter.body,)


def _kind_and_reason(letter: ReceivedMessage, content: Any, batch: Batch) -> tuple[DeadLetterSource, str]:
    attributes = letter.attributes
    if is_job(content) and "rejected" in content:
        return DeadLetterSource.REJECTED, str(content["rejected"])
    if "ERROR_CODE" in attributes or "RULE_ARN" in attributes:
        return DeadLetterSource.RULE, _joined(attributes.get("ERROR_CODE"), attributes.get("ERROR_MESSAGE"))
    if "RequestID" in attributes and "ErrorCode" in attributes:  # Lambda's own dead letters, without an envelope
        return DeadLetterSource.FUNCTION, _joined(attributes["ErrorCode"], attributes.get("ErrorMessage"))
    if batch.malformed:
        return DeadLetterSource.QUEUE, f"unreadable: {batch.malformed[0].reason}"
    deferred = content.get("deferred") if is_job(content) else None
    return DeadLetterSource.QUEUE, _joined("received too often", deferred and f"deferred before for {deferred}")


def _is_invocation_record(content: Any) -> bool:
    context = content.get("requestContext") if isinstance(content, dict) else None
    return isinstance(context, dict) and "condition" in context


def _request_events(record: dict[str, Any]) -> list[Any]:
    payload = record.get("requestPayload")
    if payload is None:
        return []
    return payload if isinstance(payload, list) else [payload]


def _invocation_reason(record: dict[str, Any]) -> str:
    answer = record.get("responsePayload")
    told = answer if isinstance(answer, dict) else {}
    return _joined(record["requestContext"]["condition"], told.get("errorType"), told.get("errorMessage"))


def _joined(*parts: object) -> str:
    return ": ".join(str(part) for part in parts if part)
