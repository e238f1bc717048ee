"""Metrics of the last minutes, read from CloudWatch with botocore."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from botocore.exceptions import BotoCoreError, ClientError

from purgemap.aws.clients import Aws
from purgemap.aws.errors import describe_error
from purgemap.errors import PurgemapError

# A deferred job is seen at least every 15 minutes and a batch; deploy/template.yaml's alarm looks as far back.
_MINUTES_OF_OLDEST_CHANGE = 20


def read_oldest_change(aws: Aws, namespace: str) -> float | None:
    """Return the most that `oldest_change_seconds` was in the last 20 minutes, None if no batch ran.

    The function writes the metric of a stack into a namespace of the stack's name. Raises PurgemapError.
    """
    maxima = read_maxima(aws, namespace, "oldest_change_seconds", {}, _MINUTES_OF_OLDEST_CHANGE)
    return max(maxima, default=None)


def read_maxima(aws: Aws, namespace: str, name: str, dimensions: Mapping[str, str], minutes: int) -> list[float]:
    """Return a metric's maxima by the minute, the latest last; raises PurgemapError."""
    now = datetime.now(UTC)
    try:
        answer = aws.client("cloudwatch").get_metric_statistics(
            Namespace=namespace,
            MetricName=name,
            Dimensions=[{"Name": dimension, "Value": value} for dimension, value in dimensions.items()],
            StartTime=now - timedelta(minutes=minutes),
            EndTime=now + timedelta(minutes=1),
            Period=60,
            Statistics=["Maximum"],
        )
    except (ClientError, BotoCoreError) as error:
        raise PurgemapError(f"the metric {name} of {namespace}: {describe_error(error)}") from error
    points = sorted(answer.get("Datapoints", []), key=lambda point: point["Timestamp"])
    return [float(point["Maximum"]) for point in points]
