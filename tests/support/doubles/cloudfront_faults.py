"""Scripted faults: the calls that they hit, and what they do to them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from math import inf
from typing import Literal, NamedTuple

from support.doubles.cloudfront_errors import ERRORS


class Call(NamedTuple):
    """One call as it arrived; `items` and `caller_reference` are empty where the operation has none."""

    operation: str
    account: str
    role: str
    distribution: str
    items: tuple[str, ...]
    caller_reference: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """The first fields select calls, all of them if empty or None; the others say what happens to them."""

    operation: str = "CreateInvalidation"  # a start of the name, so this covers the tenant's variant too
    account: str = ""
    role: str = ""
    distribution: str = ""
    when: Callable[[Call], bool] | None = None
    since: float = -inf
    until: float = inf  # exclusive
    skip: int = 0  # calls let through first
    times: int | None = 1

    delay: float = 0.0  # seconds before anything else happens
    error: str = ""  # a code of ERRORS, answered instead of processing
    status: int = 0  # another HTTP status than the code's own
    cut: Literal["", "before", "after"] = ""  # no answer; "after": the call was processed, unknown to the caller

    def __post_init__(self) -> None:
        if self.error and self.error not in ERRORS:
            raise ValueError(f"{self.error!r} is not a code of CloudFront: {', '.join(ERRORS)}")

    def hits(self, call: Call) -> bool:
        """Whether the fault is meant for this call, counts aside."""
        return (
            call.operation.startswith(self.operation)
            and self.account in ("", call.account)
            and self.role in ("", call.role)
            and self.distribution in ("", call.distribution)
            and self.since <= call.at < self.until
            and (self.when is None or self.when(call))
        )


NO_FAULT = Fault(operation="none", times=0)


class Faults:
    """The script. Of several faults that fit a call, the first added strikes."""

    __slots__ = ("_script",)

    def __init__(self) -> None:
        self._script: list[Fault] = []

    def add(self, *faults: Fault) -> None:
        """Append to the script."""
        self._script.extend(faults)

    def clear(self) -> None:
        """From here on nothing goes wrong."""
        self._script.clear()

    def pending(self) -> Iterable[Fault]:
        """What has not struck as often as it was meant to."""
        return tuple(self._script)

    def take(self, call: Call) -> Fault:
        """Find what strikes this call, and use it up; NO_FAULT if nothing does."""
        for index, fault in enumerate(self._script):
            if fault.hits(call):
                if fault.skip:
                    self._script[index] = replace(fault, skip=fault.skip - 1)
                else:
                    self._use_up(index, fault)
                    return fault
        return NO_FAULT

    def _use_up(self, index: int, fault: Fault) -> None:
        if fault.times is None:
            return
        if fault.times > 1:
            self._script[index] = replace(fault, times=fault.times - 1)
        else:
            del self._script[index]
