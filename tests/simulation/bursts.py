"""One deploy of many objects and distributions, without faults other than CloudFront's rates."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random

from simulation.environment import Environment, View
from simulation.faults import FaultPlan
from simulation.lambdas import EventSource, SharingEventSource
from simulation.running import Run, RunOptions, open_run
from support.doubles.clock import Clock
from support.doubles.cloudfront import CloudFrontDouble, Rate, Settings, Site
from support.payloads import s3_event

BUCKET = "sites"

# The burst of calls before the account's rate applies; see doubles.cloudfront_settings.CALL_RATE.
BURST_CALLS = 10

BEGIN = Clock().now


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """A number of changes within some seconds, and the account's rate of calls.

    A seed orders the changes, and decides when within a slot they begin.
    """

    distributions: int
    events: int
    seconds: float
    calls_per_second: float
    seed: int = 0
    is_shared: bool = False  # whether pollers that collect at the same time share the visible messages

    @property
    def begin(self) -> float:
        """The time of the first change, in seconds of the virtual clock."""
        return BEGIN + 7 * self.seed

    @property
    def floor(self) -> float:
        """The seconds that the account's rate needs for one call to each distribution."""
        return (self.distributions - BURST_CALLS) / self.calls_per_second


@contextmanager
def run_burst(burst: Burst) -> Iterator[Run]:
    """Run a burst until everything is settled."""
    source = SharingEventSource if burst.is_shared else EventSource
    options = RunOptions(calls_per_second=burst.calls_per_second, source=source)
    with open_run(burst.seed, build_environment(burst.distributions), FaultPlan(), settings_of(burst), options) as run:
        run.timeline.sleep(burst.begin - BEGIN)
        view_and_change(run, keys_of(burst), burst.seconds)
        run.settle()
        yield run


def settings_of(burst: Burst) -> Settings:
    """Return CloudFront's quotas: the burst's rate of calls, all others as published."""
    return Settings(call_rate=Rate(burst.calls_per_second, BURST_CALLS))


def keys_of(burst: Burst) -> list[str]:
    """Return the changed keys, spread over the distributions and shuffled."""
    keys = [f"sites/s{n % burst.distributions}/page-{n}.html" for n in range(burst.events)]
    Random(burst.seed).shuffle(keys)
    return keys


def distribution_of(key: str) -> tuple[str, str]:
    """Return the distribution that shows an object, and the object's path there."""
    _, site, page = key.split("/")
    return _id(int(site.removeprefix("s"))), f"/{page}"


def seconds_to_fresh(double: CloudFrontDouble, environment: Environment, burst: Burst) -> float:
    """Return the seconds from the burst's last change until the last object that became fresh."""
    last = max(accepted.created for name in environment.sites for accepted in double.accepted(name))
    return last + double.settings.seconds_to_effect - burst.seconds - burst.begin


def build_environment(distributions: int) -> Environment:
    """Build an environment with a folder per distribution and one route."""
    environment = Environment(
        {
            "version": 1,
            "distributions": {f"s{n}": {"id": _id(n)} for n in range(distributions)},
            "routes": [
                {
                    "bucket": BUCKET,
                    "prefix": "sites/{site}/",
                    "origin_path": "/sites/{site}",
                    "distributions": ["{site}"],
                }
            ],
        }
    )
    for n in range(distributions):
        environment.views.append(View(Site(id=_id(n), bucket=BUCKET, origin_path=f"/sites/s{n}"), f"sites/s{n}/"))
    return environment


def _id(number: int) -> str:
    return f"E{number:012}X"


def view_and_change(run: Run, keys: list[str], seconds: float) -> None:
    """Let viewers cache each object, then overwrite them one after another, evenly over some seconds."""
    for key in keys:
        run.double.view(*distribution_of(key))
    for key in keys:
        run.double.put(BUCKET, key)
        run.queue.put(json.dumps(s3_event(BUCKET, key)))
        run.timeline.sleep(seconds / len(keys))
