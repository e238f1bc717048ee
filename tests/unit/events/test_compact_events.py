"""An event in EventBridge's usual form is not decoded, and gives what decoding it would give."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from purgemap.events import Batch, ObjectChange, parse_payload
from purgemap.events.compact_events import parse_compact_event
from support.payloads import TAGS, s3_event, sqs_batch
from support.places import CASES

EVENTS = CASES / "events"
KEYS = ["a.html", "a b+c~d*", "été/日本/🙂", "a'b&c=d", "x" * 1024, '"', "\\", "a\nb", "\x7f", "\u00a0", "{}", ":,"]
SHAPES: dict[str, dict[str, Any]] = {
    "today": {},
    "of a bucket with tags": {"tags": TAGS},
    "of a later minor version": {"event_version": "1.17"},
    "before mid-2026": {"event_version": None},
}
each_shape = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())


def compact(event: Any) -> str:
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False)


def parse_body(body: str) -> Batch:
    return parse_payload(sqs_batch([body]))


def results(body: str) -> tuple[object, ...]:
    # Without the texts of errors: the decoder's name a position, which the added space of `decoded` moves.
    batch = parse_body(body)
    return batch.changes, batch.jobs, batch.ignored, [record.source for record in batch.malformed]


def decoded(body: str) -> tuple[object, ...]:
    """Parse the same JSON in a form that has to be decoded."""
    return results(f" {body}")


def assert_parsed_as_decoded(body: str) -> None:
    assert results(body) == decoded(body)


def test_compact_event_may_hold_unescaped_control_characters() -> None:
    body = compact(s3_event("acme-www", "blog/1.html", "created")).replace("blog/1", "blog/\n\x01\x00")
    assert [change.key for change in parse_body(body).changes] == ["blog/\n\x01\x00.html"]


@each_shape
@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("event", ["created", "deleted", "expired"])
def test_compact_event_gives_the_same_change_as_decoded(key: str, event: str, shape: dict[str, Any]) -> None:
    body = compact(s3_event("acme-www", key, event, **shape))
    assert_parsed_as_decoded(body)
    assert [change.key for change in parse_body(body).changes] == [key]


@each_shape
@pytest.mark.parametrize("event", ["created", "deleted", "expired"])
def test_compact_event_is_parsed_without_decoding(event: str, shape: dict[str, Any]) -> None:
    change = parse_compact_event(compact(s3_event("acme-www", "blog/été 1/index.html", event, **shape)), "m-1")
    assert isinstance(change, ObjectChange)
    assert change[:3] == ("acme-www", "blog/été 1/index.html", event)


@pytest.mark.parametrize("member", ['"x":true', '"x":false', '"x":null', '"x":-1', '"x":1.5', '"x":"y"', '"reasons":1'])
@pytest.mark.parametrize("place", ['"bucket":{', '"object":{', '"request-id":', '"sequencer":', '"size":'])
def test_compact_event_may_have_unknown_members(member: str, place: str) -> None:
    body = compact(s3_event("acme-www", "blog/1.html", tags=TAGS)).replace(place, f"{member},{place}")
    assert parse_compact_event(body, "m-1") is not None
    assert_parsed_as_decoded(body)


_REASONS = st.sampled_from(["DeleteObject", "Lifecycle Expiration", "Lifecycle", "", None, 7])
_DELETION_TYPES: st.SearchStrategy[Any] = st.sampled_from(
    ["Permanently Deleted", "Delete Marker Created", "permanently deleted", "", None, []]
)
_VERSION_IDS: st.SearchStrategy[Any] = st.sampled_from(["mtB0cV.jejK63XkRNceanNMC", "null", "", None, 0, {}])
_VERSIONS = st.sampled_from(["1.2", "1.", "1", "2.0", "10.2", "", None, 1.2])


@settings(max_examples=5 * settings().max_examples)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "reason": _REASONS,
            "deletion-type": _DELETION_TYPES,
            "event-version": _VERSIONS,
            "version": _VERSIONS,
        },
    ),
    st.fixed_dictionaries({}, optional={"version-id": _VERSION_IDS, "size": st.just(5), "sequencer": st.just("6")}),
    st.sampled_from(["created", "deleted", "expired"]),
)
def test_compact_event_uses_its_members_as_decoded(detail: dict[str, Any], subject: dict[str, Any], kind: str) -> None:
    event = s3_event("acme-www", "blog/1.html", kind)
    event["detail"] = {**event["detail"], **detail}
    event["detail"]["object"] |= subject
    assert_parsed_as_decoded(compact(event))


def test_compact_event_of_noncurrent_version_is_not_decoded() -> None:
    event = s3_event("acme-www", "blog/1.html", "expired")
    event["detail"]["object"]["version-id"] = "mtB0cV.jejK63XkRNceanNMC"
    assert parse_compact_event(compact(event), "m-1") is not None
    assert results(compact(event))[0] == []


@pytest.mark.parametrize("file", sorted(EVENTS.glob("eventbridge-*.json")), ids=lambda file: file.stem)
def test_compact_form_of_documented_event_equals_decoded(file: Path) -> None:
    payload = json.loads(file.read_text())["payload"]
    for event in payload if isinstance(payload, list) else [payload]:
        assert_parsed_as_decoded(compact(event))


_NAMES = ["key", "reason", "bucket", "object", "detail", "size", "name", "new-field", "source", "detail-type", ""]
_VALUES = ["x", "Lifecycle Expiration", 0, 7, -1, 1.5, None, True, {"name": "other"}, ["key"], "a}b", "\ud800", "\x00"]


@given(st.data())
def test_compact_event_with_added_member_equals_decoded(data: st.DataObject) -> None:
    body = compact(
        s3_event("acme-www", data.draw(st.text(min_size=1)), data.draw(st.sampled_from(["created", "expired"])))
    )
    name, value = data.draw(st.sampled_from(_NAMES)), data.draw(st.sampled_from(_VALUES))
    place = data.draw(st.sampled_from([place for place, character in enumerate(body) if character in ",}"]))
    assert_parsed_as_decoded(f"{body[:place]},{json.dumps(name)}:{json.dumps(value)}{body[place:]}")


@pytest.mark.parametrize("character", [*map(chr, range(0x20)), "\x7f", "\u2028", "\ud800", "\ufeff"])
def test_compact_event_with_control_character_equals_decoded(character: str) -> None:
    body = compact(s3_event("acme-www", "blog/1.html", "expired"))
    for place in range(len(body)):
        assert_parsed_as_decoded(body[:place] + character + body[place:])


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
def test_compact_event_with_random_edits_equals_decoded(edits: list[tuple[str, float, int, bool]]) -> None:
    body = compact(s3_event("acme-www", "blog/1.html", "created"))
    for piece, where, length, is_member in edits:
        # Half of the edits insert a member where JSON allows one; the others insert or overwrite anywhere.
        places = [place for place, character in enumerate(body) if not is_member or character in ",}"] or [0]
        place = places[int(where * (len(places) - 1))]
        body = body[:place] + (f",{piece}" if is_member else piece) + body[place + (0 if is_member else length) :]
    assert_parsed_as_decoded(body)


@given(st.data())
def test_compact_event_with_cut_text_equals_decoded(data: st.DataObject) -> None:
    body = compact(s3_event("acme-www", "blog/1.html", "created"))
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, min(len(body), start + 3)))
    piece = data.draw(st.sampled_from(["", '"', ",", "}", "{", "0", "\\", ":"]))
    assert_parsed_as_decoded(body[:start] + piece + body[end:])
