"""What operators' commands read: queues, dead letters, metrics, invalidations, objects' times, records."""

from purgemap.aws.monitoring.cloudfront_status import AwsInvalidations, InvalidationProgress, InvalidationState
from purgemap.aws.monitoring.ledger_records import AwsLedgerRecords
from purgemap.aws.monitoring.object_times import AwsObjects, ObjectTime, read_clock
from purgemap.aws.monitoring.queue_metrics import read_oldest_change
from purgemap.aws.monitoring.sqs_dead_letters import MESSAGE_COUNTS, QueueDepth, SqsDeadLetterQueue

__all__ = [
    "MESSAGE_COUNTS",
    "AwsInvalidations",
    "AwsLedgerRecords",
    "AwsObjects",
    "InvalidationProgress",
    "InvalidationState",
    "ObjectTime",
    "QueueDepth",
    "SqsDeadLetterQueue",
    "read_clock",
    "read_oldest_change",
]
