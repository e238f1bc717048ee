"""Run the demo: edit a site step by step, and record changes, accepted invalidations and stale objects."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event
from typing import NamedTuple, TypeAlias

from purgemap.demo.local_aws import LocalAws, invalidation_ids, invalidation_items
from purgemap.demo.moto_patches.cloudfront import count_invalidations
from purgemap.demo.provision import DemoStack, account_of
from purgemap.demo.site_sync import Content, list_bucket, sync
from purgemap.demo.sqs_poller import EventSource, Handler, Invocation
from purgemap.demo.staleness import Coverage, is_wildcard
from purgemap.demo.steps import DemoStep
from purgemap.errors import PurgemapError
from purgemap.routemap import Distribution
from purgemap.text import pluralize

WINDOW_SECONDS = 2.0  # 10 in the stack; a person waits for it after every step here
_MAX_DRAIN_SECONDS = 600.0
_POLL_SECONDS = 0.1


ETags: TypeAlias = dict[tuple[str, str], str]  # by bucket and key


class SiteChange(NamedTuple):
    """An object that a step created or changed (event "created") or deleted ("deleted")."""

    bucket: str
    key: str
    event: str


class AcceptedInvalidation(NamedTuple):
    """An invalidation as CloudFront lists it; `changes` is the number of changed objects that it covers."""

    distribution: Distribution
    items: tuple[str, ...]
    changes: int

    @property
    def wildcards(self) -> int:
        """The number of items that are wildcards."""
        return sum(is_wildcard(item) for item in self.items)


class StepResult(NamedTuple):
    """The result of a step; `stale` are changed objects whose old copy viewers can still get."""

    title: str
    changes: tuple[SiteChange, ...]
    invocations: tuple[Invocation, ...]
    invalidations: tuple[AcceptedInvalidation, ...]
    stale: tuple[SiteChange, ...]
    seconds: float

    @property
    def events(self) -> int:
        """The number of messages that the handler received, retries not counted."""
        # Messages are events, or jobs that the service sent to its own queue.
        return len({message for invocation in self.invocations for message in invocation.message_ids})


@dataclass(slots=True)
class DemoRun:
    """A run of steps on an AWS whose queue is polled in the thread of `poller`."""

    aws: LocalAws
    stack: DemoStack
    source: EventSource
    poller: "Future[None]"
    _etags: ETags = field(default_factory=dict)  # after the last step
    _known_ids: set[str] = field(default_factory=set)  # of invalidations that were returned

    def run_step(self, step: DemoStep, progress: Callable[[str], None]) -> StepResult:
        """Upload a step's site to every folder of the map, and wait until the queue is empty; raises PurgemapError."""
        started = time.monotonic()
        invocations_before, etags_before = len(self.source.invocations), self._etags
        self._upload(step, progress)
        self._drain(progress)
        self._etags = self._list_etags()
        changes = tuple(_list_changes(etags_before, self._etags))
        invocations = tuple(self.source.invocations[invocations_before:])
        invalidations = self.new_invalidations(changes)
        stale = tuple(self._find_stale(changes, invalidations))
        return StepResult(step.title, changes, invocations, invalidations, stale, time.monotonic() - started)

    def new_invalidations(self, changes: tuple[SiteChange, ...] = ()) -> tuple[AcceptedInvalidation, ...]:
        """Read the invalidations that CloudFront accepted since the last call."""
        return tuple(
            AcceptedInvalidation(distribution, tuple(sorted(items)), self._count_covered(changes, distribution, items))
            for distribution in self.stack.distributions
            for items in self._new_items(distribution)
        )

    def _new_items(self, distribution: Distribution) -> Iterator[list[str]]:
        cloudfront = self.aws.client("cloudfront", account_of(distribution))
        for id_ in invalidation_ids(cloudfront, distribution.id):
            if id_ not in self._known_ids:
                self._known_ids.add(id_)
                yield invalidation_items(cloudfront, distribution.id, id_)

    def count_invalidations(self) -> int:
        """Count all invalidations in the accounts of the map."""
        return sum(map(count_invalidations, {account_of(distribution) for distribution in self.stack.distributions}))

    def count_dead_letters(self) -> int:
        """Count the messages in the dead-letter queue."""
        return self._count_messages(self.stack.dead_letter_url)

    def _count_covered(self, changes: tuple[SiteChange, ...], distribution: Distribution, items: list[str]) -> int:
        coverage = Coverage(items)
        covered = {
            (change.bucket, change.key)
            for change in changes
            for destination in self.stack.destinations(*change)
            if destination.distribution == distribution.id and coverage.covers(destination.viewer_path)
        }
        return len(covered)

    def _find_stale(
        self, changes: tuple[SiteChange, ...], invalidations: tuple[AcceptedInvalidation, ...]
    ) -> Iterator[SiteChange]:
        coverages = {
            distribution.id: Coverage(
                item
                for invalidation in invalidations
                if invalidation.distribution == distribution
                for item in invalidation.items
            )
            for distribution in self.stack.distributions
        }
        for change in changes:
            destinations = self.stack.destinations(*change)
            if not all(coverages[place.distribution].covers(place.viewer_path) for place in destinations):
                yield change

    def _list_etags(self) -> ETags:
        s3 = self.aws.client("s3")
        buckets = {folder.bucket for folder in self.stack.folders}
        return {(bucket, key): etag for bucket in buckets for key, etag in list_bucket(s3, bucket).items()}

    def _upload(self, step: DemoStep, progress: Callable[[str], None]) -> None:
        contents: dict[str, dict[str, Content]] = {}
        for bucket, prefix in self.stack.folders:
            contents.setdefault(bucket, {}).update({prefix + key: content for key, content in step.site.items()})
        for bucket, content in contents.items():
            progress(f"{bucket}: {pluralize(len(content), 'file')}")
            sync(self.aws.client("s3"), bucket, content, uploads_all=step.uploads_all)

    def _drain(self, progress: Callable[[str], None]) -> None:
        deadline = time.monotonic() + _MAX_DRAIN_SECONDS
        while count := self._count_messages(self.stack.queue_url):
            progress(f"messages in the queue: {count:,}")
            if self.poller.done():
                self.poller.result()  # raises the poller's error
            if time.monotonic() > deadline:
                raise PurgemapError(
                    f"still in the queue after {_MAX_DRAIN_SECONDS:.0f} s: {pluralize(count, 'message')}"
                )
            time.sleep(_POLL_SECONDS)

    def _count_messages(self, queue_url: str) -> int:
        # Visible, delayed and in flight.
        answer = self.aws.client("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=["All"])
        return sum(int(count) for name, count in answer["Attributes"].items() if name.startswith("ApproximateNumberOf"))


def _list_changes(before: ETags, after: ETags) -> Iterator[SiteChange]:
    for bucket_and_key in sorted(before.keys() | after.keys()):
        if before.get(bucket_and_key) != after.get(bucket_and_key):
            yield SiteChange(*bucket_and_key, "created" if bucket_and_key in after else "deleted")


@contextmanager
def start_demo(
    aws: LocalAws, stack: DemoStack, handler: Handler, window_seconds: float = WINDOW_SECONDS
) -> Iterator[DemoRun]:
    """Poll the queue in a thread while the block runs its steps; `window_seconds` is the batching window."""
    stop = Event()
    source = EventSource(aws.client("sqs"), stack.queue_url, aws.queue_arn(stack.queue_url), handler)
    source.window_seconds = window_seconds

    def poll() -> None:
        while not stop.is_set():
            source.poll()

    with ThreadPoolExecutor(1, thread_name_prefix="event source") as pool:
        try:
            yield DemoRun(aws, stack, source, pool.submit(poll))
        finally:
            stop.set()
