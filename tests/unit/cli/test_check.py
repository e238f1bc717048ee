"""`purgemap check`: one line per problem, one JSON document, or annotations of GitHub and GitLab."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from purgemap.cli.check import check
from support.commands import invoke
from support.places import ROOT

MAP = """\
version: 1
distributions:
  www: {id: E2EXAMPLE1ABCD}
routes:
  - bucket: acme-www
    distributions: [www]
tests:
  - object: s3://acme-www/about.html
    expect: {www: [/about.html]}
"""


def run(text: str, *arguments: str) -> tuple[int, str]:
    Path("routes.yaml").write_text(text)
    return run_with("routes.yaml", *arguments)


def run_with(*arguments: str) -> tuple[int, str]:
    result = invoke(check, *arguments)
    assert result.exception is None
    assert isinstance(result.return_value, int)
    return result.return_value, result.output


def test_check_prints_sizes_of_valid_map() -> None:
    assert run(MAP) == (0, "routes.yaml: 1 route, 1 distribution, 1 test: fine\n")


def test_check_prints_warnings_and_succeeds() -> None:
    status, output = run(MAP.replace("bucket: acme-www", "bucket: acme-www\n    prefix: about"))
    assert status == 0
    assert output == (
        "routes.yaml:6:13: $.routes[0].prefix: warning: also selects about-other/; "
        'write "about/", or "about*" if that is intended\n'
        "routes.yaml: 1 route, 1 distribution, 1 test: fine, 1 warning\n"
    )


def test_check_prints_one_line_per_error() -> None:
    status, output = run(MAP.replace("acme-www", "s3://acme-www") + "x" * 300 + ": 1\n")
    assert status == 1
    assert len(output.splitlines()) == 4
    assert output.splitlines()[-1] == "routes.yaml: 3 errors"


def test_check_prints_mismatch_of_failing_test() -> None:
    status, output = run(MAP.replace("[/about.html]", "[/about]"))
    assert status == 1
    assert "routes.yaml:8:5: $.tests[0]: the test fails: www: missing /about; unexpected /about.html\n" in output


def test_check_json_has_fixed_shape() -> None:
    status, output = run(MAP.replace("routes:", "route:"), "--format", "json")
    assert status == 1
    assert json.loads(output) == {
        "file": "routes.yaml",
        "valid": False,
        "problems": [
            {
                "severity": "error",
                "file": "routes.yaml",
                "line": 4,
                "column": 1,
                "path": "$.route",
                "message": 'unknown key "route"; did you mean "routes"?',
            }
        ],
    }


def test_check_json_of_valid_map_has_no_problems() -> None:
    assert json.loads(run(MAP, "--format", "json")[1]) == {"file": "routes.yaml", "valid": True, "problems": []}


def test_check_escapes_annotations_for_github() -> None:
    Path("a,b.yaml").write_text(MAP.replace("distributions: [www]", 'distributions: [www]\n    invalidate: ["/100%"]'))
    status, output = run_with("a,b.yaml", "--format", "github")
    assert status == 1
    assert output == (
        "::error file=a%2Cb.yaml,line=7,col=18::$.routes[0].invalidate[0]: %25 does not start an escape; write %2525\n"
    )


def test_check_annotates_warnings_for_github() -> None:
    _, output = run(MAP.replace("routes:", "  docs: E3EXAMPLE2ABCD\nroutes:"), "--format", "github")
    assert output.startswith("::warning file=routes.yaml,line=4,col=3::$.distributions.docs: ")


def gitlab_report(text: str, file: str = "routes.yaml") -> list[dict[str, Any]]:
    Path(file).write_text(text)
    report: list[dict[str, Any]] = json.loads(run_with(file, "--format", "gitlab")[1])
    return report


def test_check_reports_problems_as_gitlabs_code_quality() -> None:
    Path("routes.yaml").write_text(MAP.replace("routes:", "route:"))
    status, output = run_with("./routes.yaml", "--format", "gitlab")
    assert status == 1
    (problem,) = json.loads(output)
    assert re.fullmatch("[0-9a-f]{64}", problem.pop("fingerprint"))
    assert problem == {
        "description": '$.route: unknown key "route"; did you mean "routes"?',
        "check_name": "purgemap-check",
        "severity": "critical",
        "location": {"path": "routes.yaml", "lines": {"begin": 4}},
    }


def test_check_reports_nothing_to_gitlab_for_valid_map() -> None:
    assert run(MAP, "--format", "gitlab") == (0, "[]\n")


def test_check_paths_for_gitlab_are_below_the_folder() -> None:
    warning = MAP.replace("routes:", "  docs: E3EXAMPLE2ABCD\nroutes:")
    below, absolute = gitlab_report(warning), gitlab_report(warning, str(Path("routes.yaml").absolute()))
    assert below == absolute
    assert (below[0]["severity"], below[0]["location"]) == ("minor", {"path": "routes.yaml", "lines": {"begin": 4}})


def test_check_fingerprints_are_unique_and_ignore_lines() -> None:
    twice = MAP.replace("[www]", "[docs, docs]").replace("tests:", "  - {bucket: b, distributions: [docs]}\ntests:")
    before, after = gitlab_report(twice), gitlab_report("# a new first line\n" + twice)
    fingerprints = [problem["fingerprint"] for problem in before]
    assert len(fingerprints) == len(set(fingerprints)) >= 3
    assert [problem["fingerprint"] for problem in after] == fingerprints
    lines = [[problem["location"]["lines"]["begin"] for problem in report] for report in (before, after)]
    assert lines[1] == [line + 1 for line in lines[0]]


@pytest.mark.parametrize("arguments", [("nowhere.yaml",), ("--routes", "nowhere.yaml")])
def test_check_prints_one_line_for_missing_file(arguments: tuple[str, ...]) -> None:
    status, output = run_with(*arguments)
    assert status == 1
    assert output.splitlines()[0] == "nowhere.yaml:1:1: $: can't be read: No such file or directory"


def test_check_rejects_two_maps_as_usage_error() -> None:
    result = CliRunner().invoke(check, ["routes.yaml", "--routes", "other.yaml"])
    assert result.exit_code == 2
    assert "FILE and --routes both name the map; give one of them" in result.output


def test_check_reads_config_by_default() -> None:
    _, output = run_with()
    assert output.startswith("config/routes.yaml:1:1: ")


def test_check_explains_compiled_map() -> None:
    status, output = run('{"compiled": 1, "buckets": {}}')
    assert status == 1
    assert "check its YAML files instead" in output.splitlines()[0]
    assert len(output.splitlines()) == 2


def test_check_escapes_line_breaks_of_map() -> None:
    status, output = run(MAP.replace("/about.html]", r'"/a\nb\x1b[31m"]'))
    assert status == 1
    assert len(output.splitlines()) == 2
    assert "\x1b" not in output


def test_check_reads_folder_as_one_map() -> None:
    Path("map").mkdir()
    top, _, routes = MAP.partition("routes:")
    Path("map/names.yaml").write_text(top)
    Path("map/www.yaml").write_text(f"version: 1\nroutes:{routes}")
    assert run_with("map") == (0, "map: 1 route, 1 distribution, 1 test: fine\n")


def test_check_prints_markup_of_map_unchanged() -> None:
    assert '"[bold]"' in run(MAP.replace("[www]\n", '["[bold]"]\n'))[1]


def test_check_accepts_map_of_this_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    status, output = run_with()
    assert status == 0
    assert output.endswith(": fine\n")
    assert output.count("\n") == 1


def test_check_loads_no_botocore() -> None:
    code = "import sys, purgemap.cli.check; print('botocore' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_pre_commit_hook_runs_check() -> None:
    [hook] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert (hook["id"], hook["entry"], hook["language"]) == ("purgemap-check", "purgemap check", "python")
