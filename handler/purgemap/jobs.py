"""A job, which holds what one distribution still needs, and the messages that hold a job in a queue."""

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from purgemap.errors import PurgemapError
from purgemap.routemap import Distribution

MESSAGE_VERSION = 1

# SQS accepts 1 MiB a message today and accepted 256 KiB for years. The old limit costs nothing.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
MAX_MESSAGE_BYTES = 250_000

# A note may be a whole page of AWS's error text, and JSON may need twelve bytes for a character.
_MAX_NOTE_CHARACTERS = 500
_RESERVED_BYTES = 8_192

_VERSION_KEY = "purgemap_job"


class Job(NamedTuple):
    """The items that one distribution still needs, with their scopes, and the failed attempts so far.

    `distribution` is an id, or `tenant:` and a tenant's id. `sources` are the sorted ids of the deliveries behind it.
    Times are in seconds since the epoch. `throttled` counts the attempts that failed by throttling, and `budget_level`
    selects a reduced budget. `held_until` is the slot for which a job waited because its distribution was over its
    daily budget: all its changes are older. It is 0 for other jobs.
    """

    distribution: str
    scopes: Mapping[str, str | None]
    sources: tuple[str, ...]
    oldest_event_time: float
    changes: int
    failed_attempts: int = 0
    throttled: int = 0
    budget_level: int = 0
    held_until: float = 0.0

    @property
    def digest(self) -> str:
        """A hash of the sources, which replaces them when the job is deferred."""
        if len(self.sources) == 1 and len(self.sources[0]) == hashlib.sha256().digest_size * 2:
            return self.sources[0]
        # An id is any JSON string, which may contain half of a surrogate pair.
        return hashlib.sha256("\0".join(self.sources).encode(errors="surrogatepass")).hexdigest()


class PendingJob(NamedTuple):
    """A job and its distribution in the map; `is_retry` if part of the job was deferred before.

    `is_changing` if another part is new.
    """

    job: Job
    distribution: Distribution
    is_retry: bool = False
    is_changing: bool = True


def merge_jobs(jobs: Iterable[Job]) -> Job:
    """Merge jobs of one distribution: all their items, the oldest time and the most failures of any of them."""
    jobs = list(jobs)
    if len(jobs) == 1:
        return jobs[0]
    return Job(
        distribution=jobs[0].distribution,
        scopes=merge_items(job.scopes for job in jobs),
        sources=tuple(sorted({source for job in jobs for source in job.sources})),
        oldest_event_time=min(job.oldest_event_time for job in jobs),
        changes=sum(job.changes for job in jobs),
        failed_attempts=max(job.failed_attempts for job in jobs),
        throttled=max(job.throttled for job in jobs),
        budget_level=max(job.budget_level for job in jobs),
        held_until=max(job.held_until for job in jobs),
    )


def merge_items(scopes_of_jobs: Iterable[Mapping[str, str | None]]) -> Mapping[str, str | None]:
    """Merge items with their scopes."""
    first_scopes, *more_scopes = scopes_of_jobs
    if not more_scopes:
        return first_scopes
    merged = dict(first_scopes)
    for scopes in more_scopes:
        for item, scope in scopes.items():
            add_item(merged, item, scope)
    return merged


def add_item(scopes: dict[str, str | None], item: str, scope: str | None) -> None:
    """Add an item. An item that is added twice keeps the shorter scope, and a scope rather than none."""
    known = scopes.setdefault(item, scope)
    if scope is not None and (known is None or len(scope) < len(known)):
        scopes[item] = scope


def is_job(body: Any) -> bool:
    """Return whether a decoded message body is a job, of any version."""
    return isinstance(body, dict) and _VERSION_KEY in body


def parse_job(body: Mapping[str, Any]) -> Job:
    """Parse a job from a decoded message body; raises PurgemapError."""
    # Only a newer function writes another version. The job returns to the queue until that function reads it.
    if body[_VERSION_KEY] != MESSAGE_VERSION:
        raise PurgemapError(f"a job of version {body[_VERSION_KEY]!r}; this function reads version {MESSAGE_VERSION}")
    try:
        job = Job(
            distribution=str(body["distribution"]),
            scopes={str(item): scope for scope, items in body["items"] for item in items},
            sources=(str(body["sources"]),),
            oldest_event_time=float(body["oldest"]),
            changes=int(body["changes"]),
            failed_attempts=int(body["refusals"]),
            throttled=int(body["throttled"]),
            budget_level=int(body["rung"]),
            held_until=float(body.get("held_until", 0)),
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise PurgemapError(f"incomplete job: {type(error).__name__}: {error}") from None
    if not _is_valid(job):
        raise PurgemapError("invalid job: texts must be ASCII, times finite, counts not negative")
    return job


def _is_valid(job: Job) -> bool:
    """Return whether a job contains only what `job_messages` writes. Other values could fail a whole batch later."""
    texts = (*job.sources, *job.scopes, *(scope for scope in job.scopes.values() if scope is not None))
    counts = (job.changes, job.failed_attempts, job.throttled, job.budget_level)
    are_times = math.isfinite(job.oldest_event_time) and 0 <= job.held_until < math.inf
    return are_times and min(counts) >= 0 and all(isinstance(text, str) and text.isascii() for text in texts)


def job_messages(job: Job, **notes: str) -> Iterator[str]:
    """Yield the message bodies of a job, each under the size limit; `notes` give the reason why it is queued."""
    for part in _parts(job):
        yield json.dumps(
            {
                _VERSION_KEY: MESSAGE_VERSION,
                "distribution": job.distribution,
                "items": _items_by_scope(part.scopes),
                "sources": job.digest,
                "oldest": job.oldest_event_time,
                "changes": part.changes,
                "refusals": job.failed_attempts,
                "throttled": job.throttled,
                "rung": job.budget_level,
                **({"held_until": job.held_until} if job.held_until else {}),
                **{name: note[:_MAX_NOTE_CHARACTERS] for name, note in notes.items()},
            },
            separators=(",", ":"),
        )


def pack_bodies(bodies: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Join the bodies of messages into JSON lists under the size limit; yields each list and the number of its bodies.

    A body without a neighbour stays as it is. `events.parse_payload` reads both.
    """
    pack: list[str] = []
    size = 0
    for body in bodies:
        # Bodies are ASCII, as json.dumps writes them, so characters are bytes. Commas and brackets count, too.
        if pack and size + len(body) + 2 > MAX_MESSAGE_BYTES:
            yield _join_bodies(pack), len(pack)
            pack, size = [], 0
        pack.append(body)
        size += len(body) + 1
    if pack:
        yield _join_bodies(pack), len(pack)


def _join_bodies(bodies: Sequence[str]) -> str:
    return bodies[0] if len(bodies) == 1 else f"[{','.join(bodies)}]"


def _items_by_scope(scopes: Mapping[str, str | None]) -> list[tuple[str | None, list[str]]]:
    items_by_scope: dict[str | None, list[str]] = {}
    for item, scope in sorted(scopes.items()):
        items_by_scope.setdefault(scope, []).append(item)
    return list(items_by_scope.items())


def _parts(job: Job) -> Iterator[Job]:
    """Split a job into parts that fit into a message."""
    # Items are ASCII, but a tag may consist of quotes, which JSON doubles. A scope is counted with each item, though it
    # is written once per message.
    sizes = {item: 2 * len(item) + len(scope or "") + 8 for item, scope in job.scopes.items()}
    max_bytes = MAX_MESSAGE_BYTES - _RESERVED_BYTES
    if sum(sizes.values()) <= max_bytes:
        yield job
        return
    part: dict[str, str | None] = {}
    size = 0
    for item, scope in sorted(job.scopes.items()):
        size += sizes[item]
        if part and size > max_bytes:
            yield job._replace(scopes=part, changes=0)
            part, size = {}, sizes[item]
        part[item] = scope
    yield job._replace(scopes=part)
