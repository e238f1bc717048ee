"""The service's edges in memory: they keep what they are handed, and refuse what a test says."""

from collections.abc import Sequence

from purgemap.delivery import Refusal, RefusedError
from purgemap.keeping import Message
from purgemap.routes.table import Distribution


class MemoryCloudFront:
    """Takes every invalidation, but of the distributions that it is told to refuse."""

    def __init__(self, refusing: dict[str, Refusal] | None = None) -> None:
        self.refusing = refusing or {}
        self.calls: list[tuple[str, tuple[str, ...], str]] = []

    def create_invalidation(self, distribution: Distribution, items: tuple[str, ...], caller_reference: str) -> str:
        self.calls.append((distribution.id, items, caller_reference))
        refusal = self.refusing.get(distribution.id)
        if refusal:
            raise RefusedError(refusal, f"refused as {refusal.value}")
        return f"I{caller_reference[:13].upper()}"


# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html
MAX_DELAY_SECONDS = 900


class MemoryQueue:
    """Keeps messages, or says that it can't; refuses the delays that SQS refuses."""

    def __init__(self, reason: str = "") -> None:
        self.reason = reason
        self.messages: list[Message] = []

    def send(self, messages: Sequence[Message]) -> list[str]:
        reasons = [self.reason or self._refusal(message) for message in messages]
        self.messages += [message for message, reason in zip(messages, reasons, strict=True) if not reason]
        return reasons

    def _refusal(self, message: Message) -> str:
        return "" if 0 <= message.delay <= MAX_DELAY_SECONDS else "InvalidParameterValue: DelaySeconds"
