"""The messages of a batch that report a deployment of the stack, as the template's DeploymentRule sends them."""

import json
from typing import Any, NamedTuple

_DETAIL_TYPE = "CloudFormation Stack Status Change"


class Deployment(NamedTuple):
    """A deployment that ended: the id of its message, and whether CloudFormation has restored the stack before."""

    source: str
    is_rollback: bool


def list_deployments(payload: Any) -> list[Deployment]:
    """List the deployments that the messages of a batch report.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/eventbridge-events.html
    """
    records = payload.get("Records") if isinstance(payload, dict) else payload
    # Nearly every message is of S3: the search costs far less than decoding.
    messages = [
        (record["messageId"], _decode(record["body"]))
        for record in (records if isinstance(records, list) else ())
        if isinstance(record, dict) and "messageId" in record and _DETAIL_TYPE in str(record.get("body"))
    ]
    return [
        Deployment(source, is_rollback="ROLLBACK" in json.dumps(event.get("detail")))
        for source, event in messages
        if (event.get("source"), event.get("detail-type")) == ("aws.cloudformation", _DETAIL_TYPE)
    ]


def _decode(body: Any) -> dict[str, Any]:
    try:
        event = json.loads(body)
    except (TypeError, ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}
