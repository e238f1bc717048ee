"""The calls, outcomes and bill that a test compares with the service's own numbers."""

from collections import Counter
from typing import NamedTuple

from support.doubles.cloudfront_faults import Call


class Record(NamedTuple):
    """A call and how it ended.

    `outcome` is accepted, replayed, answered (get and list) or an error's code. "+cut" is appended if the answer was
    lost; "cut" alone means that nothing was processed.
    """

    call: Call
    outcome: str


class Peak(NamedTuple):
    """The maximum that one distribution had in progress at once."""

    paths: int = 0
    wildcards: int = 0


class Ledger:
    """Counts everything; never reset."""

    __slots__ = ("billed_paths", "calls", "log", "peaks")

    def __init__(self) -> None:
        self.log: list[Record] = []
        self.calls: Counter[tuple[str, str, str, str]] = Counter()  # by operation, account, distribution, outcome
        self.billed_paths: Counter[str] = Counter()  # by account
        self.peaks: dict[str, Peak] = {}  # by distribution

    def record(self, call: Call, outcome: str) -> None:
        """Record a call's outcome."""
        self.log.append(Record(call, outcome))
        self.calls[call.operation, call.account, call.distribution, outcome] += 1

    def bill(self, account: str, items: int) -> None:
        """Bill every item of an accepted batch as a path: tags, wildcards and repetitions, too.

        https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/PayingForInvalidation.html
        """
        self.billed_paths[account] += items

    def observe(self, distribution: str, *, paths: int, wildcards: int) -> None:
        """Keep the highest number in progress."""
        peak = self.peaks.get(distribution, Peak())
        self.peaks[distribution] = Peak(max(peak.paths, paths), max(peak.wildcards, wildcards))

    def outcomes(self, *, operation: str = "", account: str = "", distribution: str = "") -> Counter[str]:
        """Count calls by outcome, of one account and distribution if given; `operation` is a prefix of its name."""
        total: Counter[str] = Counter()
        for (of_operation, of_account, of_distribution, outcome), calls in self.calls.items():
            is_selected = account in ("", of_account) and distribution in ("", of_distribution)
            if is_selected and of_operation.startswith(operation):
                total[outcome] += calls
        return total
