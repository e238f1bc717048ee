"""The command as a shell runs it: errors of the input and the environment are lines, never tracebacks."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import click
import pytest

from purgemap.cli.main import COMMANDS, main, purgemap_command
from purgemap.lambda_function import build_handler
from purgemap.routemap.problems import MapError
from support.doubles.nonsense import Nonsense, serve_nonsense

MAP = "version: 1\nroutes:\n  - {bucket: site, distributions: [E1EXAMPLE1ABCD]}\n"
QUEUES = ("--queue-url", "https://sqs.eu-central-1.amazonaws.com/1/q", "--dead-letter-queue-url", "https://d")
CALLING_AWS = (["invalidate", "changes"], ["status", *QUEUES], ["redrive", *QUEUES], ["deploy", "--yes"])


@pytest.fixture(autouse=True)
def _map_file(_in_empty_folder: None) -> None:
    Path("config").mkdir()
    Path("config/routes.yaml").write_text(MAP)
    Path("changes").write_text("s3://site/x\n")
    Path("broken.ini").write_text("[default\n")


class Shell:
    """Runs the command in this process; its status and what it printed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def run(self, *arguments: str, **variables: str | None) -> tuple[int, str, str]:
        for name, value in variables.items():
            if value is None:
                self._monkeypatch.delenv(name, raising=False)
            else:
                self._monkeypatch.setenv(name, value)
        self._monkeypatch.setattr(sys, "argv", ["purgemap", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = self._capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, printed.out, printed.err


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(monkeypatch, capsys)


NO_KEY: Mapping[str, str | None] = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}


@pytest.mark.parametrize("command", CALLING_AWS, ids=lambda command: command[0])
@pytest.mark.parametrize(
    ("variables", "message"),
    [
        (NO_KEY, "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and "),
        ({"AWS_SECRET_ACCESS_KEY": None}, "AWS_SECRET_ACCESS_KEY"),
        ({**NO_KEY, "AWS_PROFILE": "nobody"}, "(nobody) could not be found; set AWS_PROFILE to one of ~/.aws/config"),
        ({"AWS_ENDPOINT_URL": "nonsense"}, "Invalid endpoint: nonsense; an endpoint, as in AWS_ENDPOINT_URL, is a URL"),
        (
            {"AWS_DEFAULT_REGION": "eu west"},
            "'eu west' doesn't match a supported format; set AWS_DEFAULT_REGION, or ",
        ),
        ({"AWS_CONFIG_FILE": "broken.ini"}, "Unable to parse config file: broken.ini; fix it, or name another"),
        ({**NO_KEY, "AWS_SHARED_CREDENTIALS_FILE": "broken.ini"}, "Unable to parse config file: broken.ini; fix it"),
    ],
)
def test_command_reports_unusable_environment_in_one_line(
    command: list[str], variables: dict[str, str | None], message: str, shell: Shell
) -> None:
    if command[0] in {"status", "redrive"} and "AWS_DEFAULT_REGION" in variables:
        command = [*command[:1], "--queue-url", "http://q", "--dead-letter-queue-url", "http://d"]  # they name none
    status, out, err = shell.run(*command, **variables)
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("purgemap: ")
    assert message in err


NO_REGION: Mapping[str, str | None] = {"AWS_REGION": None, "AWS_DEFAULT_REGION": None}


@pytest.mark.parametrize(
    "command",
    [
        ["status", "--queue-url", "http://q", "--dead-letter-queue-url", "http://d"],
        ["redrive", "--queue-url", "http://q", "--dead-letter-queue-url", "http://d"],
        ["deploy", "--yes"],
    ],
)
def test_command_that_needs_a_region_names_what_to_set(command: list[str], shell: Shell) -> None:
    status, out, err = shell.run(*command, **NO_REGION)
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert "You must specify a region; set AWS_DEFAULT_REGION, or give the profile of AWS_PROFILE a region" in err


NONSENSE = {
    "page": Nonsense(200, "text/html", b"<!DOCTYPE html><html><body>Sign in<br></body></html>"),
    "well-formed page": Nonsense(200, "text/html", b"<html><body>Sign in</body></html>"),
    "refusing page": Nonsense(403, "text/html", b"<html><body>Blocked<br>by policy</body></html>"),
    "nothing": Nonsense(200, "text/plain", b""),
    "cut XML": Nonsense(200, "text/xml", b'<?xml version="1.0"?><Invalidation><Id>I1'),
    "cut JSON": Nonsense(200, "application/x-amz-json-1.0", b'{"Attributes": {"Appro'),
    "other JSON": Nonsense(200, "application/json", b"{}"),
    "no object": Nonsense(200, "application/json", b"null"),
    "other XML": Nonsense(200, "text/xml", b"<Welcome/>"),
}


@pytest.mark.parametrize("name", NONSENSE)
@pytest.mark.parametrize("command", ["invalidate", "redrive", "deploy"])
def test_command_reports_foreign_answer_in_one_line(command: str, name: str, shell: Shell) -> None:
    arguments = {"invalidate": ["changes"], "redrive": [], "deploy": ["--yes"]}[command]
    with serve_nonsense(NONSENSE[name]) as url:
        queues = {"PURGEMAP_QUEUE_URL": f"{url}/1/q", "PURGEMAP_DEAD_LETTER_QUEUE_URL": f"{url}/1/d"}
        status, out, err = shell.run(command, *arguments, AWS_ENDPOINT_URL=url, **queues)
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert "the answer is not AWS's (HTTP " in err


@pytest.mark.parametrize("name", NONSENSE)
def test_status_reports_each_foreign_answer_in_one_line(name: str, shell: Shell) -> None:
    with serve_nonsense(NONSENSE[name]) as url:
        queues = {"PURGEMAP_QUEUE_URL": f"{url}/1/q", "PURGEMAP_DEAD_LETTER_QUEUE_URL": f"{url}/1/d"}
        status, out, err = shell.run("status", AWS_ENDPOINT_URL=url, **queues)
    assert (status, err.count("\n"), out.count("not AWS's")) == (1, 2, 1)
    assert all("the answer is not AWS's (HTTP " in line for line in err.splitlines())


def test_command_reports_page_of_server_error_in_short_line(shell: Shell) -> None:
    page = Nonsense(503, "text/html", b"<!DOCTYPE html>\n<p>busy\n" + b"x" * 9_000)
    with serve_nonsense(page) as url:
        queues = ("--queue-url", f"{url}/1/q", "--dead-letter-queue-url", f"{url}/1/d")
        _, _, err = shell.run("redrive", *queues, AWS_ENDPOINT_URL=url)
    assert "GetQueueAttributes: 503: <!DOCTYPE html> <p>busy xxx" in err
    assert err.count("\n") == 1
    assert len(err) < 700


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
    assert "..." not in listed.partition("Commands:")[2]


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


@pytest.mark.parametrize("arguments", [["plan", "--json", "changes"], ["plan", "changes"]])
def test_command_ends_silently_on_closed_pipe(arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with _purgemap(*arguments, stdout=writing) as process:
        os.close(writing)
        _, err = process.communicate()
    assert (process.returncode, err) == (1, "")
