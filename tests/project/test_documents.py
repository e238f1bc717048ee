"""The documents are true: their examples run, their links resolve, and their tables name what the code has."""

import ast
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

import purgemap
from purgemap import batch_log, lambda_function
from purgemap.cli.check import check
from purgemap.deployment.template import load_template
from purgemap.operations.diagnosis import CODES
from simulation.regimes import REGIMES
from simulation.seeded_bugs import BUGS
from support.documents import DOCUMENTS, NAMES, anchors, code_names, read_document, section, table_rows
from support.places import ROOT

HOOKS = ROOT / ".pre-commit-hooks.yaml"
PACKAGE = Path(purgemap.__file__).parent
MAX_README_LINES = 160

_FILE = re.compile(r"<!-- file: (?P<name>\S+) -->\n```\w+\n(?P<text>.*?)```", re.DOTALL)
_RUN = re.compile(
    r"<!-- run(?:: (?P<status>\d))? -->\n```console\n\$ (?P<command>[^\n]+)\n(?P<output>.*?)```", re.DOTALL
)
_LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")

TEXT = "\n".join(map(read_document, NAMES))
FILES = {file["name"]: file["text"] for file in _FILE.finditer(TEXT)}
EXAMPLES = list(_RUN.finditer(TEXT))

_REFUSED = {shlex.split(example["command"])[-1] for example in EXAMPLES if example["status"]}
_REFUSED_MAPS = [text for name, text in FILES.items() if name in _REFUSED]
_YAML = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
(HOOK,) = (block for block in _YAML if block.startswith("repos:"))
MAPS = [block for block in _YAML if block != HOOK and block not in _REFUSED_MAPS]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["command"])
def test_document_example_prints_its_output(example: re.Match[str], tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    command, *arguments = shlex.split(example["command"])
    run = subprocess.run(
        [Path(sys.executable).with_name(command), *arguments],
        cwd=tmp_path,
        env={**os.environ, "COLUMNS": "200", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.stdout + run.stderr).splitlines() == example["output"].splitlines()
    assert run.returncode == int(example["status"] or 0)


def test_documents_have_all_their_examples() -> None:
    assert (len(EXAMPLES), len(MAPS), len(FILES)) == (4, 4, 3)


def test_readme_begins_with_the_classic_scenario() -> None:
    example = next(_RUN.finditer(read_document("README.md")))
    assert "s3://my-site/index.html" in example["command"]


@pytest.mark.parametrize("block", MAPS)
def test_check_accepts_each_map_of_the_documents(block: str, tmp_path: Path) -> None:
    file = tmp_path / "routes.yaml"
    file.write_text(block)
    result = CliRunner().invoke(check, [str(file)], standalone_mode=False)
    assert result.output.endswith(": fine\n"), result.output


def test_hook_of_the_documents_names_a_release() -> None:
    (repository,) = yaml.safe_load(HOOK)["repos"]
    assert [hook["id"] for hook in repository["hooks"]] == [hook["id"] for hook in yaml.safe_load(HOOKS.read_text())]
    assert re.fullmatch(r"v\d+\.\d+\.\d+", repository["rev"]), "`make release` makes such tags"


def test_readme_is_short() -> None:
    assert len(read_document("README.md").splitlines()) <= MAX_README_LINES


def test_readme_links_every_document() -> None:
    assert set(NAMES) - {"README.md"} <= set(_LINK.findall(read_document("README.md")))


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_links_of_a_document_resolve(document: Path) -> None:
    broken = [target for target in _LINK.findall(document.read_text()) if not resolves(document, target)]
    assert broken == []


def resolves(document: Path, link: str) -> bool:
    """Return whether a relative link names a file, and a heading in it; other links are taken as they are."""
    if re.match(r"[a-z]+:", link):
        return link.startswith("https://")
    path, _, anchor = link.partition("#")
    file = document.parent / path if path else document
    return file.exists() and (not anchor or anchor in anchors(file))


def test_links_that_are_broken_are_found(tmp_path: Path) -> None:
    document = tmp_path / "a.md"
    document.write_text("# One `two`: three\n\n```\n# no heading\n```\n")
    assert resolves(document, "#one-two-three")
    assert resolves(document, "a.md")
    assert not any(resolves(document, link) for link in ("#no-heading", "b.md", "a.md#two", "http://example.org"))


def test_rooms_table_names_every_room() -> None:
    modules = {file.stem for file in PACKAGE.glob("*.py")} - {"__init__"}
    packages = {file.parent.name for file in PACKAGE.glob("*/__init__.py")} - {"schemas", "deploy"}
    table, _, _ = section("handler/README.md", "## Rooms").partition("Where to look first")
    assert set().union(*(code_names(row[0]) for row in table_rows(table))) == modules | packages


def test_rooms_section_names_files_that_exist() -> None:
    _, _, table = section("handler/README.md", "## Rooms").partition("Where to look first")
    files = set().union(*(code_names(row[1]) for row in table_rows(table)))
    assert len(files) >= 7
    assert [file for file in files if not (PACKAGE / file).exists()] == []


def test_doctor_table_names_every_code() -> None:
    rows = table_rows(section("OPERATIONS.md", "## Doctor"))
    severities = {row[0].strip("`"): row[1].partition(":")[0] for row in rows}
    assert severities == {**CODES, "not-checked": "not an error"}


def test_environment_table_names_every_variable() -> None:
    variables = set(re.findall(r"PURGEMAP_[A-Z_]+[A-Z]", Path(lambda_function.__file__).read_text()))
    table = section("handler/README.md", "## Environment variables")
    assert {row[0].strip("`") for row in table_rows(table)} == variables


def test_log_section_names_every_field_and_metric() -> None:
    fields = set(re.findall(r'"([a-z][a-z_]+)": ', Path(batch_log.__file__).read_text())) - {"fields"}
    names = code_names(section("handler/README.md", "## Log lines and metrics"))
    assert fields - names == set()
    assert {"events not sent", "events", "failed"} <= names


def test_parameters_table_names_every_parameter() -> None:
    parameters = load_template("template.yaml")["Parameters"].keys() - {"CodeBucket", "CodeKey"}
    rows = [row[0].strip("`") for row in table_rows(section("deploy/README.md", "## Deploy"))]
    assert {name for name in rows if name[0].isupper()} == parameters


def test_simulation_section_names_every_regime() -> None:
    options = code_names(section("tests/README.md", "## Simulation"))
    regimes = {option.partition(" ")[2] for option in options if option.startswith("--regime ")}
    assert regimes == REGIMES.keys() - {"drawn"}
    assert any(f'--planted "{bug}"' in options for bug in BUGS)


@pytest.mark.parametrize("template", ["template.yaml", "member.yaml"])
def test_alarms_section_names_every_alarm(template: str) -> None:
    resources = load_template(template)["Resources"]
    alarms = {name for name, resource in resources.items() if resource["Type"] == "AWS::CloudWatch::Alarm"}
    assert alarms - code_names(section("OPERATIONS.md", "## Alarms")) == set()


def literals() -> Iterator[str]:
    """Yield the string literals of the package; a placeholder of an f-string becomes a line break."""
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.JoinedStr):
                yield "".join(str(part.value) if isinstance(part, ast.Constant) else "\n" for part in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def test_operations_explains_messages_that_the_code_has() -> None:
    text = "\0".join(literals())
    table = read_document("OPERATIONS.md").partition("<!-- messages -->")[2].partition("<!-- /messages -->")[0]
    messages = [row[0].strip("`") for row in table_rows(table)][1:]
    assert len(messages) >= 10
    pieces = [piece for message in messages for piece in re.split(r"…|\b\d+\b", message) if piece.strip(" :")]
    assert [piece for piece in pieces if piece.strip() not in text] == []
