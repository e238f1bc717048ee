"""One job's requests, made one after another: what CloudFront took of it, and what is left."""

import hashlib
from collections.abc import Callable, Iterable

from purgemap.delivery.bisection import InvalidItemSearch
from purgemap.delivery.outcomes import Accepted, FailureKind, InvalidationError
from purgemap.jobs import Job
from purgemap.planning import drop_covered, drop_nested, is_wildcard


class Attempt:
    """How far the sending of one job has come; `plan` makes its requests once there is a call for the first."""

    def __init__(self, job: Job, plan: Callable[[], list[tuple[str, ...]]]) -> None:
        self.job = job
        self.search = InvalidItemSearch(job.scopes)
        self.refused: InvalidationError | None = None
        self.deferred_for = ""
        self._plan = plan
        self._requests: list[tuple[str, ...]] | None = None
        self._sent: list[tuple[str, ...]] = []

    @property
    def has_more_requests(self) -> bool:
        """Whether there is a request left to make, and nothing has stopped it."""
        is_stopped = self.refused is not None or self.deferred_for
        return not is_stopped and bool(self.job.scopes if self._requests is None else self._requests)

    @property
    def made_progress(self) -> bool:
        """Whether CloudFront took any of it."""
        return bool(self._sent)

    def plan_requests(self) -> list[tuple[str, ...]]:
        """Return the requests that are left to make, planned on first use."""
        if self._requests is None:
            self._requests = self._plan()
        return self._requests

    def next_request(self) -> tuple[str, ...]:
        """Return the items of the next request, which is sent."""
        self.search.count_call()
        return self.plan_requests().pop(0)

    def accept(self, items: tuple[str, ...], reference: str, invalidation: str) -> Accepted:
        """Note that CloudFront took a request."""
        self._sent.append(items)
        return Accepted(self.job, items, reference, invalidation, self.search.replaced_items(items))

    def refuse(self, items: tuple[str, ...], error: InvalidationError) -> None:
        """Stop at a refusal, unless single items may be at fault: then look for them, as long as calls are left."""
        is_invalid = error.refusal is FailureKind.INVALID
        if is_invalid:
            self._requests = [*self.search.smaller(items), *(self._requests or ())]
        if not is_invalid or (self._requests and self.search.calls_left <= 0):
            self.refused = error

    def remains(self) -> tuple[dict[str, str | None], dict[str, str | None]]:
        """Return what CloudFront never takes, and what has to go again: items with their scopes."""
        scopes = self.job.scopes
        left = _uncovered_items(scopes, (item for items in self._sent for item in items))
        all_tried = self.refused is None and not self.deferred_for
        invalid_items = {item: scopes[item] for item in left if all_tried or item in self.search.invalid_items}
        return invalid_items, {item: scopes[item] for item in left if item not in invalid_items}


def _uncovered_items(wanted: Iterable[str], told: Iterable[str]) -> list[str]:
    """Return those of the wanted items that the told ones, and the wildcards among them, leave."""
    told = set(told)
    stems = drop_nested(item[:-1] for item in told if is_wildcard(item))
    return drop_covered(sorted(item for item in wanted if item not in told), stems)


def caller_reference(job: Job, items: Iterable[str]) -> str:
    """Identify a request: the same deliveries asking for the same again are the same request to CloudFront.

    A later change of the same object comes in another delivery, so it is a new one. The job's digest stands for its
    deliveries, so that a batch which comes again after its deferred job was accepted is not billed twice.
    """
    digest = hashlib.sha256()
    for part in (job.distribution, *items, "", job.digest):
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()
