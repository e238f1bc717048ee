"""Queues, dead letters, metrics, invalidations and objects' times, as operators' commands read them."""

from purgemap.aws.monitoring.cloudfront_status import AwsInvalidations, InvalidationProgress, InvalidationState
from purgemap.aws.monitoring.object_times import AwsObjects, ObjectTime, read_clock
from purgemap.aws.monitoring.queue_metrics import read_oldest_change
from purgemap.aws.monitoring.sqs_dead_letters import MESSAGE_COUNTS, QueueDepth, SqsDeadLetterQueue

__all__ = [
    "MESSAGE_COUNTS",
    "AwsInvalidations",
    "AwsObjects",
    "InvalidationProgress",
    "InvalidationState",
    "ObjectTime",
    "QueueDepth",
    "SqsDeadLetterQueue",
    "read_clock",
    "read_oldest_change",
]
