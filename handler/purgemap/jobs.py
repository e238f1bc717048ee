"""What one distribution needs, as a value that can wait in a queue: jobs, and the messages that carry them."""

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from purgemap.errors import PurgemapError
from purgemap.routemap import Distribution

MESSAGE_VERSION = 1

# SQS takes 1 MiB a message today and took 256 KiB for years: staying under the old limit costs nothing.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
MAX_MESSAGE_BYTES = 250_000

# What a message says beside its items: AWS's words may be a whole page, of which twelve bytes a character would fit.
_NOTE_CHARACTERS = 500
_BYTES_BESIDE_ITEMS = 8_192

_MARK = "purgemap_job"


class UnknownVersionError(PurgemapError):
    """A job that a newer function wrote; it goes back to the queue until that function reads it."""


class Job(NamedTuple):
    """The items that one distribution is to be told, with their scopes, and how it went so far.

    `distribution` is an id, or `tenant:` and a tenant's id. `sources` are the sorted ids of the deliveries behind
    it. `oldest` is the time of the oldest event, in seconds since the epoch. `refusals` counts every refusal,
    `throttled` those for the rate of calls; `rung` says by how much the budgets are tightened. `held_until` is the slot
    that a job waited for because its distribution was over its daily budget: all its changes are older. 0 for none.
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
        """Identify the deliveries behind the job, however many: the sources of the job once it was deferred."""
        if len(self.sources) == 1 and len(self.sources[0]) == hashlib.sha256().digest_size * 2:
            return self.sources[0]
        # Ids are whatever JSON can spell, half a surrogate pair too.
        return hashlib.sha256("\0".join(self.sources).encode(errors="surrogatepass")).hexdigest()


class PendingJob(NamedTuple):
    """A job and its distribution in the map; `is_retry` if part of the job was deferred before."""

    job: Job
    distribution: Distribution
    is_retry: bool = False


def merge_jobs(jobs: Iterable[Job]) -> Job:
    """Merge jobs of one distribution: everything that they want, as old and as hard-pressed as the worst of them."""
    first, *rest = jobs
    if not rest:
        return first
    every = (first, *rest)
    return Job(
        distribution=first.distribution,
        scopes=merge_items(job.scopes for job in every),
        sources=tuple(sorted({source for job in every for source in job.sources})),
        oldest_event_time=min(job.oldest_event_time for job in every),
        changes=sum(job.changes for job in every),
        failed_attempts=max(job.failed_attempts for job in every),
        throttled=max(job.throttled for job in every),
        budget_level=max(job.budget_level for job in every),
        held_until=max(job.held_until for job in every),
    )


def merge_items(several: Iterable[Mapping[str, str | None]]) -> Mapping[str, str | None]:
    """Put items with their scopes together."""
    first, *rest = several
    if not rest:
        return first
    scopes = dict(first)
    for other in rest:
        for item, scope in other.items():
            add_item(scopes, item, scope)
    return scopes


def add_item(scopes: dict[str, str | None], item: str, scope: str | None) -> None:
    """Add an item; asked for twice it keeps the shorter scope, and any scope rather than none."""
    known = scopes.setdefault(item, scope)
    if scope is not None and (known is None or len(scope) < len(known)):
        scopes[item] = scope


def is_job(body: Any) -> bool:
    """Whether a decoded message body is a job of ours, of whatever version."""
    return isinstance(body, dict) and _MARK in body


def parse_job(body: Mapping[str, Any]) -> Job:
    """Read a job from a decoded message body.

    Raises UnknownVersionError for another version, and PurgemapError for a body that is no whole job.
    """
    if body[_MARK] != MESSAGE_VERSION:
        raise UnknownVersionError(f"a job of version {body[_MARK]!r}; this function reads version {MESSAGE_VERSION}")
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
        raise PurgemapError(f"not a whole job: {type(error).__name__}: {error}") from None
    if not _is_valid(job):
        raise PurgemapError("not a sound job: texts are ASCII, times finite, counts not negative")
    return job


def _is_valid(job: Job) -> bool:
    """Whether a job holds only what `messages` writes: anything else could sink its whole batch later."""
    texts = (*job.sources, *job.scopes, *(scope for scope in job.scopes.values() if scope is not None))
    counts = (job.changes, job.failed_attempts, job.throttled, job.budget_level)
    are_times = math.isfinite(job.oldest_event_time) and 0 <= job.held_until < math.inf
    return are_times and min(counts) >= 0 and all(isinstance(t, str) and t.isascii() for t in texts)


def job_messages(job: Job, **notes: str) -> Iterator[str]:
    """Write a job as message bodies, as many as it needs to stay under the size limit; `notes` say why it is kept."""
    for part in _parts(job):
        yield json.dumps(
            {
                _MARK: MESSAGE_VERSION,
                "distribution": job.distribution,
                "items": _items_by_scope(part.scopes),
                "sources": job.digest,
                "oldest": job.oldest_event_time,
                "changes": part.changes,
                "refusals": job.failed_attempts,
                "throttled": job.throttled,
                "rung": job.budget_level,
                **({"held_until": job.held_until} if job.held_until else {}),
                **{name: note[:_NOTE_CHARACTERS] for name, note in notes.items()},
            },
            separators=(",", ":"),
        )


def _items_by_scope(scopes: Mapping[str, str | None]) -> list[tuple[str | None, list[str]]]:
    items_by_scope: dict[str | None, list[str]] = {}
    for item, scope in sorted(scopes.items()):
        items_by_scope.setdefault(scope, []).append(item)
    return list(items_by_scope.items())


def _parts(job: Job) -> Iterator[Job]:
    """Split a job so that each part's items and scopes stay well under a message's size."""
    # Items are ASCII, but a tag may be all quotes, which JSON doubles. A scope is counted with each item, though it is
    # written once: room to spare.
    sizes = {item: 2 * len(item) + len(scope or "") + 8 for item, scope in job.scopes.items()}
    most = MAX_MESSAGE_BYTES - _BYTES_BESIDE_ITEMS
    if sum(sizes.values()) <= most:
        yield job
        return
    part: dict[str, str | None] = {}
    size = 0
    for item, scope in sorted(job.scopes.items()):
        size += sizes[item]
        if part and size > most:
            yield job._replace(scopes=part, changes=0)
            part, size = {}, sizes[item]
        part[item] = scope
    yield job._replace(scopes=part)
