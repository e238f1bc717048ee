"""A site, edited step by step → what each step changed, what CloudFront was told, and what stayed stale."""

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event
from typing import NamedTuple, TypeAlias

from purgemap.demo.local_aws import LocalAws, invalidation_ids, invalidation_items
from purgemap.demo.provision import DemoStack, account_of
from purgemap.demo.site_sync import Content, list_bucket, sync
from purgemap.demo.sqs_poller import Batch, EventSource, Handler
from purgemap.demo.staleness import Coverage, is_wildcard
from purgemap.errors import PurgemapError
from purgemap.routemap import Distribution
from purgemap.text import pluralize

WINDOW_SECONDS = 2.0  # in service 10: here a person waits for it after every step
_DRAIN_SECONDS = 600.0
_LOOK_SECONDS = 0.1


Objects: TypeAlias = dict[tuple[str, str], str]  # ETags by bucket and key


class Change(NamedTuple):
    """An object that is new or other than before (event "created"), or gone ("deleted")."""

    bucket: str
    key: str
    event: str


class AcceptedInvalidation(NamedTuple):
    """An invalidation that CloudFront accepted, read back from it; `changes` counts the changed objects it covers."""

    distribution: Distribution
    items: tuple[str, ...]
    changes: int

    @property
    def wildcards(self) -> int:
        """Count the items that are wildcards."""
        return sum(is_wildcard(item) for item in self.items)


class Step(NamedTuple):
    """What a step came to: messages are events, or jobs that the service sent to itself."""

    title: str
    changes: tuple[Change, ...]
    batches: tuple[Batch, ...]
    told: tuple[AcceptedInvalidation, ...]
    lost: tuple[Change, ...]
    seconds: float

    @property
    def events(self) -> int:
        """Count the messages that reached the handler, each once however often it was tried."""
        return len({message for batch in self.batches for message in batch.message_ids})


@dataclass(slots=True)
class DemoRun:
    """Plays steps on an AWS whose queue is polled all the while, by `poller` until the demonstration ends."""

    aws: LocalAws
    scenery: DemoStack
    source: EventSource
    poller: "Future[None]"
    _objects: Objects = field(default_factory=dict)  # as the last step left them
    _known: set[str] = field(default_factory=set)  # the ids of invalidations that were told

    def play(self, title: str, site: Mapping[str, Content], progress: Callable[[str], None]) -> Step:
        """Make every place of the map hold the site, and wait until the service has dealt with it."""
        started = time.monotonic()
        done = len(self.source.batches)
        before = self._objects
        self._sync(site, progress)
        self._drain(progress)
        self._objects = self._list()
        changes = tuple(_changes(before, self._objects))
        batches = tuple(self.source.batches[done:])
        told = self.news(changes)
        lost = tuple(self._lost(changes, told))
        return Step(title, changes, batches, told, lost, time.monotonic() - started)

    def news(self, changes: tuple[Change, ...] = ()) -> tuple[AcceptedInvalidation, ...]:
        """Read the invalidations that CloudFront accepted since this was last asked."""
        return tuple(
            AcceptedInvalidation(distribution, tuple(sorted(items)), self._covered(changes, distribution, items))
            for distribution in self.scenery.distributions
            for items in self._new_items(distribution)
        )

    def _new_items(self, distribution: Distribution) -> Iterator[list[str]]:
        cloudfront = self.aws.client("cloudfront", account_of(distribution))
        for identifier in invalidation_ids(cloudfront, distribution.id):
            if identifier not in self._known:
                self._known.add(identifier)
                yield invalidation_items(cloudfront, distribution.id, identifier)

    def dead_letters(self) -> int:
        """Count the messages that the queue gave up."""
        return self._depth(self.scenery.dead_letter_url)

    def _covered(self, changes: tuple[Change, ...], distribution: Distribution, items: list[str]) -> int:
        coverage = Coverage(items)
        covered = {
            (change.bucket, change.key)
            for change in changes
            for destination in self.scenery.destinations(*change)
            if destination.distribution == distribution.id and coverage.covers(destination.viewer_path)
        }
        return len(covered)

    def _lost(self, changes: tuple[Change, ...], told: tuple[AcceptedInvalidation, ...]) -> Iterator[Change]:
        coverages = {
            distribution.id: Coverage(item for one in told if one.distribution == distribution for item in one.items)
            for distribution in self.scenery.distributions
        }
        for change in changes:
            destinations = self.scenery.destinations(*change)
            if not all(coverages[served.distribution].covers(served.viewer_path) for served in destinations):
                yield change

    def _list(self) -> Objects:
        s3 = self.aws.client("s3")
        buckets = {place.bucket for place in self.scenery.places}
        return {(bucket, key): etag for bucket in buckets for key, etag in list_bucket(s3, bucket).items()}

    def _sync(self, site: Mapping[str, Content], progress: Callable[[str], None]) -> None:
        wanted: dict[str, dict[str, Content]] = {}
        for place in self.scenery.places:
            content = {place.folder + key: content for key, content in site.items()}
            wanted.setdefault(place.bucket, {}).update(content)
        for bucket, content in wanted.items():
            progress(f"{bucket}: {pluralize(len(content), 'file')}")
            sync(self.aws.client("s3"), bucket, content)

    def _drain(self, progress: Callable[[str], None]) -> None:
        deadline = time.monotonic() + _DRAIN_SECONDS
        while left := self._depth(self.scenery.queue_url):
            progress(f"messages in the queue: {left:,}")
            if self.poller.done():
                self.poller.result()
            if time.monotonic() > deadline:
                raise PurgemapError(f"still in the queue after {_DRAIN_SECONDS:.0f} s: {pluralize(left, 'message')}")
            time.sleep(_LOOK_SECONDS)

    def _depth(self, queue_url: str) -> int:
        """Count the messages that wait, wait for later, or are with the handler."""
        answer = self.aws.client("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=["All"])
        return sum(int(n) for name, n in answer["Attributes"].items() if name.startswith("ApproximateNumberOf"))


def _changes(before: Objects, after: Objects) -> Iterator[Change]:
    for place in sorted(before.keys() | after.keys()):
        if before.get(place) != after.get(place):
            yield Change(*place, "created" if place in after else "deleted")


@contextmanager
def start_demo(aws: LocalAws, scenery: DemoStack, handler: Handler) -> Iterator[DemoRun]:
    """Poll the queue in a thread of its own while the block plays its steps."""
    stop = Event()
    source = EventSource(aws.client("sqs"), scenery.queue_url, aws.queue_arn(scenery.queue_url), handler)
    source.window_seconds = WINDOW_SECONDS

    def poll() -> None:
        while not stop.is_set():
            source.poll()

    with ThreadPoolExecutor(1, thread_name_prefix="event source") as pool:
        try:
            yield DemoRun(aws, scenery, source, pool.submit(poll))
        finally:
            stop.set()
