"""Create the table of the content ledger, as if the service had run for an hour."""

import logging
import time

from purgemap.aws import Aws
from purgemap.aws.ledger import AwsLedgerTable, AwsObjectHeads
from purgemap.delivery import CallSettings, RateLimit
from purgemap.demo.local_aws import LocalAws
from purgemap.ledger import Ledger
from purgemap.routemap import RouteMap
from purgemap.routing import Router

LEDGER_TABLE = "purgemap-ledger"
_SECONDS = 3_600
_CALL = CallSettings(attempts=1, connect_timeout=5, read_timeout=30)

_log = logging.getLogger(__name__)


def create_ledger_table(aws: LocalAws, routes: RouteMap) -> str:
    """Create the table, and begin the tracking of a map's routes; returns the table's name."""
    names = {"bucket": "HASH", "key": "RANGE"}
    aws.client("dynamodb").create_table(
        TableName=LEDGER_TABLE,
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in names.items()],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
        BillingMode="PAY_PER_REQUEST",
    )
    begin_tracking(aws, LEDGER_TABLE, routes)
    return LEDGER_TABLE


def begin_tracking(aws: LocalAws, table: str, routes: RouteMap) -> None:
    """Begin the tracking of a map's routes an hour ago."""
    clients = Aws(endpoint_url=aws.endpoint_url, ledger_call=_CALL)
    edges = AwsLedgerTable(clients, table, _log.warning, _an_hour_ago), AwsObjectHeads(clients, _log.warning)
    # A record counts from two minutes after the tracking of its route began, for which a person would have to wait.
    Ledger(*edges, routes).check([], Router(routes).route([]), RateLimit(_an_hour_ago, lambda: _SECONDS))


def _an_hour_ago() -> float:
    return time.time() - _SECONDS
