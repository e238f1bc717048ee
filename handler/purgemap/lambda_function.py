"""The entry point of the Lambda function: environment and clients, then the pipeline."""

import functools
import logging
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from purgemap.aws import LEDGER_CALL, Aws, AwsCloudFront, AwsInvalidationHistory, SqsQueue, open_event_bus
from purgemap.batch_log import DEFAULT_NAMESPACE, JsonFormatter, log_batch, log_map_error, logger
from purgemap.delivery import (
    DEFAULT_CALLS_PER_SECOND,
    MIN_SECONDS_FOR_CALL,
    CallSettings,
    DailyBudgets,
    RateLimit,
    WildcardLimits,
)
from purgemap.errors import PurgemapError
from purgemap.pipeline import BatchResult, Service, lambda_response, process_batch
from purgemap.planning import FOLDER_COUNTS_FILE, FolderCountsFile
from purgemap.routemap import MapError, RouteMap, load_map
from purgemap.routing import Router

if TYPE_CHECKING:
    from purgemap.ledger import Ledger

Handler = Callable[[Any, Any], dict[str, Any] | None]
# Its arguments: the result of a batch, the time when it ended, and the function that returns the seconds left.
SendEvents = Callable[[BatchResult, float, Callable[[], float]], None]

# The levels that change what is logged. Any other level of logging is accepted.
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


def build_handler(environment: Mapping[str, str], ledger_call: CallSettings = LEDGER_CALL) -> Handler:
    """Build the handler from the PURGEMAP_ variables of an environment; an empty variable counts as unset.

    `ledger_call` holds the timeouts of the ledger's calls, for a map with a ledger. botocore reads AWS's own variables
    from the process. Raises PurgemapError for an invalid variable, MapError if PURGEMAP_ROUTES names an invalid map.
    """
    _set_log_level(environment)
    calls_per_second = _calls_per_second(environment)
    namespace = environment.get("PURGEMAP_METRICS_NAMESPACE") or DEFAULT_NAMESPACE
    route_map = load_map(_map_path(environment))
    table = _ledger_table(environment, route_map)
    aws = Aws(ledger_call=ledger_call if table else None)
    service = _build_service(environment, aws, route_map, table)
    send_events = _build_event_sender(environment, service, aws)
    return serve(service, calls_per_second, namespace=namespace, send_events=send_events)


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


def _build_service(environment: Mapping[str, str], aws: Aws, route_map: RouteMap, table: str) -> Service:
    urls = [environment.get(name) for name in ("PURGEMAP_QUEUE_URL", "PURGEMAP_DEAD_LETTER_QUEUE_URL")]
    queue, dead_letters = (SqsQueue(aws, url) if url else None for url in urls)
    # Without a queue no job can be held until tomorrow, so nothing is limited by the day.
    budgets = DailyBudgets(AwsInvalidationHistory(aws)) if queue else None
    # Opened only when a plan has to choose wildcards, so it costs a start nothing.
    counts = FolderCountsFile(Path(_map_path(environment)).parent / FOLDER_COUNTS_FILE, logger.warning)
    ledger = _build_ledger(aws, table, route_map) if table else None
    cloudfront = AwsCloudFront(aws)
    return Service(
        route_map, Router(route_map), cloudfront, queue, dead_letters, budgets, folder_counts=counts, ledger=ledger
    )


def _ledger_table(environment: Mapping[str, str], route_map: RouteMap) -> str:
    """Return the name of the ledger's table, "" if the map needs none or the environment names none."""
    if not route_map.skips_unchanged:
        return ""
    table = environment.get("PURGEMAP_LEDGER_TABLE") or ""
    if not table:
        # The map is valid, and no change is lost: the function only costs more.
        logger.warning(
            "PURGEMAP_LEDGER_TABLE names no table: skip_unchanged has no effect, every upload is invalidated"
        )
    return table


def _build_ledger(aws: Aws, table: str, route_map: RouteMap) -> "Ledger":
    # Other maps must not wait for these modules at the function's start, and their zip has none of them.
    from purgemap.aws.ledger import AwsLedgerTable, AwsObjectHeads  # noqa: PLC0415
    from purgemap.ledger import Ledger  # noqa: PLC0415

    return Ledger(AwsLedgerTable(aws, table, logger.warning), AwsObjectHeads(aws, logger.warning), route_map)


def _map_path(environment: Mapping[str, str]) -> str:
    path = environment.get("PURGEMAP_ROUTES") or ""
    if not path:
        raise PurgemapError(f"PURGEMAP_ROUTES is {path!r}: write the path of the map, a file or a folder")
    return path


def _build_event_sender(environment: Mapping[str, str], service: Service, aws: Aws) -> SendEvents | None:
    name = environment.get("PURGEMAP_EVENT_BUS")
    if not name:
        return None
    # Imported here: most functions have no event bus, and start without the module.
    from purgemap.completion_events import CompletionEvents  # noqa: PLC0415

    try:
        return CompletionEvents(open_event_bus(aws, name), service.route_map).send
    except PurgemapError as error:
        raise PurgemapError(f"PURGEMAP_EVENT_BUS is {error}") from None


def serve(  # noqa: PLR0913  the service, and what a test replaces
    service: Service,
    calls_per_second: float,
    now: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
    namespace: str = DEFAULT_NAMESPACE,
    *,
    send_events: SendEvents | None = None,
) -> Handler:
    """Return the handler of a service; `calls_per_second` is the rate of calls for one AWS account."""
    if service.wildcard_limits is None:
        service = service._replace(wildcard_limits=WildcardLimits())

    def handle(payload: Any, context: Any = None) -> dict[str, Any] | None:
        started = now()
        seconds_left = functools.partial(_seconds_left, context)
        _check_time(seconds_left())
        result = process_batch(payload, service, RateLimit(now, seconds_left, calls_per_second, sleep))
        ended = now()
        log_batch(result, started, ended, namespace)
        if send_events:
            send_events(result, ended, seconds_left)
        return lambda_response(result)

    return handle


def _seconds_left(context: Any) -> float:
    """Return the seconds until the function times out, infinity without Lambda's context."""
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    return remaining() / 1000 if remaining else float("inf")


def _check_time(seconds_left: float) -> None:
    """Raise PurgemapError if the function's timeout allows no call: every job would be deferred for ever."""
    if seconds_left < MIN_SECONDS_FOR_CALL:
        raise PurgemapError(
            f"the function has {seconds_left:.0f} s, and no call to CloudFront starts with less than "
            f"{MIN_SECONDS_FOR_CALL} s left: set its timeout to 60 seconds"
        )


def lambda_handler(payload: Any, context: Any) -> dict[str, Any] | None:
    """Handle one invocation. Payloads: `purgemap.events`; response: `purgemap.pipeline.lambda_response`."""
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


# Lambda gives the initialisation a full CPU, so the map is loaded and the clients are built before the first batch.
if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    _handler()
