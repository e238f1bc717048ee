"""The Lambda function: environment and clients, then the pipeline."""

import functools
import logging
import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from purgemap.aws import Aws, AwsCloudFront, SqsQueue
from purgemap.delivery import SECONDS_TO_START_A_CALL, Pace
from purgemap.errors import PurgemapError
from purgemap.pipeline import Service, answer, process
from purgemap.reporting import DEFAULT_NAMESPACE, LOGGER, JsonFormatter, log_report
from purgemap.routes.loading import load_routes
from purgemap.routing import Router

Handler = Callable[[Any, Any], dict[str, Any] | None]

DEFAULT_CALLS_PER_SECOND = "0.5"


def build_handler(environment: Mapping[str, str]) -> Handler:
    """Make the handler that an environment describes; raises MapError where PURGEMAP_ROUTES names no sound map."""
    LOGGER.setLevel(environment.get("PURGEMAP_LOG_LEVEL", "INFO"))
    calls_per_second = float(environment.get("PURGEMAP_CALLS_PER_SECOND", DEFAULT_CALLS_PER_SECOND))
    namespace = environment.get("PURGEMAP_METRICS_NAMESPACE", DEFAULT_NAMESPACE)
    return serve(build_service(environment), calls_per_second, namespace=namespace)


def serve(
    service: Service,
    calls_per_second: float,
    now: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
    namespace: str = DEFAULT_NAMESPACE,
) -> Handler:
    """Make the handler of a service; `calls_per_second` is what CloudFront takes from one account."""

    def handle(payload: Any, context: Any = None) -> dict[str, Any] | None:
        started = now()
        pace = Pace(
            now=now,
            seconds_left=functools.partial(_seconds_left, context),
            calls_per_second=calls_per_second,
            sleep=sleep,
        )
        _check_time(pace)
        report = process(payload, service, pace)
        log_report(report, started, now(), namespace)
        return answer(report)

    return handle


def build_service(environment: Mapping[str, str]) -> Service:
    """Load the map and make the clients that an environment describes."""
    aws = Aws(environment)
    routes = load_routes(environment["PURGEMAP_ROUTES"])
    queues = [environment.get(name) for name in ("PURGEMAP_QUEUE_URL", "PURGEMAP_DEAD_LETTER_QUEUE_URL")]
    queue, dead_letters = (SqsQueue(aws, url) if url else None for url in queues)
    return Service(routes, Router(routes), AwsCloudFront(aws), queue, dead_letters)


def _seconds_left(context: Any) -> float:
    """Return what is left of the function's time; without Lambda's context there is no limit."""
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    return remaining() / 1000 if remaining else float("inf")


def _check_time(pace: Pace) -> None:
    """Raise PurgemapError where the function's time allows no call at all: it would put everything off for ever."""
    seconds = pace.seconds_left()
    if seconds < SECONDS_TO_START_A_CALL:
        raise PurgemapError(
            f"the function has {seconds:.0f} s, and no call to CloudFront starts with less than "
            f"{SECONDS_TO_START_A_CALL} s left: set its timeout to 60 seconds"
        )


def lambda_handler(payload: Any, context: Any) -> dict[str, Any] | None:
    """Answer one invocation; see `purgemap.events` for the payloads and `purgemap.pipeline.answer` for the answer."""
    return _handler()(payload, context)


@functools.cache
def _handler() -> Handler:
    stdout = logging.StreamHandler(sys.stdout)
    stdout.setFormatter(JsonFormatter())
    LOGGER.addHandler(stdout)
    LOGGER.propagate = False
    return build_handler(os.environ)


# In Lambda the map is read and the clients are made while the function starts, not while the first batch waits.
if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    _handler()
