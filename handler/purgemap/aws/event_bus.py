"""Put events on an EventBridge bus over botocore. Only a function with an event bus imports this module."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from botocore.exceptions import BotoCoreError

from purgemap.aws.clients import Aws
from purgemap.aws.errors import describe_error
from purgemap.errors import PurgemapError

# EventBridge's pattern for a bus that is not a partner's, which takes no events of others.
# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html
_BUS = re.compile(
    r"(?:arn:aws[\w-]*:events:(?P<region>[a-z]+-[a-z]+-[\w-]+):[0-9]{12}:event-bus/)?[A-Za-z0-9._-]{1,256}"
)


class AwsEventBus:
    """`completion_events.EventBus` over PutEvents."""

    def __init__(self, aws: Aws, name: str) -> None:
        bus = _BUS.fullmatch(name)
        if bus is None:
            raise PurgemapError(f"{name!r}: write the name or the ARN of an event bus")
        # An endpoint of EventBridge has the buses of its own region only.
        self._aws = aws.in_region(bus["region"]) if bus["region"] else aws
        self._name = name
        # The function creates its client while it starts. A failure does not end the start: `put_events` reports it.
        with suppress(BotoCoreError, PurgemapError):
            self._aws.client("events")

    def put_events(self, events: Sequence[tuple[str, str, str]]) -> list[str]:
        """Put at most 10 events; returns the failure of each, or "".

        An event is a source, a detail type and a detail.
        """
        entries = [
            {"Source": source, "DetailType": detail_type, "Detail": detail, "EventBusName": self._name}
            for source, detail_type, detail in events
        ]
        try:
            client = self._aws.client("events")
            failures = list(_parse_failures(client.put_events(Entries=entries)))
            # A connection that is kept until the next batch may be dead by then, and there is one attempt.
            client.close()
        except Exception as error:  # noqa: BLE001  whatever fails here, the invalidations were sent
            return [describe_error(error)] * len(events)
        # AWS lists a result for each entry. An event without a result may be lost.
        return [*failures, *["no answer"] * len(events)][: len(events)]


def _parse_failures(answer: Any) -> Iterator[str]:
    for entry in answer["Entries"]:
        code, message = entry.get("ErrorCode"), entry.get("ErrorMessage", "")
        yield f"PutEvents: {code}: {message}" if code else ""
