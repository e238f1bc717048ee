"""Commands that call AWS: an unusable environment and foreign answers are lines, never tracebacks."""

from collections.abc import Mapping

import pytest

from support.doubles.nonsense import Nonsense, serve_nonsense
from support.shell import Shell

QUEUES = ("--queue-url", "https://sqs.eu-central-1.amazonaws.com/1/q", "--dead-letter-queue-url", "https://d")
CALLING_AWS = (
    ["invalidate", "changes"],
    ["wait", "changes"],
    ["status", *QUEUES],
    ["redrive", *QUEUES],
    ["deploy", "--yes"],
)
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
@pytest.mark.parametrize("command", ["invalidate", "redrive", "deploy", "wait"])
def test_command_reports_foreign_answer_in_one_line(command: str, name: str, shell: Shell) -> None:
    arguments = {"redrive": [], "deploy": ["--yes"]}.get(command, ["changes"])
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
