"""Orders → outcomes: one account's calls one after another, accounts side by side."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from purgemap.delivery.attempt import Attempt, caller_reference
from purgemap.delivery.daily_budget import Admitted, DailyBudgets, Requests
from purgemap.delivery.outcomes import Accepted, CloudFront, Deferred, FailureKind, InvalidationError, Outcome, Rejected
from purgemap.delivery.rate_limit import CallScheduler, RateLimit
from purgemap.delivery.retry_policy import decide_retry
from purgemap.jobs import Job
from purgemap.planning import Listing, deal, is_wildcard, plan, reduced_budget
from purgemap.routemap import Distribution

# Each of them mostly waits, for its answer or its turn.
_MOST_ACCOUNTS_AT_ONCE = 64


class PendingJob(NamedTuple):
    """A job and the distribution that it is for; some of it may have been deferred before."""

    job: Job
    distribution: Distribution
    is_retry: bool = False


Listings = Mapping[str, Listing]


def defer_excess(orders: Iterable[PendingJob], rate_limit: RateLimit) -> list[Deferred]:
    """Defer an account's new jobs where there are more of them than quick calls.

    More changes of the same deploy may be on their way, and would take a second call to each of its distributions.
    """
    return [
        Deferred(order.job, rate_limit.requeue_delay(place), "more distributions changed at once than take quick calls")
        for account in _by_account(orders)
        if _has_no_retries(account) and len(account) > rate_limit.burst_size(recently_used=False)
        for place, order in enumerate(account)
    ]


def deliver(
    orders: Iterable[PendingJob],
    cloudfront: CloudFront,
    rate_limit: RateLimit,
    listings: Listings | None = None,
    budgets: DailyBudgets | None = None,
) -> list[Outcome]:
    """Send jobs: one account's after one another, since the rate is an account's; accounts side by side.

    `listings` holds what is known of the sites, by distribution. Without `budgets` a day has no ceiling.
    """
    accounts = [_AccountSender(cloudfront, rate_limit, each, listings or {}, budgets) for each in _by_account(orders)]
    if len(accounts) <= 1:
        return [outcome for account in accounts for outcome in account.deliver()]
    with ThreadPoolExecutor(max_workers=min(len(accounts), _MOST_ACCOUNTS_AT_ONCE)) as pool:
        return [outcome for outcomes in pool.map(_AccountSender.deliver, accounts) for outcome in outcomes]


def _by_account(orders: Iterable[PendingJob]) -> Collection[list[PendingJob]]:
    """Group orders by account, those with the oldest changes first."""
    orders_by_account: dict[str, list[PendingJob]] = {}
    for order in sorted(orders, key=lambda order: (order.job.oldest_event_time, order.job.distribution)):
        orders_by_account.setdefault(order.distribution.account, []).append(order)
    return orders_by_account.values()


def _has_no_retries(orders: Iterable[PendingJob]) -> bool:
    return not any(order.is_retry for order in orders)


class _AccountSender:
    """One account's share of a batch: its orders, and the turns of its calls."""

    def __init__(
        self,
        cloudfront: CloudFront,
        rate_limit: RateLimit,
        orders: Sequence[PendingJob],
        listings: Listings,
        budgets: DailyBudgets | None,
    ) -> None:
        self._cloudfront = cloudfront
        self._listings = listings
        self._budgets = budgets
        self._pace = rate_limit
        self._orders = orders
        self._turns = CallScheduler(rate_limit, rate_limit.burst_size(recently_used=not _has_no_retries(orders)))
        self._deferred = 0
        self._is_throttled = False

    def deliver(self) -> list[Outcome]:
        return [outcome for order in self._orders for outcome in self._send(order)]

    def _send(self, order: PendingJob) -> Iterator[Outcome]:
        admitted = self._admit(order)
        if isinstance(admitted, Deferred):
            yield admitted
            return
        attempt = Attempt(*admitted)
        while attempt.has_more_requests:
            if self._may_call(attempt):
                yield from self._call(attempt, order.distribution)
        yield from self._remains(attempt)

    def _admit(self, order: PendingJob) -> Admitted | Deferred:
        job, distribution = order.job, order.distribution

        def plan_within(job: Job, max_paths: int) -> Requests:
            return self._requests(job, max_paths, distribution.max_wildcards)

        budgets = self._budgets if distribution.max_paths_per_day else None
        # What makes no call in this batch reads no history, either.
        if not budgets or self._is_throttled or not self._turns.has_time(continues_job=False):
            return Admitted(job, lambda: plan_within(job, distribution.max_paths))
        return budgets.admit(job, distribution, plan_within, self._pace)

    def _requests(self, job: Job, max_paths: int, max_wildcards: int) -> Requests:
        paths, wildcards = reduced_budget(max_paths, max_wildcards, job.budget_level)
        if len(job.scopes) <= max_paths and sum(map(is_wildcard, job.scopes)) <= max_wildcards:
            # A few edits never evict a site: refused as one request, they go as several smaller ones.
            return [each.items for each in deal(job.scopes, max_paths=paths, max_wildcards=wildcards)]
        listing = self._listings.get(job.distribution)
        return [each.items for each in plan(job.scopes, max_paths=paths, max_wildcards=wildcards, listing=listing)]

    def _may_call(self, attempt: Attempt) -> bool:
        """Whether the next call may start, once it is planned."""
        attempt.deferred_for = self._blocked_reason(attempt)
        if not attempt.deferred_for:
            attempt.plan_requests()
            attempt.deferred_for = self._blocked_reason(attempt)  # A plan of many items takes seconds.
        return not attempt.deferred_for

    def _blocked_reason(self, attempt: Attempt) -> str:
        """Say what keeps the next call from starting; "" for nothing."""
        if not self._turns.has_time(continues_job=attempt.made_progress):
            return "the function's time runs out"
        if attempt.search.calls_left <= 0:
            return "the search for the items that CloudFront refuses goes on"
        return "the account is throttled" if self._is_throttled else ""

    def _call(self, attempt: Attempt, distribution: Distribution) -> Iterator[Accepted]:
        items = attempt.next_request()
        reference = caller_reference(attempt.job, items)
        self._turns.wait(continues_job=attempt.made_progress)
        sent = self._pace.now()
        try:
            invalidation = self._cloudfront.create_invalidation(distribution, items, reference)
        except InvalidationError as error:
            attempt.refuse(items, error)
        else:
            if self._budgets:
                self._budgets.record(distribution, invalidation, items, sent)
            yield attempt.accept(items, reference, invalidation)

    def _remains(self, attempt: Attempt) -> Iterator[Deferred | Rejected]:
        """Say what becomes of what CloudFront didn't take."""
        invalid_items, rest = attempt.remains()
        if invalid_items:
            job = attempt.job._replace(scopes=invalid_items)
            yield Rejected(job, "InvalidArgument: CloudFront takes none of these items")
        if rest:
            yield self._retry_or_reject(attempt, attempt.job._replace(scopes=rest))

    def _retry_or_reject(self, attempt: Attempt, rest: Job) -> Deferred | Rejected:
        if attempt.refused is None:
            delay = self._pace.requeue_delay(self._deferred)
            self._deferred += 1
            return Deferred(rest, delay, attempt.deferred_for)
        if attempt.refused.refusal is FailureKind.THROTTLED:
            self._is_throttled = True
        return decide_retry(rest, attempt.refused, self._pace.now(), made_progress=attempt.made_progress)
