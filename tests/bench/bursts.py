"""Many changes at once in virtual time: purgemap's pipeline beside two rivals, with the same queue and quotas.

SQS's and Lambda's batching are those of `simulation`, CloudFront is the strict double. The rivals are the classic
design (`classic`) and the same pipeline that calls at once: each batch makes all its calls, at no rate, until it is
throttled, and deferred jobs return after a plain exponential back-off, without slots.
Nothing is timed, so the same code always gives the same figures. The processes only share the work.
"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import product
from multiprocessing import get_context
from statistics import median
from typing import NamedTuple
from unittest import mock

from bench import subjects
from bench.classic import Classic
from bench.rows import Row
from purgemap.delivery import rate_limit, retry_policy
from purgemap.delivery.backoff import MAX_DELAY_SECONDS
from simulation.bursts import BEGIN, Burst, build_environment, run_burst, seconds_to_fresh
from simulation.lambdas import WINDOW_SECONDS
from simulation.reporting import PRICE_PER_PATH_USD, collect_figures
from support.doubles.cloudfront import CloudFrontDouble

SECTION = "changes over distributions, calls a second: all fresh after"

ASSUMED = (
    "Assumed: the changes come within 10, 30 and 120 s; CloudFront takes ten quick calls, then so many a second, each "
    "of 0.3 s, and what it took has effect after 5 s; two functions at once, batches of 10 s or 6 MB; for one call per "
    "object, boto3's three attempts, Lambda's three tries and no limit to functions. Pollers that share take ten "
    "messages each in turn; else one takes all. Seconds count from the last change; the floor is what the rate needs "
    "for one call to each distribution. The rows of purgemap are medians of five orders and beginnings. Of 100,000 "
    "changes, the rivals live through those over 500 distributions only, one call per object once: it makes the same "
    "calls for any."
)

_FIRST_DELAY = 5

OURS, SHARING = "purgemap", "purgemap, pollers share"
AT_ONCE, CLASSIC = "batches that call at once", "one call per object"

# A change of one byte decides which messages share a batch, and moves a single run's figures by a tenth.
SEEDS = 5

# The seconds that a deploy takes to upload its objects.
SECONDS = {100: 10.0, 5_000: 30.0, 100_000: 120.0}
DISTRIBUTIONS = (1, 50, 500)
RATES = (0.5, 2.0)

# The rivals run only the largest burst with most distributions, and the classic design only once:
# with any number of distributions it makes the same million calls at the account's rate.
LARGEST = 100_000
BARRED = Burst(events=LARGEST, distributions=500, seconds=SECONDS[LARGEST], calls_per_second=2.0)


class DesignResult(NamedTuple):
    """The result of a burst; `seconds` from the last change until the last object that becomes fresh is fresh."""

    lost: int
    stale: int
    calls: int
    invocations: int
    dollars: float
    seconds: float


def rows(*, quick: bool = False) -> Iterator[Row]:
    """Run every burst with every design; the largest burst and a lone edit have bars."""
    cases = list(_cases(SECONDS, DISTRIBUTIONS, RATES)) if not quick else list(_cases([100], [50], [0.5]))
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        # The largest run first, so that no process still runs one when the others are done.
        runs = [(replace(burst, seed=seed), design) for burst, design in cases[::-1] for seed in _seeds(design)]
        results = dict(zip(runs, pool.map(_run, runs), strict=True))
    medians = {
        (burst, design): _median([results[replace(burst, seed=seed), design] for seed in _seeds(design)])
        for burst, design in cases
    }
    for burst, design in cases:
        yield _row(burst, design, medians[burst, design])
    if not quick:
        yield from _barred("one poller takes all", medians[BARRED, OURS], calls=1.51, late=1.13)
        yield from _barred("pollers share", medians[BARRED, SHARING], calls=1.67, late=1.25)
    yield from _lone_edit(starts=1 if quick else 5)


def _cases(events: Iterable[int], distributions: Iterable[int], rates: Iterable[float]) -> Iterator[tuple[Burst, str]]:
    for changes, sites, rate in product(events, distributions, rates):
        burst = Burst(events=changes, distributions=sites, seconds=SECONDS[changes], calls_per_second=rate)
        if changes >= sites:
            yield from ((burst, design) for design in _designs(burst))


def _seeds(design: str) -> range:
    """Return the seeds of a design's runs; the rivals' figures hardly differ."""
    return range(SEEDS if design in {OURS, SHARING} else 1)


def _median(results: Sequence[DesignResult]) -> DesignResult:
    """Return the median of each figure; of what is lost or stale, the most."""
    figures = {name: median(getattr(result, name) for result in results) for name in DesignResult._fields}
    figures |= {name: max(getattr(result, name) for result in results) for name in ("lost", "stale")}
    return DesignResult(**figures)


def _designs(burst: Burst) -> Iterator[str]:
    yield from (OURS, SHARING)
    if burst.events < LARGEST or burst.distributions == BARRED.distributions:
        yield AT_ONCE
    if burst.events < LARGEST or burst == BARRED:
        yield CLASSIC


def _run(case: tuple[Burst, str]) -> DesignResult:
    burst, design = case
    if design == SHARING:
        return _run_batched(replace(burst, is_shared=True))
    if design == CLASSIC:
        return _run_classic(burst)
    if design == AT_ONCE:
        with (
            mock.patch.object(rate_limit.RateLimit, "burst_size", return_value=burst.distributions),
            mock.patch.object(rate_limit, "NEXT_BATCH_SECONDS", _FIRST_DELAY),
            mock.patch.object(retry_policy, "retry_delay", _back_off),
        ):
            return _run_batched(burst)
    return _run_batched(burst)


def _back_off(_distribution: str, _now: float, *, failed_attempts: int) -> int:
    """Return the delay of the rival's refused jobs: five seconds, doubled by each refusal."""
    return min(_FIRST_DELAY << min(failed_attempts, 10), MAX_DELAY_SECONDS)


def _run_batched(burst: Burst) -> DesignResult:
    with run_burst(burst) as run:
        figures = collect_figures(run)
        return DesignResult(
            lost=figures.dead_letters + len(run.queue.waiting()),
            stale=len(run.double.stale()),
            calls=figures.calls,
            invocations=figures.invocations,
            dollars=_dollars(run.double),
            seconds=seconds_to_fresh(run.double, run.environment, burst),
        )


def _run_classic(burst: Burst) -> DesignResult:
    run = Classic(burst)
    return DesignResult(
        lost=run.lost,
        stale=len(run.double.stale()),
        calls=run.calls,
        invocations=run.invocations,
        dollars=_dollars(run.double),
        seconds=seconds_to_fresh(run.double, build_environment(burst.distributions), burst),
    )


def _dollars(double: CloudFrontDouble) -> float:
    return sum(double.ledger.billed_paths.values()) * PRICE_PER_PATH_USD


def _row(burst: Burst, design: str, result: DesignResult) -> Row:
    name = f"{burst.events:,} over {burst.distributions}, {burst.calls_per_second:g}/s: {design}"
    # The floor covers every distribution, so a design that gives up most of them has no ratio.
    ratio = result.seconds / burst.floor if burst.floor > 0 and not result.stale else None
    return Row(
        SECTION,
        name,
        result.seconds,
        "s",
        ratio,
        "the rate's floor",
        also={
            "lost": result.lost,
            "stale": result.stale,
            "calls": result.calls,
            "calls each": round(result.calls / burst.distributions, 2),
            "functions": result.invocations,
            "$ of paths": round(result.dollars, 2),
        },
    )


def _barred(pollers: str, result: DesignResult, *, calls: float, late: float) -> Iterator[Row]:
    """Hold the largest burst to its bars: calls for each distribution, and seconds beside the floor."""
    burst, section = BARRED, f"a burst of 100,000 changes, 500 distributions, 2 calls/s, {pollers}"
    failed_share = (result.lost + result.stale) / burst.events
    yield Row(section, "changes of which none is lost or stale", burst.events, "", failed_share, "all", bar=0.0)
    each = result.calls / burst.distributions
    yield Row(
        section, "calls, beside distributions", result.calls, "calls", each, "distributions", bar=calls, moonshot=1.5
    )
    ratio, name = result.seconds / burst.floor, "all fresh after, beside the rate's floor"
    yield Row(section, name, result.seconds, "s", ratio, "the rate's floor", bar=late, moonshot=1.15)


def _lone_edit(starts: int) -> Iterator[Row]:
    """Follow one edit until its call is accepted: what it takes beyond the window, and until the cache is fresh.

    That is the function's start, which is measured as CPU, and the pipeline's call, which takes 0.3 seconds here.
    """
    burst = Burst(events=1, distributions=1, seconds=0, calls_per_second=0.5)
    with run_burst(burst) as run:
        (invocation,) = run.source.invocations
        (accepted,) = run.double.accepted(next(iter(run.environment.sites)))
        effect = run.double.settings.seconds_to_effect
    start = median(_seconds_to_start() for _ in range(starts))
    own = accepted.created - BEGIN - WINDOW_SECONDS + invocation.seconds + start
    name = f"from event to accepted call, but for {WINDOW_SECONDS} s of window"
    yield Row("a lone edit", name, own, "s", own, "a second", bar=1.0)
    whole = WINDOW_SECONDS + own + effect
    name = f"from event to a fresh cache, with the window and {effect:g} s of CloudFront's"
    yield Row("a lone edit", name, whole, "s", whole, "a second", bar=16.0)


def _seconds_to_start() -> float:
    code = "import json, logging, purgemap.lambda_function; import os; os._exit(0)"
    return subjects.run(code, subjects.function(10), AWS_LAMBDA_FUNCTION_NAME="purgemap")[0]
