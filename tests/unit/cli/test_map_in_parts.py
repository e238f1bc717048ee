"""A map in several places: `--routes` repeated gives one map, as a folder with the same parts does."""

import json
from pathlib import Path

import pytest
from click.testing import Result

from purgemap.cli.main import purgemap_command
from purgemap.errors import PurgemapError
from purgemap.routemap.load import load_map
from support.commands import invoke

ROUTES = """\
version: 1
defaults: {clean_urls: true}
routes:
  - bucket: acme-www
    distributions: [www]
tests:
  - object: s3://acme-www/about.html
    expect: {www: [/about, /about.html]}
"""
STAGE = "version: 1\ndistributions:\n  www: {id: E2EXAMPLE1ABCD}\n"
PARTS = ("--routes", "config/routes.yaml", "--routes", "config/stages/prod.yaml")
QUEUES = ("--queue-url", "https://sqs.eu-central-1.amazonaws.com/1/q", "--dead-letter-queue-url", "https://d")


@pytest.fixture(autouse=True)
def _map_files(_in_empty_folder: None) -> None:
    for file, text in {"config/routes.yaml": ROUTES, "config/stages/prod.yaml": STAGE}.items():
        for place in (Path(file), Path("folder") / Path(file).name):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
    Path("changes").write_text("s3://acme-www/about.html\n")


def run(*arguments: str) -> Result:
    return invoke(purgemap_command, *arguments)


@pytest.mark.parametrize(
    "command",
    [
        ["explain", "s3://acme-www/about.html"],
        ["plan", "changes", "--json"],
        ["render"],
        ["build", "--json"],
        ["diff", "/dev/null"],
    ],
    ids=lambda command: command[0],
)
def test_command_reads_parts_in_several_places_as_one_map(command: list[str]) -> None:
    whole, parts = run(*command, "--routes", "folder"), run(*command, *PARTS)
    assert (whole.exception, parts.exception) == (None, None)
    assert parts.output == whole.output
    assert parts.output.strip()


@pytest.mark.parametrize(
    "command",
    [
        ["check"],
        ["explain", "s3://acme-www/about.html"],
        ["plan", "changes"],
        ["invalidate", "changes"],
        ["render"],
        ["build"],
        ["deploy", "--yes"],
        ["demo"],
        ["diff", "/dev/null"],
        ["status", *QUEUES],
        ["redrive", *QUEUES, "--distribution", "www"],
    ],
    ids=lambda command: command[0],
)
def test_every_command_reads_all_parts(command: list[str]) -> None:
    Path("config/stages/prod.yaml").write_text(STAGE.replace("id:", "ID:"))
    result = run(*command, *PARTS)
    output = result.output if command == ["check"] else str(result.exception)
    assert 'config/stages/prod.yaml:3:9: $.distributions.www.ID: unknown key "ID"; did you mean "id"?' in output


@pytest.mark.parametrize("arguments", [PARTS, ("config/routes.yaml", "config/stages/prod.yaml"), ("folder",)])
def test_check_reads_files_as_parts_and_runs_their_tests(arguments: tuple[str, ...]) -> None:
    result = run("check", *arguments)
    assert result.return_value == 0
    assert result.output.endswith(": 1 route, 1 distribution, 1 test: fine\n")


def test_check_names_the_map_by_all_its_parts() -> None:
    document = json.loads(run("check", "--format", "json", *PARTS).output)
    assert document == {"file": "config/routes.yaml, config/stages/prod.yaml", "valid": True, "problems": []}


@pytest.mark.parametrize("paths", [("folder", "folder/routes.yaml"), ("folder", "./folder"), ("folder", "folder")])
def test_load_map_reads_part_once_that_is_named_twice(paths: tuple[str, ...]) -> None:
    assert load_map(paths).document == load_map("folder").document


def test_command_rejects_compiled_map_as_part() -> None:
    Path("compiled.json").write_text(json.dumps(load_map("folder").document))
    result = run("explain", "s3://acme-www/about.html", "--routes", "compiled.json", "--routes", "config/routes.yaml")
    assert isinstance(result.exception, PurgemapError)
    assert "compiled.json:1:1: $: this is a compiled map" in str(result.exception)


def test_command_names_missing_part() -> None:
    result = run("render", "--routes", "config/routes.yaml", "--routes", "nowhere.yaml")
    assert "nowhere.yaml:1:1: $: can't be read: No such file or directory" in str(result.exception)


def test_demo_runs_a_map_of_several_parts() -> None:
    Path("site").mkdir()
    Path("site/about.html").write_text("about")
    document = json.loads(run("demo", "--site", "site", "--json", *PARTS).output)
    assert document["lost"] == 0
    assert document["invalidations"][0]["items"] == ["/about", "/about.html"]
