"""Orders → outcomes: one account's calls one after another, accounts side by side."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from purgemap.delivery.attempt import Attempt, caller_reference
from purgemap.delivery.daily_budget import Admitted, DailyBudgets, Requests
from purgemap.delivery.outcomes import Accepted, CloudFront, Deferred, Outcome, Refusal, RefusedError, Rejected
from purgemap.delivery.pace import Pace, Turns
from purgemap.delivery.refusing import after_refusal
from purgemap.jobs import Job
from purgemap.planning import Listing, deal, is_wildcard, plan, tightened
from purgemap.routes.table import Distribution

# Each of them mostly waits, for its answer or its turn.
_MOST_ACCOUNTS_AT_ONCE = 64


class Order(NamedTuple):
    """A job and the distribution that it is for; some of it may have been deferred before."""

    job: Job
    distribution: Distribution
    was_deferred: bool = False


Listings = Mapping[str, Listing]


def defer_new(orders: Iterable[Order], pace: Pace) -> list[Deferred]:
    """Defer an account's new jobs where there are more of them than quick calls.

    More changes of the same deploy may be on their way, and would take a second call to each of its distributions.
    """
    return [
        Deferred(order.job, pace.delay_of_turn(place), "more distributions changed at once than take quick calls")
        for account in _by_account(orders)
        if _are_new(account) and len(account) > pace.quick_calls(after_others=False)
        for place, order in enumerate(account)
    ]


def deliver(
    orders: Iterable[Order],
    cloudfront: CloudFront,
    pace: Pace,
    listings: Listings | None = None,
    budgets: DailyBudgets | None = None,
) -> list[Outcome]:
    """Send jobs: one account's after one another, since the rate is an account's; accounts side by side.

    `listings` holds what is known of the sites, by distribution. Without `budgets` a day has no ceiling.
    """
    accounts = [_Account(cloudfront, pace, each, listings or {}, budgets) for each in _by_account(orders)]
    if len(accounts) <= 1:
        return [outcome for account in accounts for outcome in account.deliver()]
    with ThreadPoolExecutor(max_workers=min(len(accounts), _MOST_ACCOUNTS_AT_ONCE)) as pool:
        return [outcome for outcomes in pool.map(_Account.deliver, accounts) for outcome in outcomes]


def _by_account(orders: Iterable[Order]) -> Collection[list[Order]]:
    """Group orders by account, those with the oldest changes first."""
    orders_by_account: dict[str, list[Order]] = {}
    for order in sorted(orders, key=lambda order: (order.job.oldest, order.job.distribution)):
        orders_by_account.setdefault(order.distribution.account, []).append(order)
    return orders_by_account.values()


def _are_new(orders: Iterable[Order]) -> bool:
    return not any(order.was_deferred for order in orders)


class _Account:
    """One account's share of a batch: its orders, and the turns of its calls."""

    def __init__(
        self,
        cloudfront: CloudFront,
        pace: Pace,
        orders: Sequence[Order],
        listings: Listings,
        budgets: DailyBudgets | None,
    ) -> None:
        self._cloudfront = cloudfront
        self._listings = listings
        self._budgets = budgets
        self._pace = pace
        self._orders = orders
        self._turns = Turns(pace, pace.quick_calls(after_others=not _are_new(orders)))
        self._deferred = 0
        self._is_throttled = False

    def deliver(self) -> list[Outcome]:
        return [outcome for order in self._orders for outcome in self._send(order)]

    def _send(self, order: Order) -> Iterator[Outcome]:
        admitted = self._admit(order)
        if isinstance(admitted, Deferred):
            yield admitted
            return
        attempt = Attempt(*admitted)
        while attempt.goes_on:
            if self._may_call(attempt):
                yield from self._call(attempt, order.distribution)
        yield from self._remains(attempt)

    def _admit(self, order: Order) -> Admitted | Deferred:
        job, distribution = order.job, order.distribution

        def plan_within(job: Job, max_paths: int) -> Requests:
            return self._requests(job, max_paths, distribution.max_wildcards)

        budgets = self._budgets if distribution.max_paths_per_day else None
        # What makes no call in this batch reads no history, either.
        if not budgets or self._is_throttled or not self._turns.has_time(continues_job=False):
            return Admitted(job, lambda: plan_within(job, distribution.max_paths))
        return budgets.admit(job, distribution, plan_within, self._pace)

    def _requests(self, job: Job, max_paths: int, max_wildcards: int) -> Requests:
        paths, wildcards = tightened(max_paths, max_wildcards, job.rung)
        if len(job.scopes) <= max_paths and sum(map(is_wildcard, job.scopes)) <= max_wildcards:
            # A few edits never evict a site: refused as one request, they go as several smaller ones.
            return [each.items for each in deal(job.scopes, max_paths=paths, max_wildcards=wildcards)]
        listing = self._listings.get(job.distribution)
        return [each.items for each in plan(job.scopes, max_paths=paths, max_wildcards=wildcards, listing=listing)]

    def _may_call(self, attempt: Attempt) -> bool:
        """Whether the next call may start, once it is planned."""
        attempt.deferred_for = self._why_no_call(attempt)
        if not attempt.deferred_for:
            attempt.plan_requests()
            attempt.deferred_for = self._why_no_call(attempt)  # A plan of many items takes seconds.
        return not attempt.deferred_for

    def _why_no_call(self, attempt: Attempt) -> str:
        """Say what keeps the next call from starting; "" for nothing."""
        if not self._turns.has_time(continues_job=attempt.got_on):
            return "the function's time runs out"
        if attempt.search.calls_left <= 0:
            return "the search for the items that CloudFront refuses goes on"
        return "the account is throttled" if self._is_throttled else ""

    def _call(self, attempt: Attempt, distribution: Distribution) -> Iterator[Accepted]:
        items = attempt.next_request()
        reference = caller_reference(attempt.job, items)
        self._turns.wait(continues_job=attempt.got_on)
        sent = self._pace.now()
        try:
            invalidation = self._cloudfront.create_invalidation(distribution, items, reference)
        except RefusedError as error:
            attempt.refuse(items, error)
        else:
            if self._budgets:
                self._budgets.record(distribution, invalidation, items, sent)
            yield attempt.accept(items, reference, invalidation)

    def _remains(self, attempt: Attempt) -> Iterator[Deferred | Rejected]:
        """Say what becomes of what CloudFront didn't take."""
        hopeless, rest = attempt.remains()
        if hopeless:
            job = attempt.job._replace(scopes=hopeless)
            yield Rejected(job, "InvalidArgument: CloudFront takes none of these items")
        if rest:
            yield self._again(attempt, attempt.job._replace(scopes=rest))

    def _again(self, attempt: Attempt, rest: Job) -> Deferred | Rejected:
        if attempt.refused is None:
            delay = self._pace.delay_of_turn(self._deferred)
            self._deferred += 1
            return Deferred(rest, delay, attempt.deferred_for)
        if attempt.refused.refusal is Refusal.THROTTLED:
            self._is_throttled = True
        return after_refusal(rest, attempt.refused, self._pace.now(), got_on=attempt.got_on)
