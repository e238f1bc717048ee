"""Jobs → what became of them: accepted by CloudFront, deferred to a later batch, or rejected for good."""

import hashlib
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import NamedTuple, Protocol

from purgemap.errors import PurgemapError
from purgemap.jobs import Job
from purgemap.planning import Listing, plan, tightened
from purgemap.planning.cover import outermost, uncovered
from purgemap.routes.table import Distribution
from purgemap.slots import MAX_DELAY, delay_to_slot

# CloudFront throttles an account after six to fifteen calls in a row, at about one call every two seconds:
# https://github.com/aws/aws-sdk-js/issues/3983. So the first calls of a batch go at once and the others at that rate.
QUICK_CALLS = 10
DEFAULT_CALLS_PER_SECOND = 0.5

# Where others came shortly before, CloudFront has saved up what its rate gives while a batch is collected, but no more
# than this: the other function at work has some of it.
MOST_QUICK_CALLS_AFTER_OTHERS = 5
SECONDS_TO_COLLECT_A_BATCH = 10

# What only waits for its turn comes back with the next batch, where it meets whatever else waits by then: what several
# batches want of one distribution goes as one call, and mostly one function makes the account's calls. Of more jobs
# than this the others come when their turn can have come: to send each of ten thousand again and again costs more.
SECONDS_UNTIL_THE_NEXT_BATCH = 1
MOST_JOBS_OF_THE_NEXT_BATCH = 1_000

# Each of them mostly waits, for its answer or its turn.
_MOST_ACCOUNTS_AT_ONCE = 64

# A call may take two attempts of ten seconds; what is left of the function's time then has to do for deferring.
SECONDS_TO_START_A_CALL = 30

# An InvalidArgument names no path; halving finds one among 64, and tries what may stand for it, in as many calls. So a
# larger request is first cut into pieces of that size: every search gets on, however many items a map lets go at once.
CALLS_TO_BISECT = 8
ITEMS_TO_BISECT = 64

# Rights lag behind a deployment; after that a denial is a mistake that no waiting mends.
SECONDS_UNTIL_DENIED_FOR_GOOD = 15 * 60
SECONDS_UNTIL_GIVING_UP = 6 * 3600

# An event may be old when it is first seen (after an outage, or redriven): it is still tried some times.
REFUSALS_BEFORE_GIVING_UP = 3

# The rate is no fault of the job's size, until it keeps being one.
THROTTLES_BEFORE_TIGHTENING = 3


class Refusal(Enum):
    """Why CloudFront, or the way to it, did not take an invalidation."""

    FULL = "full"
    THROTTLED = "throttled"
    FAILING = "failing"
    DENIED = "denied"
    GONE = "gone"
    INVALID = "invalid"


class RefusedError(PurgemapError):
    """An invalidation was not taken; the message is AWS's code and words."""

    def __init__(self, refusal: Refusal, message: str) -> None:
        super().__init__(message)
        self.refusal = refusal


class CloudFront(Protocol):
    """The one call that is made, whatever account or kind of distribution it concerns."""

    def create_invalidation(self, distribution: Distribution, items: tuple[str, ...], caller_reference: str) -> str:
        """Ask for an invalidation and return its id; raises RefusedError."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """CloudFront took these items of a job under this id; `stands_for` are refused ones in whose place they went."""

    job: Job
    items: tuple[str, ...]
    caller_reference: str
    id: str
    stands_for: tuple[str, ...] = ()

    @property
    def wildcards(self) -> int:
        """How many of the items count against CloudFront's quota of wildcards."""
        return sum(item.endswith("*") for item in self.items)


@dataclass(frozen=True, slots=True)
class Deferred:
    """The job has to go again, after a delay in seconds."""

    job: Job
    delay: int
    reason: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """No retry can help the job until somebody repairs what the reason names."""

    job: Job
    reason: str


Outcome = Accepted | Deferred | Rejected


@dataclass(frozen=True, slots=True)
class Pace:
    """What bounds a batch: the time of now, the seconds that are left, and the rate of calls that an account takes."""

    now: Callable[[], float]
    seconds_left: Callable[[], float]
    calls_per_second: float = DEFAULT_CALLS_PER_SECOND
    sleep: Callable[[float], None] = time.sleep

    @property
    def quick_calls_after_others(self) -> int:
        """How many calls an account takes at once when others came shortly before."""
        return min(MOST_QUICK_CALLS_AFTER_OTHERS, int(self.calls_per_second * SECONDS_TO_COLLECT_A_BATCH))

    def delay_of_turn(self, place: int) -> int:
        """Return the seconds after which a job may come back, as so many of its account wait before it."""
        seconds = (place - MOST_JOBS_OF_THE_NEXT_BATCH) / self.calls_per_second
        return int(min(max(seconds, SECONDS_UNTIL_THE_NEXT_BATCH), MAX_DELAY))


def caller_reference(job: Job, items: Iterable[str]) -> str:
    """Identify a request: the same deliveries asking for the same again are the same request to CloudFront.

    A later change of the same object comes in another delivery, so it is a new one. The job's digest stands for its
    deliveries, so that a batch which comes again after its deferred job was accepted is not billed twice.
    """
    digest = hashlib.sha256()
    for part in (job.distribution, *items, "", job.digest):
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()


class Order(NamedTuple):
    """A job and the distribution that it is for; some of it may have been deferred before."""

    job: Job
    distribution: Distribution
    was_deferred: bool = False


Listings = Mapping[str, Listing]


def deliver(
    orders: Iterable[Order],
    cloudfront: CloudFront,
    pace: Pace,
    listings: Listings | None = None,
) -> list[Outcome]:
    """Send jobs: one account's after one another, since the rate is an account's; accounts side by side.

    `listings` holds what is known of the sites, by distribution.
    """
    accounts = [_Account(cloudfront, pace, each, listings or {}) for each in _by_account(orders)]
    if len(accounts) <= 1:
        return [outcome for account in accounts for outcome in account.deliver()]
    with ThreadPoolExecutor(max_workers=min(len(accounts), _MOST_ACCOUNTS_AT_ONCE)) as pool:
        return [outcome for outcomes in pool.map(_Account.deliver, accounts) for outcome in outcomes]


def put_off(orders: Iterable[Order], pace: Pace) -> list[Deferred]:
    """Put an account's new jobs off where there are more of them than quick calls.

    More changes of the same deploy may be on their way, and would take a second call to each of its distributions.
    """
    return [
        Deferred(order.job, pace.delay_of_turn(place), "more distributions changed at once than take quick calls")
        for account in _by_account(orders)
        if len(account) > QUICK_CALLS and not any(order.was_deferred for order in account)
        for place, order in enumerate(account)
    ]


def _by_account(orders: Iterable[Order]) -> Collection[list[Order]]:
    """Group orders by account, those that wait longest first."""
    orders_by_account: dict[str, list[Order]] = {}
    for order in sorted(orders, key=lambda order: (order.job.oldest, order.job.distribution)):
        orders_by_account.setdefault(order.distribution.account, []).append(order)
    return orders_by_account.values()


class _Account:
    """One account's share of a batch: its jobs, and the calls that it may still make."""

    def __init__(self, cloudfront: CloudFront, pace: Pace, orders: Sequence[Order], listings: Listings) -> None:
        self._cloudfront = cloudfront
        self._listings = listings
        self._pace = pace
        self._orders = orders
        are_new = not any(order.was_deferred for order in orders)
        self._quick_calls = QUICK_CALLS if are_new else pace.quick_calls_after_others
        self._waiting = 0
        self._next_call = 0.0
        self._is_throttled = False

    def deliver(self) -> list[Outcome]:
        return [outcome for order in self._orders for outcome in self._send(order)]

    def _send(self, order: Order) -> Iterator[Outcome]:
        attempt = _Attempt(order.job)
        yield from self._attempt(attempt, order.distribution)
        yield from self._remains(attempt)

    def _attempt(self, attempt: "_Attempt", distribution: Distribution) -> Iterator[Accepted]:
        """Send an attempt's requests until one is refused for good or for now."""
        while attempt.refused is None and attempt.has_more:
            attempt.waits_for = self._waits_for(attempt)
            if attempt.waits_for:
                return
            if attempt.waiting is None:
                attempt.waiting = self._requests(attempt.job, distribution)
            self._keep_to_the_rate()
            attempt.trials -= attempt.is_bisecting
            items = attempt.waiting.pop(0)
            reference = caller_reference(attempt.job, items)
            try:
                accepted = self._cloudfront.create_invalidation(distribution, items, reference)
            except RefusedError as error:
                attempt.note_refusal(items, error)
                continue
            attempt.sent.append(items)
            yield Accepted(attempt.job, items, reference, accepted, tuple(sorted(attempt.stand_ins.get(items, ()))))

    def _requests(self, job: Job, distribution: Distribution) -> list[tuple[str, ...]]:
        paths, wildcards = tightened(distribution.max_paths, distribution.max_wildcards, job.rung)
        listing = self._listings.get(job.distribution)
        return [each.items for each in plan(job.scopes, max_paths=paths, max_wildcards=wildcards, listing=listing)]

    def _keep_to_the_rate(self) -> None:
        """Wait for the next call's turn."""
        self._pace.sleep(self._seconds_to_next_call())
        self._quick_calls -= 1
        self._next_call = self._pace.now() + 1 / self._pace.calls_per_second

    def _seconds_to_next_call(self) -> float:
        return 0.0 if self._quick_calls > 0 else max(0.0, self._next_call - self._pace.now())

    def _waits_for(self, attempt: "_Attempt") -> str:
        """Say what keeps the next call from starting; "" for nothing."""
        if self._pace.seconds_left() - self._seconds_to_next_call() < SECONDS_TO_START_A_CALL:
            return "the function's time runs out"
        if attempt.trials <= 0:
            return "the search for the items that CloudFront refuses goes on"
        return "the account is throttled" if self._is_throttled else ""

    def _remains(self, attempt: "_Attempt") -> Iterator[Outcome]:
        """Say what becomes of what CloudFront didn't take."""
        job, refused = attempt.job, attempt.refused
        left = untold(job.scopes, (item for items in attempt.sent for item in items))
        all_tried = refused is None and not attempt.waits_for
        hopeless = {item: job.scopes[item] for item in left if all_tried or item in attempt.hopeless}
        if hopeless:
            yield Rejected(replace(job, scopes=hopeless), "InvalidArgument: CloudFront takes none of these items")
        rest = replace(job, scopes={item: job.scopes[item] for item in left if item not in hopeless})
        if not rest.scopes:
            return
        if refused is None:
            yield Deferred(rest, self._pace.delay_of_turn(self._waiting), attempt.waits_for)
            self._waiting += 1
            return
        if refused.refusal is Refusal.THROTTLED:
            self._is_throttled = True
        why_hopeless = _why_hopeless(rest, refused, self._pace.now())
        if why_hopeless:
            yield Rejected(rest, why_hopeless)
        else:
            # What got on is not stuck: it needn't wait as long as before.
            pressed = pressed_by(replace(rest, refusals=0) if attempt.sent else rest, refused.refusal)
            delay = delay_to_slot(pressed.distribution, self._pace.now(), refusals=pressed.refusals)
            yield Deferred(pressed, delay, str(refused))


@dataclass(slots=True)
class _Attempt:
    """How far the sending of one job has come."""

    job: Job
    waiting: list[tuple[str, ...]] | None = None  # the requests to make; None until there is a call to make them with
    sent: list[tuple[str, ...]] = field(default_factory=list)
    hopeless: set[str] = field(default_factory=set)
    stand_ins: dict[tuple[str, ...], set[str]] = field(default_factory=dict)
    is_bisecting: bool = False
    trials: int = CALLS_TO_BISECT
    refused: RefusedError | None = None
    waits_for: str = ""

    @property
    def has_more(self) -> bool:
        """Whether there is a request left to make."""
        return bool(self.job.scopes if self.waiting is None else self.waiting)

    def note_refusal(self, items: tuple[str, ...], error: RefusedError) -> None:
        """Stop at a refusal, unless single items may be at fault: then look for them, as long as trials are left."""
        is_invalid = error.refusal is Refusal.INVALID
        if is_invalid:
            self.is_bisecting = True
            self.waiting = [*self._smaller(items), *(self.waiting or ())]
        if not is_invalid or (self.waiting and self.trials <= 0):
            self.refused = error

    def _smaller(self, items: tuple[str, ...]) -> list[tuple[str, ...]]:
        """Return a request's pieces, or what may stand for its only item: its scope's wildcard, else nothing."""
        if items in self.stand_ins:
            self.hopeless |= self.stand_ins[items]
            return []
        if len(items) > 1:
            size = min((len(items) + 1) // 2, ITEMS_TO_BISECT)
            return [items[start : start + size] for start in range(0, len(items), size)]
        scope = self.job.scopes.get(items[0])
        if scope is None or items[0].endswith("*"):
            self.hopeless |= set(items)
            return []
        stand_in = (scope, f"{scope}*")
        is_new = stand_in not in self.stand_ins
        self.stand_ins.setdefault(stand_in, set()).update(items)
        return [stand_in] if is_new else []


def untold(wanted: Iterable[str], told: Iterable[str]) -> list[str]:
    """Return those of the wanted items that the told ones, and the wildcards among them, leave.

    A tag that ends in `*` is no wildcard.
    """
    told = set(told)
    stems = outermost(item[:-1] for item in told if item.startswith("/") and item.endswith("*"))
    return uncovered(sorted(item for item in wanted if item not in told), stems)


def pressed_by(job: Job, refusal: Refusal) -> Job:
    """Return the job after a refusal: it waits longer, and where its size may be to blame it asks for less."""
    throttled = job.throttled + (refusal is Refusal.THROTTLED)
    tightens = refusal is Refusal.FULL or (refusal is Refusal.THROTTLED and throttled > THROTTLES_BEFORE_TIGHTENING)
    return replace(job, refusals=job.refusals + 1, throttled=throttled, rung=job.rung + tightens)


def _why_hopeless(job: Job, refused: RefusedError, now: float) -> str:
    age = now - job.oldest
    if refused.refusal is Refusal.GONE:
        return str(refused)
    if refused.refusal is Refusal.DENIED and age >= SECONDS_UNTIL_DENIED_FOR_GOOD:
        return str(refused)
    if age >= SECONDS_UNTIL_GIVING_UP and job.refusals >= REFUSALS_BEFORE_GIVING_UP:
        return f"gave-up after {job.refusals + 1} refusals, the last: {refused}"
    return ""
