"""Queues, dead letters, metrics and invalidations in progress, as operators' commands read them."""

from purgemap.aws.monitoring.cloudfront_status import AwsInvalidations, InvalidationProgress
from purgemap.aws.monitoring.queue_metrics import read_oldest_change
from purgemap.aws.monitoring.sqs_dead_letters import QueueDepth, SqsDeadLetterQueue

__all__ = ["AwsInvalidations", "InvalidationProgress", "QueueDepth", "SqsDeadLetterQueue", "read_oldest_change"]
