"""The messages of a batch that report a deployment of the stack, as the template's DeploymentRule sends them."""

import json
from typing import Any, NamedTuple

_DETAIL_TYPE = "CloudFormation Stack Status Change"


class Deployment(NamedTuple):
    """A deployment that ended: the id of its message, and whether CloudFormation has restored the stack before."""

    source: str
    is_rollback: bool


def list_deployments(payload: Any) -> list[Deployment]:
    """List the deployments that the messages of an SQS batch report.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/eventbridge-events.html
    """
    records = payload.get("Records") if isinstance(payload, dict) else None
    bodies = [
        (record.get("messageId"), record.get("body"))
        for record in (records if isinstance(records, list) else ())
        if isinstance(record, dict)
    ]
    # Nearly every message is of S3: the search costs far less than decoding.
    return [
        Deployment(source, _is_rollback(body))
        for source, body in bodies
        if isinstance(source, str) and isinstance(body, str) and _DETAIL_TYPE in body and _is_deployment(body)
    ]


def _is_deployment(body: str) -> bool:
    event = _decode(body)
    return event.get("source") == "aws.cloudformation" and event.get("detail-type") == _DETAIL_TYPE


def _is_rollback(body: str) -> bool:
    return "ROLLBACK" in json.dumps(_decode(body).get("detail"))


def _decode(body: str) -> dict[str, Any]:
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}
