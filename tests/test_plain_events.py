"""Events in EventBridge's usual form are read without decoding them: what comes of it must be the same."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payloads import s3_event, sqs_batch
from purgemap.events import Batch, parse_payload
from purgemap.plain_events import read_plain_event

EVENTS = Path(__file__).parent / "events"
KEYS = ["a.html", "a b+c~d*", "été/日本/🙂", "a'b&c=d", "x" * 1024, '"', "\\", "a\nb", "\x7f", "\u00a0", "{}", ":,"]


def compact(event: Any) -> str:
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False)


def test_a_key_with_control_characters_is_read_even_if_they_are_not_escaped() -> None:
    body = compact(s3_event("acme-www", "blog/1.html", "created")).replace("blog/1", "blog/\n\x01\x00")
    assert [change.key for change in batch_of(body).changes] == ["blog/\n\x01\x00.html"]


def batch_of(body: str) -> Batch:
    return parse_payload(sqs_batch([body]))


def decoded(body: str) -> Batch:
    """Parse a body that is the same JSON in a form that is none of EventBridge's."""
    return batch_of(f" {body}")


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("event", ["created", "deleted", "expired"])
def test_an_event_means_the_same_whether_it_is_decoded_or_not(key: str, event: str) -> None:
    body = compact(s3_event("acme-www", key, event))
    assert batch_of(body) == decoded(body)
    assert [change.key for change in batch_of(body).changes] == [key]


@pytest.mark.parametrize("event", ["created", "deleted", "expired"])
def test_an_event_as_eventbridge_writes_it_is_not_decoded(event: str) -> None:
    found = read_plain_event(compact(s3_event("acme-www", "blog/été 1/index.html", event)))
    assert found is not None
    assert found[2:4] == ("acme-www", "blog/été 1/index.html")


def test_every_documented_event_means_the_same_in_compact_form() -> None:
    for file in EVENTS.glob("eventbridge-*.json"):
        text = json.loads(file.read_text())
        for event in text if isinstance(text, list) else [text.get("payload", text)]:
            assert batch_of(compact(event)) == decoded(compact(event)), file.name


_NAMES = ["key", "reason", "bucket", "object", "detail", "size", "name", "new-field", "source", "detail-type", ""]
_VALUES = ["x", "Lifecycle Expiration", 0, 7, -1, 1.5, None, True, {"name": "other"}, ["key"], "a}b", "\ud800", "\x00"]


@given(st.data())
def test_whatever_is_added_to_an_event_or_repeated_in_it_is_read_as_json_reads_it(data: st.DataObject) -> None:
    body = compact(
        s3_event("acme-www", data.draw(st.text(min_size=1)), data.draw(st.sampled_from(["created", "expired"])))
    )
    name, value = data.draw(st.sampled_from(_NAMES)), data.draw(st.sampled_from(_VALUES))
    places = [place for place, character in enumerate(body) if character in ",}"]
    place = data.draw(st.sampled_from(places))
    changed = f"{body[:place]},{json.dumps(name)}:{json.dumps(value)}{body[place:]}"
    assert batch_of(changed) == decoded(changed)


@pytest.mark.parametrize("character", [*map(chr, range(0x20)), "\x7f", "\u2028", "\ud800", "\ufeff"])
def test_a_control_character_means_the_same_wherever_it_stands(character: str) -> None:
    body = compact(s3_event("acme-www", "blog/1.html", "expired"))
    for place in range(len(body)):
        assert _told(body[:place] + character + body[place:]) == _told(f" {body[:place]}{character}{body[place:]}")


_PIECES = [
    *('"key":"evil"', '"bucket":{"name":"evil"}', '"object":{"key":"evil"}', '"reason":"Lifecycle Expiration"'),
    *(
        '"detail":{}',
        '"source":"aws.s4"',
        '"detail-type":"Object Deleted"',
        '"key":5',
        '"reason":null',
        '"k":{"key":""}',
    ),
    *(
        '"n":-0',
        '"n":01',
        '"n":1e5',
        '"n":NaN',
        f'"n":{"9" * 5_000}',
        '"n":\u0663',
        '"id":"z"',
        '"key ":"z"',
        '"k\\u0065y":"z"',
        '"":0',
    ),
    *(" ", "\t", '"', "\\", "{", "}", "[", "]", ",", ":", "\\u0022", "\ud83d", "x" * 1_100, "é"),
]


@given(st.lists(st.tuples(st.sampled_from(_PIECES), st.floats(0, 1), st.integers(0, 40), st.booleans()), max_size=3))
def test_a_text_put_together_anew_is_read_as_json_reads_it(edits: list[tuple[str, float, int, bool]]) -> None:
    body = compact(s3_event("acme-www", "blog/1.html", "created"))
    for piece, where, length, is_member in edits:
        # Half of the edits put a member where one may stand, the others put anything anywhere, or over something.
        places = [place for place, character in enumerate(body) if not is_member or character in ",}"] or [0]
        place = places[int(where * (len(places) - 1))]
        body = body[:place] + (f",{piece}" if is_member else piece) + body[place + (0 if is_member else length) :]
    assert _told(body) == _told(f" {body}")


def _told(body: str) -> tuple[object, ...]:
    found = batch_of(body)
    return found.changes, found.ignored, len(found.malformed), found.jobs


@given(st.data())
def test_a_text_that_is_cut_or_altered_is_never_read_as_more_than_json_reads(data: st.DataObject) -> None:
    body = compact(s3_event("acme-www", "blog/1.html", "created"))
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, min(len(body), start + 3)))
    changed = body[:start] + data.draw(st.sampled_from(["", '"', ",", "}", "{", "0", "\\", ":"])) + body[end:]
    assert _told(changed) == _told(f" {changed}")
