"""The Lambda function: environment and clients, then the pipeline."""

import functools
import logging
import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from purgemap.aws import Aws, AwsCloudFront, AwsInvalidationHistory, SqsQueue
from purgemap.batch_log import DEFAULT_NAMESPACE, JsonFormatter, log_batch, log_map_error, logger
from purgemap.delivery import DEFAULT_CALLS_PER_SECOND, MIN_SECONDS_FOR_CALL, DailyBudgets, RateLimit, WildcardLimits
from purgemap.errors import PurgemapError
from purgemap.pipeline import Service, lambda_response, process_batch
from purgemap.routemap import MapError, load_map
from purgemap.routing import Router

Handler = Callable[[Any, Any], dict[str, Any] | None]

# The ones that tell anything here; a function that has another one of logging's still starts.
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


def build_handler(environment: Mapping[str, str]) -> Handler:
    """Make the handler that an environment's PURGEMAP_ variables describe; an empty one counts as unset.

    AWS's own variables are botocore's to read, from the process. Raises PurgemapError for a variable that can't be
    used, MapError where PURGEMAP_ROUTES names an invalid map.
    """
    _set_log_level(environment)
    calls_per_second = _calls_per_second(environment)
    namespace = environment.get("PURGEMAP_METRICS_NAMESPACE") or DEFAULT_NAMESPACE
    return serve(_build_service(environment), calls_per_second, namespace=namespace)


def _set_log_level(environment: Mapping[str, str]) -> None:
    level = environment.get("PURGEMAP_LOG_LEVEL") or "INFO"
    try:
        logger.setLevel(level)
    except ValueError:
        raise PurgemapError(f"PURGEMAP_LOG_LEVEL is {level!r}: write one of {', '.join(LOG_LEVELS)}") from None


def _calls_per_second(environment: Mapping[str, str]) -> float:
    text = environment.get("PURGEMAP_CALLS_PER_SECOND") or str(DEFAULT_CALLS_PER_SECOND)
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate < float("inf"):
        raise PurgemapError(
            f"PURGEMAP_CALLS_PER_SECOND is {text!r}: write a number above 0, such as {DEFAULT_CALLS_PER_SECOND}"
        )
    return rate


def _build_service(environment: Mapping[str, str]) -> Service:
    routes = load_map(_map_path(environment))
    aws = Aws()
    queues = [environment.get(name) for name in ("PURGEMAP_QUEUE_URL", "PURGEMAP_DEAD_LETTER_QUEUE_URL")]
    queue, dead_letters = (SqsQueue(aws, url) if url else None for url in queues)
    # Without a queue no job can be held, and what is not sent now may never be.
    budgets = DailyBudgets(AwsInvalidationHistory(aws)) if queue else None
    return Service(routes, Router(routes), AwsCloudFront(aws), queue, dead_letters, budgets)


def _map_path(environment: Mapping[str, str]) -> str:
    path = environment.get("PURGEMAP_ROUTES") or ""
    if not path:
        raise PurgemapError(f"PURGEMAP_ROUTES is {path!r}: write where the map is, a file or a folder")
    return path


def serve(
    service: Service,
    calls_per_second: float,
    now: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
    namespace: str = DEFAULT_NAMESPACE,
) -> Handler:
    """Make the handler of a service; `calls_per_second` is what CloudFront takes from one account."""
    limits = WildcardLimits()

    def handle(payload: Any, context: Any = None) -> dict[str, Any] | None:
        started = now()
        rate_limit = RateLimit(
            now=now,
            seconds_left=functools.partial(_seconds_left, context),
            calls_per_second=calls_per_second,
            sleep=sleep,
        )
        _check_time(rate_limit)
        report = process_batch(payload, service, rate_limit, limits)
        log_batch(report, started, now(), namespace)
        return lambda_response(report)

    return handle


def _seconds_left(context: Any) -> float:
    """Return what is left of the function's time; without Lambda's context there is no limit."""
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    return remaining() / 1000 if remaining else float("inf")


def _check_time(rate_limit: RateLimit) -> None:
    """Raise PurgemapError where the function's time allows no call at all: it would defer everything for ever."""
    seconds = rate_limit.seconds_left()
    if seconds < MIN_SECONDS_FOR_CALL:
        raise PurgemapError(
            f"the function has {seconds:.0f} s, and no call to CloudFront starts with less than "
            f"{MIN_SECONDS_FOR_CALL} s left: set its timeout to 60 seconds"
        )


def lambda_handler(payload: Any, context: Any) -> dict[str, Any] | None:
    """Answer one invocation; see `purgemap.events.payload` for the payloads and `purgemap.pipeline` for the answer."""
    return _handler()(payload, context)


@functools.cache
def _handler() -> Handler:
    stdout = logging.StreamHandler(sys.stdout)
    stdout.setFormatter(JsonFormatter())
    logger.addHandler(stdout)
    logger.propagate = False
    try:
        return build_handler(os.environ)
    except MapError as error:
        log_map_error(error)
        raise


# In Lambda the map is read and the clients are made while the function starts, not while the first batch waits.
if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    _handler()
