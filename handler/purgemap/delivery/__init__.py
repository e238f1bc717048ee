"""Jobs → what became of them: accepted by CloudFront, deferred to a later batch, or rejected for good."""

from purgemap.call_settings import SECONDS_TO_START_A_CALL
from purgemap.delivery.daily_budget import DailyBudgets, Excess, Notes
from purgemap.delivery.delivering import Order, defer_new, deliver
from purgemap.delivery.history import InvalidationHistory, Listed, Page
from purgemap.delivery.outcomes import Accepted, CloudFront, Deferred, Outcome, Refusal, RefusedError, Rejected
from purgemap.delivery.pace import Pace
from purgemap.delivery.wildcard_limits import WildcardLimits

__all__ = [
    "SECONDS_TO_START_A_CALL",
    "Accepted",
    "CloudFront",
    "DailyBudgets",
    "Deferred",
    "Excess",
    "InvalidationHistory",
    "Listed",
    "Notes",
    "Order",
    "Outcome",
    "Pace",
    "Page",
    "Refusal",
    "RefusedError",
    "Rejected",
    "WildcardLimits",
    "defer_new",
    "deliver",
]
