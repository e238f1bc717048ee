"""The items that named objects need, and which invalidations cover them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from purgemap.events import ObjectChange
from purgemap.jobs import PendingJob
from purgemap.paths import build_jobs
from purgemap.planning import drop_covered, partition_items
from purgemap.routemap import Distribution
from purgemap.routing import Router


class Need(NamedTuple):
    """The items that one distribution needs, each with the time from which on an invalidation counts.

    `substitutes` are the items that together cover a tag.
    """

    distribution: Distribution
    counts_from: dict[str, float]
    substitutes: dict[str, tuple[str, str]]


def counts_after(changed: float) -> float:
    """Return from when on an invalidation counts for a change."""
    # S3 cuts its times to whole seconds. Within the second of the change, the invalidation may have come first. The
    # function waits for its window of a second or more, so its own invalidation is later.
    return changed // 1 + 1


def list_needs(changes: Mapping[ObjectChange, float], router: Router) -> list[Need]:
    """List the items of changes by distribution; the values are the times from which on invalidations count."""
    needs: dict[str, Need] = {}
    changes_by_time: defaultdict[float, list[ObjectChange]] = defaultdict(list)
    for change, time in changes.items():
        changes_by_time[time].append(change)
    # The latest time is last, and replaces those before it.
    for time, simultaneous in sorted(changes_by_time.items()):
        for pending in build_jobs(router.route(simultaneous), time).pending:
            latest = build_need(pending, time)
            need = needs.get(pending.distribution.id, latest)
            counts_from, substitutes = need.counts_from | latest.counts_from, need.substitutes | latest.substitutes
            needs[pending.distribution.id] = Need(pending.distribution, counts_from, substitutes)
    return [needs[id_] for id_ in sorted(needs)]


def build_need(pending: PendingJob, counts_from: float) -> Need:
    """Return what a job needs if each of its items changed at the same time."""
    scopes = pending.job.scopes
    substitutes = {item: _substitutes(scope) for item, scope in scopes.items() if item.startswith("#")}
    return Need(pending.distribution, dict.fromkeys(scopes, counts_from), substitutes)


def _substitutes(scope: str | None) -> tuple[str, str]:
    # Beyond a daily budget, the function sends these in place of tags. `P*` is not trusted to cover P.
    page = scope or "/"
    return page, f"{page}*"


class ItemCoverage:
    """The items of a need that no invalidation has covered yet."""

    def __init__(self, need: Need) -> None:
        self.distribution = need.distribution
        self._need = need
        self._uncovered = dict(need.counts_from)
        for tag, substitutes in need.substitutes.items():
            for item in substitutes:
                self._uncovered[item] = max(self._uncovered.get(item, 0), need.counts_from[tag])

    def add(self, items: Iterable[str], created: float) -> None:
        """Add the items of an invalidation that is completed."""
        sent = set(items)
        _, _, stems = partition_items(sent)
        due = sorted(item for item, time in self._uncovered.items() if time <= created)
        remaining = {item for item in drop_covered(due, stems) if item not in sent}
        for item in due:
            if item not in remaining:
                del self._uncovered[item]

    @property
    def total(self) -> int:
        """The number of all items."""
        return len(self._need.counts_from)

    @property
    def missing(self) -> list[str]:
        """The sorted items that are not covered."""
        return sorted(item for item in self._need.counts_from if not self._is_covered(item))

    @property
    def fresh(self) -> list[str]:
        """The sorted items that are covered."""
        return sorted(set(self._need.counts_from).difference(self.missing))

    @property
    def counts_from(self) -> float:
        """The earliest time of a missing item: no older invalidation matters."""
        return min(self._need.counts_from[item] for item in self.missing)

    def _is_covered(self, item: str) -> bool:
        substitutes = self._need.substitutes.get(item)
        return item not in self._uncovered or (
            substitutes is not None and not any(substitute in self._uncovered for substitute in substitutes)
        )
