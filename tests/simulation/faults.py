"""The faults of a run and their times, drawn from the seed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any
from zlib import crc32

from purgemap.jobs import MAX_MESSAGE_BYTES
from simulation.timeline import Timeline
from support.doubles.cloudfront import Call, CloudFrontDouble, Fault, Rate, Settings
from support.doubles.cloudfront_settings import PATH_RATE, WILDCARD_RATE_WITHOUT_BURST


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultPlan:
    """The faults of a run; shares are of calls, deliveries or events, times are seconds after its start."""

    calm_after: float = 0.0  # the end of the faults
    kills: float = 0.0
    errors: float = 0.0
    cuts: float = 0.0
    slow: float = 0.0
    unsent: float = 0.0  # messages that SendMessageBatch names as failed
    refused: float = 0.0  # items for which CloudFront refuses the whole request
    message_bytes: int = MAX_MESSAGE_BYTES  # the limit of a job's message; a low limit splits jobs
    doubled: float = 0.0  # of events and of deliveries
    late: float = 0.0
    lateness: tuple[float, float] = (60.0, 3_000.0)
    malformed: float = 0.0
    full: tuple[tuple[str, float, float], ...] = ()  # distribution, since, until
    throttled: tuple[tuple[str, float, float], ...] = ()  # account, since, until
    denied_until: tuple[tuple[str, float], ...] = ()  # role, when its permissions are granted
    removed_at: tuple[tuple[str, float], ...] = ()  # distribution, when it is deleted
    seconds_per_change: float = 0.0  # that routing takes
    seconds_per_planned_item: float = 0.0
    busy: float = 0.0  # the share of routings and plans that take twenty times as long
    slow_sts: float = 0.0
    redeployed_at: tuple[float, ...] = ()
    window_seconds: float | None = None  # the batching window, if it is not the template's
    ledger_errors: float = 0.0  # of the calls to the ledger's table; some take effect all the same
    ledger_slow: float = 0.0
    mark_seconds: float = 0.0  # that each call with marks takes
    head_errors: float = 0.0
    unsequenced: float = 0.0  # of events


def draw_plan(rng: Random, distributions: list[str], accounts: list[str], roles: list[str]) -> FaultPlan:
    """Draw the faults; each run has some of them."""
    calm = rng.choice((120.0, 900.0, 3_600.0))

    def perhaps(share: float) -> float:
        return share if rng.random() < 0.5 else 0.0

    def spans(names: list[str], longest: float) -> tuple[tuple[str, float, float], ...]:
        begins = [(name, rng.uniform(0, calm / 2)) for name in names if rng.random() < 0.3]
        return tuple((name, begin, begin + rng.uniform(20, longest)) for name, begin in begins)

    removed = rng.choice(distributions) if rng.random() < 0.25 and len(distributions) > 1 else ""
    return FaultPlan(
        calm_after=calm,
        kills=perhaps(rng.choice((0.02, 0.1, 0.25))),
        errors=perhaps(rng.choice((0.05, 0.3))),
        cuts=perhaps(rng.choice((0.05, 0.3))),
        slow=perhaps(0.2),
        unsent=perhaps(0.2),
        refused=rng.choice((0.0, 0.0, 0.0, 0.01, 0.1)),
        message_bytes=rng.choice((MAX_MESSAGE_BYTES, MAX_MESSAGE_BYTES, 10_000)),
        doubled=perhaps(0.1),
        late=perhaps(0.1),
        malformed=perhaps(0.1),
        full=spans(distributions, 600),
        throttled=spans(accounts, 300),
        denied_until=tuple((role, rng.choice((60.0, 600.0, 3_000.0))) for role in roles if rng.random() < 0.3),
        removed_at=((removed, rng.uniform(0, 60)),) if removed else (),
    )


def draw_settings(rng: Random) -> Settings:
    """Draw CloudFront's quotas; a job needs at least ten paths and one wildcard."""
    return Settings(
        paths_in_progress=rng.choice((3_000, 3_000, 300, 30)),
        wildcards_in_progress=rng.choice((15, 15, 5, 1)),
        path_rate=Rate(150, rng.choice((150, 150, 40, 10))),
        wildcard_rate=Rate(1, rng.choice((15, 15, 3, 1))),
        rate_code=rng.choice(("TooManyInvalidationsInProgress", "Throttling")),
        call_rate=Rate(0.5, rng.choice((15, 10, 6))),
        seconds_to_complete=rng.choice((25.0, 60.0, 300.0)),
        conflict_code=rng.choice(("InvalidArgument", "InvalidationBatchAlreadyExists")),
    )


# Two tables of AWS disagree. Each is read strictly: the wildcard rate has no burst, and may count per account.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
# https://docs.aws.amazon.com/general/latest/gr/cf_region.html
QUOTAS: Mapping[str, Mapping[str, Any]] = {
    "drawn": {},
    "per-second": {
        "paths_in_progress": None,
        "wildcards_in_progress": None,
        "path_rate": PATH_RATE,
        "wildcard_rate": WILDCARD_RATE_WITHOUT_BURST,
    },
    "per-second-of-account": {
        "paths_in_progress": None,
        "wildcards_in_progress": None,
        "path_rate": PATH_RATE,
        "wildcard_rate": WILDCARD_RATE_WITHOUT_BURST,
        "rates_per": "account",
    },
    "in-progress": {
        "paths_in_progress": 3_000,
        "wildcards_in_progress": 15,
        "path_rate": None,
        "wildcard_rate": None,
    },
}


class Faults:
    """Applies a fault plan on a timeline."""

    def __init__(self, plan: FaultPlan, timeline: Timeline, rng: Random) -> None:
        self.plan = plan
        self.kills = 0
        self._timeline = timeline
        self._rng = rng
        self._start = timeline.clock()

    def occurs(self, share: float) -> bool:
        """Whether a fault of this probability occurs now."""
        return share > 0 and self._timeline.clock() < self._start + self.plan.calm_after and self._rng.random() < share

    def kill_perhaps(self) -> None:
        """Kill the function's process at the plan's probability; raises KilledError."""
        if self.occurs(self.plan.kills):
            self.kills += 1
            self._timeline.current.life.kill()

    def compute(self, seconds: float) -> None:
        """Spend a processor's time."""
        if seconds:
            self._timeline.sleep(seconds * (20 if self.occurs(self.plan.busy) else 1))

    def seconds_of_sts(self) -> float:
        """Draw the seconds of a response of STS; the client gives up after eight."""
        return self._rng.choice((7.9, 8.0, 8.0)) if self.occurs(self.plan.slow_sts) else 0.0

    def draw(self, count: int) -> int:
        """Draw a number below a count."""
        return self._rng.randrange(count)

    def refuses(self, items: Iterable[str]) -> bool:
        """Whether CloudFront refuses one of the items; the same items are always refused."""
        return any(crc32(item.encode()) % 1_000 < self.plan.refused * 1_000 for item in items)

    def seconds_to_calm(self) -> float:
        """Return the seconds until the last fault."""
        return max(0.0, self._start + self.plan.calm_after - self._timeline.clock())

    def set_up(self, double: CloudFrontDouble) -> None:
        """Add the faults of CloudFront to the double, and deny the roles that are granted later."""
        plan, start = self.plan, self._start
        for distribution, since, until in plan.full:
            double.faults.add(_span("TooManyInvalidationsInProgress", start + since, start + until, distribution))
        for account, since, until in plan.throttled:
            fault = _span("Throttling", start + since, start + until)
            double.faults.add(replace(fault, account=account))
        until = start + plan.calm_after
        double.faults.add(
            Fault(error="InvalidArgument", until=until, times=None, when=lambda call: self.refuses(call.items)),
            Fault(error="ServiceUnavailable", times=None, when=lambda _: self.occurs(plan.errors)),
            Fault(operation="List", error="Throttling", times=None, when=lambda _: self.occurs(plan.errors)),
            Fault(operation="Get", error="ServiceUnavailable", times=None, when=lambda _: self.occurs(plan.errors)),
            Fault(cut="after", times=None, when=lambda _: self.occurs(plan.cuts)),
            Fault(cut="before", times=None, when=lambda _: self.occurs(plan.cuts)),
            Fault(delay=7.9, times=None, when=lambda _: self.occurs(plan.slow)),  # just before the client gives up
            Fault(delay=8.0, cut="after", times=None, when=lambda _: self.occurs(plan.slow)),
        )
        double.settings = replace(double.settings, denied=frozenset(role for role, _ in plan.denied_until))

    def grant_role(self, double: CloudFrontDouble, role: str) -> None:
        """Grant a role its permissions."""
        double.settings = replace(double.settings, denied=double.settings.denied - {role})


def _span(error: str, since: float, until: float, distribution: str = "") -> Fault:
    def always(_: Call) -> bool:
        return True

    return Fault(error=error, since=since, until=until, times=None, distribution=distribution, when=always)
