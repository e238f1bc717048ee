"""Send jobs to CloudFront; defer, reject and queue what it does not accept."""

from purgemap.delivery.accounts import AccountJobs, defer_excess, group_by_account
from purgemap.delivery.call_settings import CALL, EVENT_CALL, MIN_SECONDS_FOR_CALL, ROLE_CALL, CallSettings
from purgemap.delivery.daily_budget import BudgetNotes, DailyBudgets, Excess
from purgemap.delivery.outcomes import Accepted, CloudFront, Deferred, FailureKind, InvalidationError, Outcome, Rejected
from purgemap.delivery.queueing import EnqueueFailure, Queue, QueueMessage, ReceivedMessage, enqueue_outcomes
from purgemap.delivery.rate_limit import DEFAULT_CALLS_PER_SECOND, RateLimit
from purgemap.delivery.sender import PlanJob, send_jobs
from purgemap.delivery.spending import InvalidationHistory, InvalidationPage, ListedInvalidation
from purgemap.delivery.wildcard_limits import WildcardLimits

__all__ = [
    "CALL",
    "DEFAULT_CALLS_PER_SECOND",
    "EVENT_CALL",
    "MIN_SECONDS_FOR_CALL",
    "ROLE_CALL",
    "Accepted",
    "AccountJobs",
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
    "PlanJob",
    "Queue",
    "QueueMessage",
    "RateLimit",
    "ReceivedMessage",
    "Rejected",
    "WildcardLimits",
    "defer_excess",
    "enqueue_outcomes",
    "group_by_account",
    "send_jobs",
]
