"""Dead letters, each kind as a file of tests/cases/dead_letters: its reason and its redriven messages."""

import json
from pathlib import Path

import pytest

from conftest import LoadMap
from purgemap.delivery import ReceivedMessage
from purgemap.operations.dead_letters import DeadLetterSource, affected_distributions, classify_dead_letter
from purgemap.routing.router import Router
from support.dead_letters import job, letter, rejected
from support.ids import E1, NOW
from support.payloads import s3_event
from support.places import CASES

LETTER_CASES = sorted((CASES / "dead_letters").glob("*.json"))
MAP = f"""
version: 1
distributions:
  docs: {{id: E2EXAMPLE2ABCD}}
routes:
  - {{bucket: site, distributions: [{E1}]}}
  - {{bucket: site, prefix: docs/, distributions: [docs]}}
"""


@pytest.mark.parametrize("file", LETTER_CASES, ids=lambda file: file.stem)
def test_dead_letter_has_reason_and_redrive_bodies(file: Path, map_from_yaml: LoadMap) -> None:
    case = json.loads(file.read_text())
    dead = letter(case["letter"]["body"], case["letter"]["id"], case["letter"]["attributes"])
    read = classify_dead_letter(dead, NOW)
    assert (read.kind, read.reason) == (case["kind"], case["reason"])
    assert sorted(affected_distributions(read, Router(map_from_yaml(MAP)))) == case["distributions"]
    if case["sent"] == "unchanged":
        assert read.redrive_bodies == (dead.body,)
    else:
        assert [json.loads(body) for body in read.redrive_bodies] == case["sent"]


def test_dead_letter_kinds_all_have_a_case() -> None:
    assert {json.loads(file.read_text())["kind"] for file in LETTER_CASES} == set(DeadLetterSource)


@pytest.mark.parametrize("levels", [65, 900, 1_100, 5_000, 200_000])
@pytest.mark.parametrize(
    "body", ["DEEP", '{"purgemap_job": DEEP}', '{"requestContext": {"condition": "x"}, "requestPayload": DEEP}']
)
def test_dead_letter_nested_too_deep_is_sent_unchanged(body: str, levels: int) -> None:
    text = body.replace("DEEP", "[" * levels + "]" * levels)
    dead = classify_dead_letter(letter(text), NOW)
    assert (dead.redrive_bodies, dead.kind) == ((text,), DeadLetterSource.QUEUE)
    assert dead.reason.startswith("unreadable: nested in more than")


def test_redriven_job_has_new_source_that_follows_from_letter() -> None:
    sources = [
        json.loads(classify_dead_letter(letter(rejected(), id_), now).redrive_bodies[0])["sources"]
        for id_, now in (("m-1", NOW), ("m-1", NOW + 60), ("m-2", NOW))
    ]
    assert sources[0] == sources[1] != sources[2]
    assert job().digest not in sources


@pytest.mark.parametrize(
    "attributes",
    [{"ERROR_CODE": "NO_PERMISSIONS"}, {"RULE_ARN": "arn:aws:events:eu-central-1:111122223333:rule/purgemap-1"}],
)
def test_dead_letter_of_rule_is_known_by_its_attributes(attributes: dict[str, str]) -> None:
    message = ReceivedMessage("m-1", "receipt", json.dumps(s3_event("site", "a")), attributes, NOW)
    assert classify_dead_letter(message, NOW).kind is DeadLetterSource.RULE
