"""Build one job per distribution from the targets of a batch."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from typing import NamedTuple

from purgemap.events import ObjectChange
from purgemap.jobs import Job, PendingJob, merge_items
from purgemap.paths.items import items_for_target
from purgemap.routing import RoutedChanges, Target

_SOURCE, _TIME, _ID = attrgetter("source"), attrgetter("time"), attrgetter("job.distribution")


class BatchJobs(NamedTuple):
    """The jobs of a batch, one per distribution; the routes that matched, unmatched changes, warnings, and targets."""

    pending: list[PendingJob]
    routes: list[str]
    unrouted: list[ObjectChange]
    warnings: list[str]
    targets: Collection[Target] = ()


def build_jobs(routed: RoutedChanges, now: float) -> BatchJobs:
    """Build one job per distribution, sorted by its id. A change without a valid time counts as changed `now`."""
    warnings = [f"route {skip.route}: {skip.reason}" for skip in dict.fromkeys(routed.unknown_names)]
    targets_by_distribution: dict[str, list[Target]] = defaultdict(list)
    for target in routed.keys_by_target:
        targets_by_distribution[target.distribution.id].append(target)
    pending = []
    for targets in targets_by_distribution.values():
        items = []
        for target in targets:
            target_items = items_for_target(target, routed.keys_by_target[target])
            warnings += target_items.warnings
            items.append(target_items.items)
        job = _build_job(targets, items[0] if len(items) == 1 else merge_items(items), routed, now)
        pending.append(PendingJob(job, targets[0].distribution))
    if len(pending) > 1:
        pending.sort(key=_ID)
    routes = sorted({target.route for target in routed.keys_by_target})
    return BatchJobs(pending, routes, routed.unrouted, warnings, routed.keys_by_target)


def _build_job(targets: list[Target], scopes: Mapping[str, str | None], routed: RoutedChanges, now: float) -> Job:
    changes = _source_changes(targets, routed)
    sources = set(map(_SOURCE, changes))
    if "" in sources:
        # A change without any id cannot be deduplicated. One invalidation too many is better than a missing one.
        sources = {source or f"at {now}" for source in sources}
    oldest = _parse_time(min(filter(None, map(_TIME, changes)), default=""))
    return Job(
        distribution=targets[0].distribution.id,
        scopes=scopes,
        sources=tuple(sorted(sources)),
        # A time in the future would keep a job from ever being given up.
        oldest_event_time=now if oldest is None else min(oldest, now),
        changes=_count_objects(targets, routed),
    )


def _count_objects(targets: list[Target], routed: RoutedChanges) -> int:
    if len(targets) == 1:
        return len(set(routed.keys_by_target[targets[0]]))
    return len({(target.bucket, key) for target in targets for key in routed.keys_by_target[target]})


def _source_changes(targets: list[Target], routed: RoutedChanges) -> list[ObjectChange]:
    """List the changes behind the keys of targets, duplicates included: each names a delivery."""
    changes: list[ObjectChange] = []
    for target in targets:
        keys = routed.keys_by_target[target]
        for event, (first_by_key, duplicates_by_key) in routed.changes[target.bucket].items():
            if event in target.settings.events:
                changes += filter(None, map(first_by_key.get, keys))
                if duplicates_by_key:
                    changes += chain.from_iterable(duplicates_by_key.get(key, ()) for key in keys)
    return changes


# The events of a batch share a few times.
@lru_cache(maxsize=1024)
def _parse_time(time: str) -> float | None:
    """Parse an event's ISO 8601 time to seconds since the epoch; None if it is not a time."""
    try:
        return datetime.fromisoformat(time).timestamp()
    except ValueError:
        return None
