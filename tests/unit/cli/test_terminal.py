"""Commands' output: texts of keys, buckets, maps and AWS neither control a terminal nor add lines."""

import io
import json
import re
from pathlib import Path

import pytest
from rich.table import Table
from rich.text import Text

import purgemap
from purgemap.cli.explain import explain
from purgemap.cli.plan import plan
from purgemap.cli.terminal import Terminal, print_json, print_line, print_lines
from support.commands import invoke
from support.ids import E1

# Colours, a window's title, C1's CSI, a line of its own, a return over the line, text read backwards, a narrow space.
HOSTILE = "a\x1b[31m\x1b]0;title\x07\x9b31m\nall is well\r\u202etxt\u200b\u2028.html"
SGR = re.compile(r"\x1b\[[\d;]*m")


@pytest.fixture(autouse=True)
def _map_file(_in_empty_folder: None) -> None:
    Path("routes.yaml").write_text(
        f"""version: 1
routes:
  - {{bucket: site, distributions: [{E1}], invalidate: ["{{path}}", "#{{key}}"]}}
  - {{bucket: site, prefix: "{{site}}", distributions: ["{{site}}"], exclude: ["x*"]}}
"""
    )


def lines_of(text: str) -> list[str]:
    lines = SGR.sub("", text).split("\n")
    assert [line for line in lines if not line.isprintable()] == []
    return lines


@pytest.mark.parametrize("color", [False, True])
def test_explain_escapes_control_characters_of_key(*, color: bool) -> None:
    arguments = ["--routes", "routes.yaml", f"s3://site/{HOSTILE}"]
    result = invoke(explain, *arguments, env={"FORCE_COLOR": "1"} if color else {})
    assert result.return_value == 0
    lines = lines_of(result.stdout)
    assert lines[0].startswith(r"s3://site/a\x1b[31m\x1b]0;title\x07\x9b31m\nall is well\r\u202etxt\u200b\u2028.html")
    assert not [line for line in lines if line.startswith("all is well")]


@pytest.mark.parametrize("bucket", ["site", "other\x1b[31m"])
def test_plan_escapes_control_characters_of_keys_and_buckets(bucket: str) -> None:
    detail = {"version": "0", "bucket": {"name": bucket}, "object": {"key": HOSTILE, "sequencer": "1"}}
    event = {"version": "0", "id": "1", "source": "aws.s3", "detail-type": "Object Created", "detail": detail}
    result = invoke(plan, "--routes", "routes.yaml", "-", input=json.dumps(event), catch_exceptions=False)
    assert result.return_value == 0
    lines_of(result.stdout)
    lines_of(result.stderr)


def test_json_output_escapes_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    document = {"key": HOSTILE, "smile": "\U0001f600 é \ud800"}
    print_json(document)
    printed = capsys.readouterr().out
    lines_of(printed)
    assert json.loads(printed) == document


@pytest.mark.parametrize("renderable", [HOSTILE, Text(HOSTILE), "[bold]" + HOSTILE])
def test_terminal_escapes_every_renderable(renderable: str | Text, capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("name")
    table.add_row(renderable)
    terminal = Terminal()
    terminal.print(renderable)
    terminal.print(table)
    lines_of(capsys.readouterr().out)


def test_terminal_keeps_the_colours_of_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    terminal = Terminal()
    terminal.file = io.StringIO()
    terminal.print("[red]no[/]")
    assert SGR.search(terminal.file.getvalue())


def test_print_line_prints_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_line(HOSTILE)
    print_lines(HOSTILE)
    lines = lines_of(capsys.readouterr().out)
    assert len(lines) == len(["line", "first", "second", ""])


def test_commands_print_through_the_terminal_only() -> None:
    prints = re.compile(r"\bConsole\(|\bclick\.echo\(|(?<!\.)\bprint\(")
    sources = (Path(purgemap.__file__).parent / "cli").glob("*.py")
    users = {source.name for source in sources if prints.search(source.read_text())}
    # They print a template, Markdown and a picture, which escape what they hold.
    assert users == {"terminal.py", "render.py", "diff.py", "graph.py"}
