"""Virtual time: a clock that moves only when a test moves it."""

# 2026-01-01T00:00:00Z: late enough to look like a date in printed output.
_NEW_YEAR = 1_767_225_600.0


class Clock:
    """A callable that returns seconds since the epoch, like `time.time`."""

    __slots__ = ("now",)

    def __init__(self, now: float = _NEW_YEAR) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        """Advance by `seconds`; may replace `time.sleep`."""
        self.now += seconds
