"""An event bus in memory: it records the events of each call, and fails as a test selects."""

import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from purgemap.completion_events import ACCEPTED, REJECTED, SOURCE

SCHEMA_NAMES = {ACCEPTED: "invalidation-accepted", REJECTED: "invalidation-rejected"}


def validator(detail_type: str) -> Draft202012Validator:
    """Return the validator of the schema that is shipped for a detail type."""
    schema = files("purgemap.schemas").joinpath(f"{SCHEMA_NAMES[detail_type]}.schema.json").read_text("utf-8")
    return Draft202012Validator(json.loads(schema), format_checker=FormatChecker())


def parse_detail(event: tuple[str, str, str]) -> dict[str, Any]:
    """Parse an event's detail, which must match its schema."""
    source, detail_type, text = event
    assert source == SOURCE
    detail: dict[str, Any] = json.loads(text)
    validator(detail_type).validate(detail)
    return detail


class MemoryEventBus:
    """Keeps the events of each call; `failures` are the answers to a call, or an exception."""

    def __init__(self, failures: Sequence[str] | Exception = ()) -> None:
        self.failures = failures
        self.calls: list[list[tuple[str, str, str]]] = []

    def put_events(self, events: Sequence[tuple[str, str, str]]) -> list[str]:
        self.calls.append(list(events))
        if isinstance(self.failures, Exception):
            raise self.failures
        return [*self.failures, *[""] * len(events)][: len(events)]
