"""Numbers and lists → the words in which people read them."""

from collections.abc import Sequence

_SHOWN = 5


def counted(number: int, one: str, many: str = "") -> str:
    """Write a number and what it counts: `1 path`, `1,200 paths`; `many` where that isn't `one` and an s."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def some_of(texts: Sequence[str]) -> str:
    """List the first few, and say how many more there are."""
    more = len(texts) - _SHOWN
    return ", ".join(texts[:_SHOWN]) + (f" and {more:,} more" if more > 0 else "")
