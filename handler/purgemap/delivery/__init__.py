"""Jobs → what became of them: accepted by CloudFront, deferred to a later batch, or rejected for good."""

from purgemap.delivery.delivering import Order, defer_new, deliver
from purgemap.delivery.outcomes import Accepted, CloudFront, Deferred, Outcome, Refusal, RefusedError, Rejected
from purgemap.delivery.pace import SECONDS_TO_START_A_CALL, Pace

__all__ = [
    "SECONDS_TO_START_A_CALL",
    "Accepted",
    "CloudFront",
    "Deferred",
    "Order",
    "Outcome",
    "Pace",
    "Refusal",
    "RefusedError",
    "Rejected",
    "defer_new",
    "deliver",
]
