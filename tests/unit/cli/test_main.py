"""The command as a shell runs it: errors of the input and the output are lines, never tracebacks."""

import json
import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest

from purgemap import cli
from purgemap.cli.main import COMMAND_GROUPS, COMMANDS, purgemap_command
from purgemap.lambda_function import build_handler
from purgemap.routemap.problems import MapError
from support.shell import Shell


def test_command_reports_invalid_map_by_place(shell: Shell) -> None:
    Path("config/routes.yaml").write_text("version: 1\nroute: []\nroots: []\nroutes: []\n")
    status, out, err = shell.run("explain", "s3://site/x")
    assert (status, out) == (1, "")
    assert [line.partition(": ")[0] for line in err.splitlines()] == [
        f"config/routes.yaml:{place}" for place in ("2:1", "3:1")
    ]


@pytest.mark.parametrize("command", [["explain", "s3://site/x"], ["plan"], ["invalidate"], ["status"], ["build"]])
def test_command_with_json_prints_problems_of_invalid_map(command: list[str], shell: Shell) -> None:
    Path("config/routes.yaml").write_text("version: 1\nroutes: []\n")
    status, out, err = shell.run(*command, "--json")
    assert (status, json.loads(out)) == (1, json.loads(shell.run("check", "--format", "json")[1]))
    assert err.startswith("config/routes.yaml:1:1: $: no routes")


@pytest.mark.parametrize("command", [["explain", "s3://site/x"], ["plan"], ["render"], ["build"], ["deploy", "--yes"]])
def test_command_reports_missing_map_with_option(command: list[str], shell: Shell) -> None:
    Path("config/routes.yaml").unlink()
    assert shell.run(*command)[2] == (
        "purgemap: config/routes.yaml:1:1: $: can't be read: No such file or directory; give the map with --routes\n"
    )


def test_missing_map_without_option_has_no_hint(shell: Shell) -> None:
    assert "--routes" not in shell.run("diff", "nowhere.yaml")[2]
    with pytest.raises(MapError) as caught:
        build_handler({"PURGEMAP_ROUTES": "nowhere.yaml"})
    assert "--routes" not in str(caught.value)


def test_help_describes_each_command_in_full(shell: Shell) -> None:
    _, listed, _ = shell.run("--help")
    assert "..." not in listed.partition("Write the map:")[2]


def test_help_lists_every_command_under_one_task(shell: Shell) -> None:
    modules = [file.stem for file in Path(cli.__file__).parent.glob("*.py")]
    with_command = {
        name
        for name in modules
        if isinstance(getattr(import_module(f"purgemap.cli.{name}"), name, None), click.Command)
    }
    _, listed, _ = shell.run("--help")
    sections = re.findall(r"^([A-Z][a-z ]+):\n((?:  .*\n?)+)", listed, re.MULTILINE)
    tasks = {title: re.findall(r"^  (\w+) ", rows, re.MULTILINE) for title, rows in sections if title != "Options"}
    assert list(tasks) == list(COMMAND_GROUPS)
    assert sorted(name for names in tasks.values() for name in names) == sorted(with_command)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_describes_each_option(name: str) -> None:
    command = purgemap_command.get_command(click.Context(purgemap_command), name)
    assert command is not None
    options = [each for each in command.params if isinstance(each, click.Option)]
    assert [each.name for each in options if not each.help] == []


@pytest.mark.parametrize(
    "arguments",
    [["check", ""], ["diff", ""], ["diff", "config/routes.yaml", ""], ["plan", ""], ["plan", "--listing", ""]]
    + [["demo", "--site", ""]]
    + [[name, "--routes", ""] for name in ("build", "check", "demo", "plan", "render", "status")],
)
def test_command_rejects_empty_file_name(arguments: list[str], shell: Shell) -> None:
    status, out, err = shell.run(*arguments)
    assert (status, out) == (2, "")
    assert err.endswith("it is empty; name a file, or remove it\n")


@pytest.mark.parametrize("arguments", [["plan", "--bucket", ""], ["deploy", "--yes", "--artifact-bucket", ""]])
def test_command_rejects_empty_bucket(arguments: list[str], shell: Shell) -> None:
    status, out, err = shell.run(*arguments)
    assert (status, out) == (2, "")
    assert err.endswith("'' is not a bucket's name; write it alone, as my-site\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["plan", "--routes", "a\nb.yaml"],
        ["plan", "a\nb"],
        ["plan", "--listing", "a\nb", "changes"],
        ["demo", "--site", "a\nb"],
        ["invalidate", "odd"],
    ],
)
def test_command_escapes_control_characters_of_names(arguments: list[str], shell: Shell) -> None:
    Path("odd").write_text("s3://\x1b[31m/x\n")
    status, out, err = shell.run(*arguments)
    assert (status, out) == (1, "")
    assert "\\n" in err or "\\x1b" in err
    assert all(line.isprintable() for line in err.splitlines())
    assert arguments[0] == "invalidate" or err.count("\n") == 1


def test_command_escapes_control_characters_of_keys(shell: Shell) -> None:
    _, out, _ = shell.run("explain", "s3://si\x1bte/a\nb")
    assert out.splitlines()[0] == "s3://si\\x1bte/a\\nb created"
    assert shell.run("check", "a\nb.yaml")[1].splitlines()[-1] == "a\\nb.yaml: 1 error"


def test_command_rejects_key_that_is_not_utf_8(shell: Shell) -> None:
    status, _, err = shell.run("explain", "s3://site/\udcff")
    assert status == 2
    assert err.endswith("is not valid UTF-8, so S3 has no such object\n")


def test_command_escapes_text_that_cannot_be_encoded(shell: Shell) -> None:
    assert shell.run("check", "\udcff.yaml")[1].startswith("\\udcff.yaml:1:1: $: can't be read: ")


def _purgemap(*arguments: str, stdout: int) -> "subprocess.Popen[str]":
    code = "from purgemap.cli.main import main; main()"
    return subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=stdout, stderr=subprocess.PIPE, text=True)


@pytest.mark.usefixtures("_input_files")
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
@pytest.mark.parametrize(
    "arguments", [["explain", "s3://site/x"], ["render"], ["plan", "--json", "changes"], ["--version"]]
)
def test_command_reports_full_disk_in_one_line(arguments: list[str]) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    with _purgemap(*arguments, stdout=full) as process:
        os.close(full)
        _, err = process.communicate()
    assert (process.returncode, err) == (1, "purgemap: the output can't be written: No space left on device\n")


@pytest.mark.usefixtures("_input_files")
@pytest.mark.parametrize("arguments", [["plan", "--json", "changes"], ["plan", "changes"]])
def test_command_ends_silently_on_closed_pipe(arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with _purgemap(*arguments, stdout=writing) as process:
        os.close(writing)
        _, err = process.communicate()
    assert (process.returncode, err) == (1, "")
