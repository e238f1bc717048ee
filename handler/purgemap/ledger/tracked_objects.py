"""The objects of a batch that a ledger tracks, each with all its events in the batch."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from purgemap.events import CREATED
from purgemap.ledger.edges import ObjectHead, ObjectId
from purgemap.ledger.object_versions import ObjectVersion, parse_versions
from purgemap.routemap import Distribution
from purgemap.routing import RoutedChanges, Target

# S3's sequencers have 16 to 18 digits; S3 documents no limit.
_is_sequencer = re.compile("[0-9a-f]{1,64}").fullmatch


class TrackedObject(NamedTuple):
    """A changed object with targets that skip it unchanged, and its events in the batch.

    `distributions` are those of all its targets, also of those that always invalidate. `sources` are its deliveries.
    """

    id: ObjectId
    targets: list[Target]
    distributions: set[str]
    versions: list[ObjectVersion]
    sources: set[str]

    @property
    def reader(self) -> Distribution:
        """The distribution whose role may read the object, which may be in another account."""
        distributions = [target.distribution for target in self.targets]
        return next((distribution for distribution in distributions if distribution.role_arn), distributions[0])

    @property
    def only_version(self) -> ObjectVersion | None:
        """The one version that all events report, if that is a creation with an order; else None.

        A page that changed and changed back within a batch has two, so it is never skipped.
        """
        first = self.versions[0] if self.versions else None
        is_promising = first is not None and first.etag and _normalize_sequencer(first.sequencer)
        if is_promising and all(_is_same_creation(first, version) for version in self.versions):
            return first
        return None

    @property
    def latest_version(self) -> ObjectVersion | None:
        """The version of the latest event; None if the events have no order.

        Sequencers of different lengths have none: AWS has documented padding on the left, and padding on the right.
        """
        sequencers = [_normalize_sequencer(version.sequencer) for version in self.versions]
        if not all(sequencers) or len({len(sequencer) for sequencer in sequencers}) != 1:
            return None
        return max(self.versions, key=lambda version: _normalize_sequencer(version.sequencer))

    @property
    def sequencer(self) -> str:
        """The sequencer of the latest event, in lower case; "" if the events have no order."""
        latest = self.latest_version
        return _normalize_sequencer(latest.sequencer) if latest else ""

    @property
    def is_deleted(self) -> bool:
        """Whether the object is gone: its latest event is a deletion; of events without an order, all are."""
        latest = self.latest_version
        versions = [latest] if latest else self.versions
        return all(version.change.event != CREATED for version in versions)


def _is_same_creation(first: Any, version: ObjectVersion) -> bool:
    fields = version.etag, version.sequencer, version.version_id
    return version.change.event == CREATED and fields == (first.etag, first.sequencer, first.version_id)


def _normalize_sequencer(text: str) -> str:
    """Write a sequencer in lower case; "" for one that is not hexadecimal.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    """
    digits = text.lower()
    return digits if _is_sequencer(digits) else ""


def shows_version(head: ObjectHead, version: ObjectVersion) -> bool:
    """Return whether a head is of the version that an event reports, not of one written later.

    Only a version id is proof. Without one, a later write has a later time, in whole seconds. The time of a multipart
    upload is that of its beginning, so its heads prove nothing.
    """
    if head.etag != version.etag:
        return False
    # In a bucket whose versioning is suspended, every write has the id "null".
    if version.version_id not in {"", "null"}:
        return head.version_id == version.version_id
    time = _parse_time(version.change.time)
    return "-" not in head.etag and time is not None and int(head.last_modified) <= int(time)


def _parse_time(text: str) -> float | None:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    # A time without a zone is not AWS's.
    return time.timestamp() if time.tzinfo else None


def list_tracked(payload: Any, routed: RoutedChanges) -> list[TrackedObject]:
    """List the changed objects that a target skips unchanged."""
    targets_by_id: dict[ObjectId, list[Target]] = {}
    for target, keys in routed.keys_by_target.items():
        if target.settings.skip_unchanged:
            # A key that was created and deleted is listed twice.
            for key in dict.fromkeys(keys):
                targets_by_id.setdefault((target.bucket, key), []).append(target)
    if not targets_by_id:
        return []
    objects = {
        id_: TrackedObject(id_, targets, set(), [], _sources(id_, routed)) for id_, targets in targets_by_id.items()
    }
    _add_distributions(objects, routed)
    for version in parse_versions(payload, _union(tracked.sources for tracked in objects.values())):
        tracked = objects.get((version.change.bucket, version.change.key))
        if tracked:
            tracked.versions.append(version)
    return list(objects.values())


def _sources(id_: ObjectId, routed: RoutedChanges) -> set[str]:
    bucket, key = id_
    sources = set()
    for first_by_key, duplicates_by_key in routed.changes[bucket].values():
        if key in first_by_key:
            sources.add(first_by_key[key].source)
            sources.update(change.source for change in duplicates_by_key.get(key, ()))
    return sources


def _add_distributions(objects: Mapping[ObjectId, TrackedObject], routed: RoutedChanges) -> None:
    for target, keys in routed.keys_by_target.items():
        for key in keys:
            tracked = objects.get((target.bucket, key))
            if tracked:
                tracked.distributions.add(target.distribution.id)


def _union(sets: Iterable[set[str]]) -> set[str]:
    return set().union(*sets)
