"""cfn-lint has nothing to say, and checkov nothing that isn't answered beside the resource.

Both pin a botocore of their own, so each runs from its own environment; `make` makes these.
"""

import json
import subprocess
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from purgemap.rendering.stack import render_member, render_stack
from purgemap.rendering.template import dump_template, load_template
from purgemap.routes.loading import load_routes
from rendered import map_of, names

ROOT = Path(__file__).parent.parent
TOOLS = ROOT / ".tools"
SHIPPED = ("template.yaml", "member.yaml", "github/role.yaml")


def tool(name: str) -> str:
    path = TOOLS / name / "bin" / name
    if not path.exists():
        pytest.skip(f"make .tools/{name}/.ready")
    return str(path)


def run(*command: object) -> tuple[int, str]:
    answer = subprocess.run([str(each) for each in command], capture_output=True, text=True, check=False, cwd=ROOT)
    return answer.returncode, answer.stdout


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Render the map in service, one of every kind of bucket pattern, and large ones."""
    folder = tmp_path_factory.mktemp("rendered")
    maps = {
        "service": load_routes(ROOT / "config" / "routes.yaml"),
        "patterns": map_of(["acme-www"], patterns=["a-*", "*-b", "c-*-d", "e-{name}-f"], roles=2, distributions=4),
        "many": map_of(names(200)),
        "empty": map_of([]),
    }
    for name, routes in maps.items():
        (folder / f"{name}.yaml").write_text(render_stack(routes))
        (folder / f"{name}-member.yaml").write_text(render_member(routes))
    return sorted(folder.iterdir())


def shipped() -> list[Path]:
    return [Path(str(files("purgemap.deploy").joinpath(name))) for name in SHIPPED]


def test_cfn_lint_reports_nothing_on_what_ships() -> None:
    assert run(tool("cfn-lint"), "--include-checks", "I", "--", *shipped()) == (0, "")


def test_cfn_lint_reports_nothing_on_what_is_rendered(rendered: list[Path]) -> None:
    assert run(tool("cfn-lint"), "--include-checks", "I", "--", *rendered) == (0, "")


def checkov(*paths: Path) -> dict[str, set[tuple[str, str]]]:
    """Check files together; returns (resource, check) by verdict."""
    options = ("--framework", "cloudformation", "--skip-download", "--output", "json")
    arguments = [argument for path in paths for argument in ("--file", path)]
    answer: dict[str, Any] = json.loads(run(tool("checkov"), *arguments, *options)[1])
    assert answer["summary"]["parsing_errors"] == 0
    checks = answer["results"]
    assert {Path(check["file_abs_path"]) for check in checks["passed_checks"]} == set(paths), "each was looked at"
    return {
        verdict: {(check["resource"].partition(".")[2], check["check_id"]) for check in checks[f"{verdict}_checks"]}
        for verdict in ("passed", "failed", "skipped")
    }


def test_checkov_finds_nothing_that_has_no_answer(rendered: list[Path]) -> None:
    assert checkov(*shipped(), *rendered)["failed"] == set()


def suppressions(template: dict[str, Any]) -> dict[tuple[str, str], str]:
    return {
        (name, each["id"]): each["comment"]
        for name, resource in template["Resources"].items()
        for each in resource.get("Metadata", {}).get("checkov", {}).get("skip", [])
    }


@pytest.mark.parametrize("name", SHIPPED)
def test_every_suppression_has_its_reason_and_is_still_needed(name: str, tmp_path: Path) -> None:
    template = load_template(name)
    reasons = suppressions(template)
    for resource in template["Resources"].values():
        resource.pop("Metadata", None)
    bare = tmp_path / "bare.yaml"
    bare.write_text(dump_template(template))
    assert all(len(reason) > 30 for reason in reasons.values())
    assert checkov(bare)["failed"] == reasons.keys()


Fault = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    "fault",
    [
        lambda template: template["Resources"]["EventSource"]["Properties"].update(BatchSize="many"),
        lambda template: template["Resources"]["Queue"]["Properties"].update(Colour="red"),
        lambda template: template["Outputs"]["QueueUrl"].update(Value={"Ref": "Nothing"}),
    ],
)
def test_cfn_lint_would_report_a_fault(fault: Fault, tmp_path: Path) -> None:
    template = load_template("template.yaml")
    fault(template)
    (tmp_path / "faulty.yaml").write_text(dump_template(template))
    assert run(tool("cfn-lint"), "--", tmp_path / "faulty.yaml")[0] != 0
