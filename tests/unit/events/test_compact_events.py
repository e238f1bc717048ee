"""Events in EventBridge's usual form are read without decoding them: what comes of it must be the same."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from purgemap.events.compact_events import match_compact_event
from purgemap.events.payload import Batch, parse_payload
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


def batch_of(body: str) -> Batch:
    return parse_payload(sqs_batch([body]))


def meaning(body: str) -> tuple[object, ...]:
    """Return what comes of a body, but for the words of a JSON error: they are the decoder's, and give its place."""
    found = batch_of(body)
    return found.changes, found.jobs, found.ignored, [record.source for record in found.malformed]


def decoded(body: str) -> tuple[object, ...]:
    """Return what comes of the same JSON in a form that is none of EventBridge's."""
    return meaning(f" {body}")


def test_a_key_with_control_characters_is_read_even_if_they_are_not_escaped() -> None:
    body = compact(s3_event("acme-www", "blog/1.html", "created")).replace("blog/1", "blog/\n\x01\x00")
    assert [change.key for change in batch_of(body).changes] == ["blog/\n\x01\x00.html"]


@each_shape
@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("event", ["created", "deleted", "expired"])
def test_an_event_means_the_same_whether_it_is_decoded_or_not(key: str, event: str, shape: dict[str, Any]) -> None:
    body = compact(s3_event("acme-www", key, event, **shape))
    assert meaning(body) == decoded(body)
    assert [change.key for change in batch_of(body).changes] == [key]


@each_shape
@pytest.mark.parametrize("event", ["created", "deleted", "expired"])
def test_an_event_as_eventbridge_writes_it_is_not_decoded(event: str, shape: dict[str, Any]) -> None:
    found = match_compact_event(compact(s3_event("acme-www", "blog/été 1/index.html", event, **shape)))
    assert found is not None
    assert found[2:4] == ("acme-www", "blog/été 1/index.html")


@pytest.mark.parametrize("member", ['"x":true', '"x":false', '"x":null', '"x":-1', '"x":1.5', '"x":"y"', '"reasons":1'])
@pytest.mark.parametrize("place", ['"bucket":{', '"object":{', '"request-id":', '"sequencer":', '"size":'])
def test_plain_event_may_have_members_that_are_not_known_yet(member: str, place: str) -> None:
    body = compact(s3_event("acme-www", "blog/1.html", tags=TAGS)).replace(place, f"{member},{place}")
    assert match_compact_event(body) is not None
    assert meaning(body) == decoded(body)


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
def test_plain_event_has_the_meaning_of_its_decoded_members(
    detail: dict[str, Any], subject: dict[str, Any], kind: str
) -> None:
    event = s3_event("acme-www", "blog/1.html", kind)
    event["detail"] = {**event["detail"], **detail}
    event["detail"]["object"] |= subject
    assert meaning(compact(event)) == decoded(compact(event))


def test_plain_event_of_a_noncurrent_version_is_not_decoded() -> None:
    event = s3_event("acme-www", "blog/1.html", "expired")
    event["detail"]["object"]["version-id"] = "mtB0cV.jejK63XkRNceanNMC"
    assert match_compact_event(compact(event)) is not None
    assert meaning(compact(event))[0] == []


def test_every_documented_event_means_the_same_in_compact_form() -> None:
    for file in EVENTS.glob("eventbridge-*.json"):
        payload = json.loads(file.read_text())["payload"]
        for event in payload if isinstance(payload, list) else [payload]:
            assert meaning(compact(event)) == decoded(compact(event)), file.name


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
    assert meaning(changed) == decoded(changed)


@pytest.mark.parametrize("character", [*map(chr, range(0x20)), "\x7f", "\u2028", "\ud800", "\ufeff"])
def test_a_control_character_means_the_same_wherever_it_stands(character: str) -> None:
    body = compact(s3_event("acme-www", "blog/1.html", "expired"))
    for place in range(len(body)):
        changed = body[:place] + character + body[place:]
        assert meaning(changed) == decoded(changed)


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
    assert meaning(body) == decoded(body)


@given(st.data())
def test_a_text_that_is_cut_or_altered_is_never_read_as_more_than_json_reads(data: st.DataObject) -> None:
    body = compact(s3_event("acme-www", "blog/1.html", "created"))
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, min(len(body), start + 3)))
    changed = body[:start] + data.draw(st.sampled_from(["", '"', ",", "}", "{", "0", "\\", ":"])) + body[end:]
    assert meaning(changed) == decoded(changed)
