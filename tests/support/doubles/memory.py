"""CloudFront and a queue in memory: they record calls, and refuse what a test selects."""

from collections.abc import Callable, Sequence

from purgemap.delivery import FailureKind, InvalidationError
from purgemap.delivery.queueing import QueueMessage
from purgemap.routemap.compiled import Distribution


class MemoryCloudFront:
    """Accepts every invalidation, except of the distributions in `refusing`. `before_call` is called first."""

    def __init__(self, refusing: dict[str, FailureKind] | None = None) -> None:
        self.refusing = refusing or {}
        self.calls: list[tuple[str, tuple[str, ...], str]] = []
        self.before_call: Callable[[], object] = lambda: None

    def create_invalidation(self, distribution: Distribution, items: tuple[str, ...], caller_reference: str) -> str:
        self.before_call()
        self.calls.append((distribution.id, items, caller_reference))
        refusal = self.refusing.get(distribution.id)
        if refusal:
            raise InvalidationError(refusal, f"refused as {refusal.value}")
        return f"I{caller_reference[:13].upper()}"


# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html
MAX_DELAY_SECONDS = 900


class MemoryQueue:
    """Keeps messages, or fails with a reason; refuses the delays that SQS refuses."""

    def __init__(self, reason: str = "") -> None:
        self.reason = reason
        self.messages: list[QueueMessage] = []

    def send(self, messages: Sequence[QueueMessage]) -> list[str]:
        reasons = [self.reason or self._refusal(message) for message in messages]
        self.messages += [message for message, reason in zip(messages, reasons, strict=True) if not reason]
        return reasons

    def _refusal(self, message: QueueMessage) -> str:
        return "" if 0 <= message.delay <= MAX_DELAY_SECONDS else "InvalidParameterValue: DelaySeconds"
