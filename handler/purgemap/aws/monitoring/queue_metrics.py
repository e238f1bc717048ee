"""Read metrics of the last minutes from CloudWatch over botocore."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from purgemap.aws.clients import Aws
from purgemap.aws.errors import translate_errors

# Longer than a deferred job waits, 15 minutes and a batch; the alarm in deploy/template.yaml covers the same time.
_MINUTES_OF_OLDEST_CHANGE = 20


def read_oldest_change(aws: Aws, namespace: str) -> float | None:
    """Return the maximum of `oldest_change_seconds` in the last 20 minutes, None if no batch ran.

    A stack's function writes the metric into the namespace of the stack's name. Raises PurgemapError.
    """
    maxima = read_maxima(aws, namespace, "oldest_change_seconds", {}, _MINUTES_OF_OLDEST_CHANGE)
    return max(maxima, default=None)


def read_maxima(aws: Aws, namespace: str, name: str, dimensions: Mapping[str, str], minutes: int) -> list[float]:
    """Return a metric's maxima by the minute, the latest last; raises PurgemapError."""
    now = datetime.now(UTC)
    with translate_errors(f"the metric {name} of {namespace}"):
        answer = aws.client("cloudwatch").get_metric_statistics(
            Namespace=namespace,
            MetricName=name,
            Dimensions=[{"Name": dimension, "Value": value} for dimension, value in dimensions.items()],
            StartTime=now - timedelta(minutes=minutes),
            EndTime=now + timedelta(minutes=1),  # CloudWatch's clock may be ahead of this machine's
            Period=60,
            Statistics=["Maximum"],
        )
    points = sorted(answer.get("Datapoints", []), key=lambda point: point["Timestamp"])
    return [float(point["Maximum"]) for point in points]
