"""The version of an object that an event reports: its ETag, its version id and its place in the order of events."""

from collections.abc import Container, Iterator
from typing import Any, NamedTuple

from purgemap.errors import PurgemapError
from purgemap.events import ObjectChange, iterate_events, parse_event


class ObjectVersion(NamedTuple):
    """A change with the fields of its event that distinguish versions, as S3 writes them.

    A missing field is "". The later one of two events of a key has the larger sequencer.
    """

    change: ObjectChange
    etag: str
    sequencer: str
    version_id: str


def parse_versions(payload: Any, sources: Container[str]) -> Iterator[ObjectVersion]:
    """Yield the version behind each change of a payload: of a queue's payload, only of the messages in `sources`."""
    for event, source in iterate_events(payload, sources):
        version = _parse_version(event, source)
        if version is not None:
            yield version


def _parse_version(event: Any, source: str) -> ObjectVersion | None:
    """Parse a decoded S3 event; None if it changes no object, or can't be parsed."""
    try:
        change = parse_event(event, source)
    except PurgemapError:
        return None
    if not isinstance(change, ObjectChange):
        return None
    is_classic = "detail-type" not in event
    fields = event["s3"]["object"] if is_classic else event["detail"]["object"]
    names = ("eTag", "sequencer", "versionId") if is_classic else ("etag", "sequencer", "version-id")
    return ObjectVersion(change, *(_text(fields.get(name)) for name in names))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
