"""Many objects of many distributions that change at once: one deploy, no trouble but CloudFront's own rates."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random

from simulation.environment import Environment, View
from simulation.faults import Plan
from simulation.running import Run, RunOptions, open_run
from support.doubles.clock import Clock
from support.doubles.cloudfront import CloudFrontDouble, Rate, Settings, Site
from support.payloads import s3_event

BUCKET = "sites"

# Quick calls that go through before the account's rate bites; see doubles.cloudfront_settings.CALL_RATE.
BURST_CALLS = 10

BEGIN = Clock().now


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """How much changes, within how many seconds, and the account's rate of calls."""

    distributions: int
    events: int
    seconds: float
    calls_per_second: float

    @property
    def floor(self) -> float:
        """The seconds that the account's rate needs for one call to each distribution."""
        return (self.distributions - BURST_CALLS) / self.calls_per_second


@contextmanager
def run_burst(burst: Burst) -> Iterator[Run]:
    """Live a burst through until all is settled."""
    options = RunOptions(calls_per_second=burst.calls_per_second)
    with open_run(0, build_environment(burst.distributions), Plan(), settings_of(burst), options) as run:
        view_and_change(run, keys_of(burst), burst.seconds)
        run.settle()
        yield run


def settings_of(burst: Burst) -> Settings:
    """Return how strict CloudFront is: the burst's rate of calls, all else as published."""
    return Settings(call_rate=Rate(burst.calls_per_second, BURST_CALLS))


def keys_of(burst: Burst) -> list[str]:
    """Name the objects that change, spread over the distributions, in no order."""
    keys = [f"sites/s{n % burst.distributions}/page-{n}.html" for n in range(burst.events)]
    Random(0).shuffle(keys)
    return keys


def distribution_of(key: str) -> tuple[str, str]:
    """Return the distribution that shows an object, and the object's path there."""
    _, site, page = key.split("/")
    return _id(int(site.removeprefix("s"))), f"/{page}"


def seconds_to_fresh(double: CloudFrontDouble, environment: Environment, burst: Burst) -> float:
    """Tell how long after the burst's last change the last object was fresh, as far as any are."""
    last = max(accepted.created for name in environment.sites for accepted in double.accepted(name))
    return last + double.settings.seconds_to_effect - burst.seconds - BEGIN


def build_environment(distributions: int) -> Environment:
    """Draw a folder per distribution, under one route."""
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
