"""Queues, dead letters and invalidations as they are now → one summary."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from purgemap.aws.monitoring import InvalidationProgress, QueueDepth
from purgemap.errors import PurgemapError
from purgemap.operations.dead_letter_scan import DeadLetterQueue, DeadLetterScan
from purgemap.operations.dead_letters import DeadLetterSource, affected_distributions, classify_dead_letter
from purgemap.routemap import Distribution
from purgemap.routing import Router

# Enough to see what is the matter, few enough to be shown to others again after seconds.
LETTERS_LOOKED_AT = 200


class WatchedQueue(Protocol):
    """What is asked of a queue; both raise PurgemapError."""

    @property
    def url(self) -> str:
        """Where it is."""

    def depth(self) -> QueueDepth:
        """Count its messages."""

    def age_of_oldest(self) -> float | None:
        """Tell the seconds for which its oldest message has been there, None if that isn't known."""


class WatchedInbox(WatchedQueue, DeadLetterQueue, Protocol):
    """A queue whose letters can be looked at without counting against them."""


class Invalidations(Protocol):
    """The one question that is asked of CloudFront."""

    def in_progress(self, distribution: Distribution) -> InvalidationProgress:
        """List what a distribution is still working at; raises PurgemapError."""


class QueueStatus(NamedTuple):
    """A queue, and the age of its oldest message in seconds, None if that isn't known."""

    url: str
    depth: QueueDepth
    oldest_seconds: float | None


class Reason(NamedTuple):
    """Why letters are dead, how many of those looked at, and the ids of the distributions that they are for."""

    kind: DeadLetterSource
    reason: str
    letters: int
    distributions: tuple[str, ...]


class DeadLetterStatus(NamedTuple):
    """The dead-letter queue, and why the letters that were looked at are there, the most frequent reason first."""

    queue: QueueStatus
    looked_at: int
    reasons: tuple[Reason, ...]

    @property
    def is_sample(self) -> bool:
        """Whether there are more letters than were looked at."""
        return self.looked_at < self.queue.depth.total


class DistributionStatus(NamedTuple):
    """A distribution and its invalidations in progress, or why they can't be read."""

    distribution: Distribution
    progress: InvalidationProgress | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """Everything that could be read; `problems` says, a line each, what of the queues could not.

    `oldest_change_seconds` is the age of the oldest change that CloudFront refused, None if nothing waits.
    """

    queue: QueueStatus | None
    oldest_change_seconds: float | None
    dead_letters: DeadLetterStatus | None
    distributions: tuple[DistributionStatus, ...]
    problems: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether everything could be read."""
        return not self.problems and not any(each.error for each in self.distributions)


def read_queue(queue: WatchedQueue, problems: list[str]) -> QueueStatus | None:
    """Read a queue whose messages must not be looked at; adds to `problems` what can't be read."""
    try:
        depth = queue.depth()
    except PurgemapError as error:
        problems.append(str(error))
        return None
    if not depth.total:
        return QueueStatus(queue.url, depth, None)
    try:
        return QueueStatus(queue.url, depth, queue.age_of_oldest())
    except PurgemapError as error:
        problems.append(str(error))
        return QueueStatus(queue.url, depth, None)


def read_waiting(
    queue: QueueStatus | None, read_oldest_change: Callable[[], float | None], problems: list[str]
) -> float | None:
    """Read the age of the oldest refused change, if anything waits; adds to `problems` what can't be read."""
    if queue is None or not queue.depth.total:
        return None
    try:
        return read_oldest_change()
    except PurgemapError as error:
        problems.append(str(error))
        return None


def read_dead_letters(queue: WatchedInbox, router: Router, problems: list[str]) -> DeadLetterStatus | None:
    """Read the dead-letter queue and look at some of its letters; adds to `problems` what can't be read."""
    try:
        depth = queue.depth()
    except PurgemapError as error:
        problems.append(str(error))
        return None
    unseen = DeadLetterStatus(QueueStatus(queue.url, depth, None), 0, ())
    try:
        return _look(queue, depth, router) if depth.visible else unseen
    except PurgemapError as error:
        problems.append(str(error))
        return unseen


def _look(queue: WatchedInbox, depth: QueueDepth, router: Router) -> DeadLetterStatus:
    counts: Counter[tuple[DeadLetterSource, str]] = Counter()
    concerns: dict[tuple[DeadLetterSource, str], set[str]] = defaultdict(set)
    oldest = depth.time
    with DeadLetterScan(queue, until=float("inf")) as sweep:
        for letters in sweep:
            for dead_letter in (classify_dead_letter(letter, depth.time) for letter in letters):
                why = dead_letter.kind, dead_letter.reason
                counts[why] += 1
                concerns[why] |= affected_distributions(dead_letter, router)
                oldest = min(oldest, dead_letter.letter.sent)
            if counts.total() >= LETTERS_LOOKED_AT:
                break
    reasons = (Reason(*why, count, tuple(sorted(concerns[why]))) for why, count in counts.most_common())
    return DeadLetterStatus(QueueStatus(queue.url, depth, depth.time - oldest), counts.total(), tuple(reasons))


def read_distributions(
    distributions: Iterable[Distribution], invalidations: Invalidations, advance: Callable[[], None]
) -> tuple[DistributionStatus, ...]:
    """Ask each distribution; `advance` is called after each."""
    found = []
    for distribution in distributions:
        try:
            found.append(DistributionStatus(distribution, invalidations.in_progress(distribution)))
        except PurgemapError as error:
            found.append(DistributionStatus(distribution, None, str(error)))
        advance()
    return tuple(found)
