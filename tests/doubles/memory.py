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


class MemoryQueue:
    """Keeps messages, or says that it can't."""

    def __init__(self, reason: str = "") -> None:
        self.reason = reason
        self.messages: list[Message] = []

    def send(self, messages: Sequence[Message]) -> list[str]:
        if not self.reason:
            self.messages.extend(messages)
        return [self.reason] * len(messages)
