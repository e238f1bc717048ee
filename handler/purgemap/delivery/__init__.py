"""Jobs → what became of them: accepted by CloudFront, deferred to a later batch, or rejected for good."""

from purgemap.delivery.call_settings import CALL, MIN_SECONDS_FOR_CALL, ROLE_CALL, CallSettings
from purgemap.delivery.daily_budget import BudgetNotes, DailyBudgets, Excess
from purgemap.delivery.history import InvalidationHistory, InvalidationPage, ListedInvalidation
from purgemap.delivery.outcomes import Accepted, CloudFront, Deferred, FailureKind, InvalidationError, Outcome, Rejected
from purgemap.delivery.queueing import EnqueueFailure, Queue, QueueMessage, ReceivedMessage, enqueue_outcomes
from purgemap.delivery.rate_limit import DEFAULT_CALLS_PER_SECOND, RateLimit
from purgemap.delivery.sender import PendingJob, defer_excess, deliver
from purgemap.delivery.wildcard_limits import WildcardLimits

__all__ = [
    "CALL",
    "DEFAULT_CALLS_PER_SECOND",
    "MIN_SECONDS_FOR_CALL",
    "ROLE_CALL",
    "Accepted",
    "BudgetNotes",
    "CallSettings",
    "CloudFront",
    "DailyBudgets",
    "Deferred",
    "EnqueueFailure",
    "Excess",
    "FailureKind",
    "InvalidationError",
    "InvalidationHistory",
    "InvalidationPage",
    "ListedInvalidation",
    "Outcome",
    "PendingJob",
    "Queue",
    "QueueMessage",
    "RateLimit",
    "ReceivedMessage",
    "Rejected",
    "WildcardLimits",
    "defer_excess",
    "deliver",
    "enqueue_outcomes",
]
