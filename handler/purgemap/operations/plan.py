"""The plan of a deploy: its invalidations, their number and cost, and what invalidates nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from purgemap.operations.change_input import ChangeInput
from purgemap.operations.preview import PlannedInvalidation, preview_jobs
from purgemap.planning import PRICE_PER_PATH_USD


class PlanSummary(NamedTuple):
    """The totals of a plan. `ignored` counts events that change no object which viewers can get."""

    changes: int
    unrouted: int
    ignored: int
    paths: int
    wildcards: int
    requests: int
    cost_usd: float


@dataclass(frozen=True, slots=True)
class Plan:
    """The invalidations of changes, sorted by distribution.

    `unmatched` are the URIs of changes that no route serves. `warnings` name what was skipped.
    """

    invalidations: tuple[PlannedInvalidation, ...]
    summary: PlanSummary
    unmatched: tuple[str, ...]
    warnings: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """Return the JSON document of `purgemap plan --json` and `purgemap invalidate --json`."""
        return {
            "invalidations": [invalidation.document() for invalidation in self.invalidations],
            "summary": self.summary._asdict(),
        }


def plan_changes(changes: ChangeInput) -> Plan:
    """Plan the invalidations of changes."""
    return summarize_plan(changes, preview_jobs(changes.batch_jobs.pending, changes.listings))


def summarize_plan(changes: ChangeInput, invalidations: Iterable[PlannedInvalidation]) -> Plan:
    """Return the plan of changes whose invalidations are known."""
    invalidations = tuple(invalidations)
    paths = sum(len(invalidation.items) for invalidation in invalidations)
    summary = PlanSummary(
        changes=len({(change.bucket, change.key) for change in changes.change_list.changes}),
        unrouted=len(changes.batch_jobs.unrouted),
        ignored=changes.change_list.ignored,
        paths=paths,
        wildcards=sum(invalidation.wildcards for invalidation in invalidations),
        requests=len(invalidations),
        cost_usd=round(paths * PRICE_PER_PATH_USD, 3),
    )
    unmatched = tuple(f"s3://{change.bucket}/{change.key}" for change in changes.unmatched)
    return Plan(invalidations, summary, unmatched, (*changes.warnings, *changes.listing_gaps))
