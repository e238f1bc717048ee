"""The requests of one job, sent one after another: the accepted items, and those still unsent."""

import hashlib
from collections.abc import Iterable

from purgemap.delivery.outcomes import Accepted, FailureKind, InvalidationError
from purgemap.jobs import Job
from purgemap.planning import Request, drop_covered, drop_nested, is_wildcard

# An InvalidArgument error names no path. Bisecting 64 items, and trying the fallback of the invalid one, takes 8 calls.
# Larger requests are split into pieces of 64 first, so that each invocation makes progress.
MAX_SEARCH_CALLS = 8
MAX_ITEMS_TO_BISECT = 64

Items = dict[str, str | None]


class Attempt:
    """The state of sending one job.

    `requests` are those left to send, None before the job is planned. If CloudFront rejects a request as invalid, its
    pieces are sent instead, down to the single invalid items. A wildcard for its scope replaces an invalid item, if
    CloudFront accepts that.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.error: InvalidationError | None = None
        self.blocked_reason = ""
        self.requests: list[Request] | None = None
        self.made_progress = False
        self.search_calls_left = MAX_SEARCH_CALLS
        self._accepted_items: set[str] = set()
        self._invalid_items: set[str] = set()
        self._replaced_by_fallback: dict[Request, set[str]] = {}
        self._is_searching = False

    def has_more_requests(self) -> bool:
        """Return whether requests are left to send, and nothing has stopped the attempt."""
        if self.error or self.blocked_reason:
            return False
        return bool(self.job.scopes if self.requests is None else self.requests)

    def next_request(self) -> Request:
        """Remove the next request from those that are left, and return it."""
        if self.requests is None:
            raise TypeError("an attempt has no requests before it is planned")
        if self._is_searching:
            self.search_calls_left -= 1
        return self.requests.pop(0)

    def accept(self, items: Request, reference: str, invalidation: str) -> Accepted:
        """Record that CloudFront accepted a request."""
        self.made_progress = True
        self._accepted_items.update(items)
        replaced = self._replaced_by_fallback.get(items, ())
        wildcards = sum(map(is_wildcard, items))
        return Accepted(self.job, items, reference, invalidation, tuple(sorted(replaced)), wildcards)

    def fail(self, items: Request, error: InvalidationError) -> None:
        """Record an error: it stops the attempt, unless invalid items can be searched for with the calls left."""
        if error.kind is FailureKind.INVALID_ARGUMENT:
            self._is_searching = True
            self.requests = [*self._smaller_requests(items), *(self.requests or ())]
            if self.search_calls_left > 0 or not self.requests:
                return
        self.error = error

    def _smaller_requests(self, items: Request) -> list[Request]:
        """Return the pieces of an invalid request, or the fallback of its only item, if it has one."""
        if items in self._replaced_by_fallback:
            self._invalid_items |= self._replaced_by_fallback[items]
            return []
        if len(items) > 1:
            size = min((len(items) + 1) // 2, MAX_ITEMS_TO_BISECT)
            return [items[start : start + size] for start in range(0, len(items), size)]
        item, scope = items[0], self.job.scopes.get(items[0])
        if scope is None or item.startswith("#") or item.endswith("*"):
            self._invalid_items.add(item)
            return []
        fallback = (scope, f"{scope}*")
        is_new = fallback not in self._replaced_by_fallback
        self._replaced_by_fallback.setdefault(fallback, set()).add(item)
        return [fallback] if is_new else []

    def unsent_items(self) -> tuple[Items, Items]:
        """Return the items that CloudFront will never accept, and those that must be retried, with their scopes."""
        scopes = self.job.scopes
        uncovered = [item for item in scopes if item not in self._accepted_items]
        if not uncovered:
            return {}, {}
        wildcards = drop_nested(item[:-1] for item in self._accepted_items if is_wildcard(item))
        uncovered = drop_covered(sorted(uncovered), wildcards)
        all_tried = not self.error and not self.blocked_reason
        invalid = {item: scopes[item] for item in uncovered if all_tried or item in self._invalid_items}
        return invalid, {item: scopes[item] for item in uncovered if item not in invalid}


def caller_reference(job: Job, items: Iterable[str]) -> str:
    """Return the reference by which CloudFront recognises a repeated request, which it bills once.

    It depends on the job's deliveries and the items. A later change of the same object is another delivery, so it is
    another request. The digest of a job stays the same when the job is deferred.
    """
    digest = hashlib.sha256()
    for part in (job.distribution, *items, "", job.digest):
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()
