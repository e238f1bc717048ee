"""A bucket in memory and the service with a ledger: uploads change the bucket's heads and give events."""

import hashlib
from datetime import UTC, datetime
from typing import Any

from purgemap.ledger import Ledger, ObjectHead
from purgemap.pipeline import BatchResult, Service, process_batch
from purgemap.routemap.compiled import RouteMap
from purgemap.routing.router import Router
from support.delivery import build_rate_limit
from support.doubles.clock import Clock
from support.doubles.ledger import MemoryLedgerTable, MemoryObjectHeads
from support.doubles.memory import MemoryCloudFront, MemoryQueue
from support.ids import E1, E2
from support.payloads import s3_event, sqs_batch

BUCKET = "site"
MAP = f"""
version: 1
routes:
  - {{name: all, bucket: site, distributions: [{E1}], skip_unchanged: true}}
  - {{name: docs, bucket: site, prefix: docs/, distributions: [{E2}], skip_unchanged: true}}
  - {{name: feed, bucket: site, prefix: feed/, distributions: [{E2}]}}
"""


class LedgerSite:
    """The service of a map, whose tracking began long ago. The bucket has no versions unless `version` is given."""

    def __init__(self, routes: RouteMap) -> None:
        self.clock = Clock()
        self.cloudfront, self.queue = MemoryCloudFront(), MemoryQueue()
        self.table, self.heads = MemoryLedgerTable(self.clock), MemoryObjectHeads(self.clock)
        self.seconds_left = 60.0
        self.restart(routes)
        self.process()
        self.clock.advance(1_000)
        self.process()

    def restart(self, routes: RouteMap) -> None:
        """Start a new function with a map."""
        ledger = Ledger(self.table, self.heads, routes)
        self.service = Service(routes, Router(routes), self.cloudfront, self.queue, self.queue, ledger=ledger)

    def upload(self, key: str, content: str = "v1", *, version: str = "", **fields: Any) -> dict[str, Any]:
        """Write an object; return its event. `fields` are headers, by HeadObject's names."""
        self.clock.advance(5)
        etag = hashlib.md5(content.encode(), usedforsecurity=False).hexdigest()
        fields = {"ContentLength": len(content), "ContentType": "text/html", "Metadata": {}} | fields
        self.heads.heads[BUCKET, key] = ObjectHead(etag, version, self.clock.now, fields)
        event = self._event(key, "created")
        event["detail"]["object"] |= {"etag": etag} | ({"version-id": version} if version else {})
        return event

    def delete(self, key: str) -> dict[str, Any]:
        """Delete an object; return its event."""
        self.clock.advance(5)
        del self.heads.heads[BUCKET, key]
        return self._event(key, "deleted")

    def _event(self, key: str, kind: str) -> dict[str, Any]:
        time = datetime.fromtimestamp(self.clock.now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return s3_event(BUCKET, key, kind, time=time)

    def process(self, *events: Any) -> BatchResult:
        """Process a batch of events; the calls of doubles are those of this batch only."""
        return self.process_payload(sqs_batch(events))

    def process_payload(self, payload: Any) -> BatchResult:
        for calls in (self.cloudfront.calls, self.table.calls, self.heads.calls):
            calls.clear()
        self.clock.advance(1)
        rate_limit = build_rate_limit(lambda: self.seconds_left)._replace(now=self.clock)
        return process_batch(payload, self.service, rate_limit)

    def publish(self, key: str, content: str = "v1", **fields: Any) -> list[str]:
        """Upload an object and process its event; return the distributions that invalidate it."""
        self.process(self.upload(key, content, **fields))
        return self.invalidated()

    def invalidated(self) -> list[str]:
        """Return the distributions of the last batch's calls."""
        return [distribution for distribution, _, _ in self.cloudfront.calls]
