"""Read the queues, the dead letters and the invalidations in progress into one summary."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from purgemap.errors import PurgemapError
from purgemap.operations.dead_letter_scan import DeadLetterQueue, DeadLetterScan, QueueMetrics
from purgemap.operations.dead_letters import DeadLetterSource, affected_distributions, classify_dead_letter
from purgemap.routemap import Distribution
from purgemap.routing import Router

if TYPE_CHECKING:  # loading it loads botocore, for which `purgemap check` must not wait
    from purgemap.aws.monitoring import InvalidationProgress, QueueDepth

# Enough to show the causes, few enough to be visible to others again after seconds.
MAX_LETTERS_SAMPLED = 200

_Value = TypeVar("_Value")


class QueueStatus(NamedTuple):
    """A queue, and the age of its oldest message in seconds, None if it isn't known."""

    url: str
    depth: "QueueDepth"
    oldest_seconds: float | None


class DeadLetterReason(NamedTuple):
    """A reason, the number of sampled letters with it, and the ids of their distributions."""

    kind: DeadLetterSource
    reason: str
    letters: int
    distributions: tuple[str, ...]


class DeadLetterStatus(NamedTuple):
    """The dead-letter queue, and the reasons of the sampled letters, the most frequent first."""

    queue: QueueStatus
    letters_sampled: int
    reasons: tuple[DeadLetterReason, ...]

    @property
    def is_sample(self) -> bool:
        """Whether the queue holds more letters than were sampled."""
        return self.letters_sampled < self.queue.depth.total


class DistributionStatus(NamedTuple):
    """A distribution and its invalidations in progress, or the error of reading them."""

    distribution: Distribution
    progress: "InvalidationProgress | None"
    error: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """Everything that could be read; `problems` has a line for each failure at the queues.

    `oldest_change_seconds` is the age of the oldest change that CloudFront has not accepted, None if there is none.
    `folder_counts_seconds` is the age of the function's folder counts, None if it has none.
    """

    queue: QueueStatus | None
    oldest_change_seconds: float | None
    dead_letters: DeadLetterStatus | None
    distributions: tuple[DistributionStatus, ...]
    problems: tuple[str, ...]
    folder_counts_seconds: float | None = None

    @property
    def is_complete(self) -> bool:
        """Whether everything could be read."""
        return not self.problems and not any(status.error for status in self.distributions)


def read_queue(queue: QueueMetrics, problems: list[str]) -> QueueStatus | None:
    """Read the metrics of a queue; adds errors to `problems`."""
    depth = _read(queue.depth, problems)
    if depth is None:
        return None
    # The metric may be minutes old, from before the queue ran empty.
    return QueueStatus(queue.url, depth, _read(queue.age_of_oldest, problems) if depth.total else None)


def read_change_age(
    queue: QueueStatus | None, read_oldest_change: Callable[[], float | None], problems: list[str]
) -> float | None:
    """Read the age of the oldest change that CloudFront has not accepted; adds errors to `problems`."""
    # The metric is a maximum of the last minutes, so it is outdated once the queue is empty.
    return _read(read_oldest_change, problems) if queue and queue.depth.total else None


def read_dead_letters(queue: DeadLetterQueue, router: Router, problems: list[str]) -> DeadLetterStatus | None:
    """Read the dead-letter queue and a sample of its letters; adds errors to `problems`."""
    depth = _read(queue.depth, problems)
    if depth is None:
        return None
    sample = _read(lambda: _sample_letters(queue, depth, router), problems) if depth.visible else None
    return sample or DeadLetterStatus(QueueStatus(queue.url, depth, None), 0, ())


def _read(read: Callable[[], _Value], problems: list[str]) -> _Value | None:
    try:
        return read()
    except PurgemapError as error:
        problems.append(str(error))
        return None


def _sample_letters(queue: DeadLetterQueue, depth: "QueueDepth", router: Router) -> DeadLetterStatus:
    counts: Counter[tuple[DeadLetterSource, str]] = Counter()
    ids_by_reason: dict[tuple[DeadLetterSource, str], set[str]] = defaultdict(set)
    oldest = depth.time
    with DeadLetterScan(queue, sent_before=float("inf")) as scan:
        for messages in scan:
            for letter in (classify_dead_letter(message, depth.time) for message in messages):
                counts[letter.kind, letter.reason] += 1
                ids_by_reason[letter.kind, letter.reason] |= affected_distributions(letter, router)
                oldest = min(oldest, letter.message.sent)
            if counts.total() >= MAX_LETTERS_SAMPLED:
                break
    reasons = tuple(
        DeadLetterReason(kind, reason, count, tuple(sorted(ids_by_reason[kind, reason])))
        for (kind, reason), count in counts.most_common()
    )
    return DeadLetterStatus(QueueStatus(queue.url, depth, depth.time - oldest), counts.total(), reasons)


def read_distributions(
    distributions: Iterable[Distribution],
    list_in_progress: "Callable[[Distribution], InvalidationProgress]",
    on_read: Callable[[], None],
) -> tuple[DistributionStatus, ...]:
    """List the invalidations of each distribution; `list_in_progress` raises PurgemapError."""
    statuses = []
    for distribution in distributions:
        try:
            statuses.append(DistributionStatus(distribution, list_in_progress(distribution)))
        except PurgemapError as error:
            statuses.append(DistributionStatus(distribution, None, str(error)))
        on_read()
    return tuple(statuses)
