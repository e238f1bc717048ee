"""`purgemap invalidate` against the strict CloudFront double over HTTP."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import click
import pytest
from click.testing import CliRunner, Result

from purgemap.cli.invalidate import invalidate
from purgemap.errors import PurgemapError
from purgemap.operations import RetryTimes
from support.commands import invoke
from support.doubles.cloudfront import Clock, CloudFrontDouble, Fault, Site
from support.doubles.cloudfront_http import CloudFrontServer
from support.ids import E1, E2
from support.payloads import s3_event

MAP = f"""\
version: 1
routes:
  - {{bucket: site, distributions: [{E1}]}}
  - {{name: docs, bucket: site, prefix: docs/, distributions: [{E2}]}}
  - {{bucket: docs, distributions: [{E2}], exclude: ["*.map"], events: [created]}}
"""


@pytest.fixture
def cloudfront(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CloudFrontDouble]:
    monkeypatch.chdir(tmp_path)
    Path("routes.yaml").write_text(MAP)
    double = CloudFrontDouble(Clock())
    double.add(Site(id=E1, bucket="site"), Site(id=E2, bucket="site"))
    # botocore retries at once, as the command does with the times of `run`.
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))
    with CloudFrontServer(double) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        yield double


def run(text: str, *arguments: str, first_wait: float = 0, longest_wait: float = 30) -> Result:
    times = RetryTimes(first_wait, longest_wait)
    return invoke(invalidate, "--routes", "routes.yaml", *arguments, input=text, catch_exceptions=False, obj=times)


def accepted(double: CloudFrontDouble, distribution: str) -> list[list[str]]:
    return [sorted(each.items) for each in double.accepted(distribution)]


def test_invalidate_sends_and_prints_each_distribution(cloudfront: CloudFrontDouble) -> None:
    result = run("upload: ./a b to s3://site/docs/a b\ndelete: s3://site/x\n")
    assert result.return_value == 0
    assert accepted(cloudfront, E1) == [["/docs/a%20b", "/docs/a+b", "/x"]]
    assert accepted(cloudfront, E2) == [["/docs/a%20b", "/docs/a+b"]]
    assert result.stdout == ""
    assert sorted(line.split()[:3] for line in result.stderr.splitlines()) == [
        ["accepted", E1, "3"],
        ["accepted", E2, "2"],
    ]


def test_invalidate_json_lists_accepted_requests(cloudfront: CloudFrontDouble) -> None:
    document = json.loads(run("s3://site/x\n", "--json").stdout)
    assert document["invalidations"] == [
        {"distribution": E1, "items": ["/x"], "paths": 1, "wildcards": 0, "changes": 1}
    ]
    assert document["summary"]["requests"] == 1
    assert accepted(cloudfront, E1) == [["/x"]]


@pytest.mark.parametrize("line", ["s3://site/x", json.dumps(s3_event("site", "x"))])
def test_invalidate_sends_same_input_again(line: str, cloudfront: CloudFrontDouble) -> None:
    for _ in range(2):
        assert run(line).return_value == 0
    assert accepted(cloudfront, E1) == [["/x"], ["/x"]]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the input contains no changes"),
        ("s3://other/x\n", "1 change without a route (in other), 0 events ignored"),
        ("s3://docs/x.map\n", "0 changes without a route, 1 change excluded by the map, 0 events ignored"),
        (
            "upload failed: ./x to s3://site/x An error occurred (AccessDenied) when calling PutObject: no\n",
            "the input contains no changes",
        ),
    ],
)
def test_invalidate_needs_no_credentials_for_nothing(
    text: str, reason: str, cloudfront: CloudFrontDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    result = run(text, "--allow-unrouted")
    assert (result.return_value, result.stdout) == (0, "")
    assert result.stderr.splitlines()[-1] == f"nothing to invalidate: {reason}"
    assert accepted(cloudfront, E1) == []


def test_invalidate_sends_rest_and_fails_for_unrouted_changes(cloudfront: CloudFrontDouble) -> None:
    result = run("s3://stie/x\ns3://site/x\ns3://site2/y\n")
    assert (result.return_value, accepted(cloudfront, E1)) == (1, [["/x"]])
    lines = result.stderr.splitlines()
    assert lines[:3] == [
        'the map has no bucket site2; did you mean "site"?',
        'the map has no bucket stie; did you mean "site"?',
        "2 changes without a route (in site2, stie), 0 events ignored",
    ]
    assert lines[-1] == "no route matches 2 changes: fix the map or the input, or pass --allow-unrouted"


def test_invalidate_accepts_unrouted_changes_if_allowed(cloudfront: CloudFrontDouble) -> None:
    result = run("s3://other/x\ns3://site/x\n", "--allow-unrouted")
    assert (result.return_value, accepted(cloudfront, E1)) == (0, [["/x"]])


def test_invalidate_succeeds_for_changes_that_the_map_excludes(cloudfront: CloudFrontDouble) -> None:
    result = run("s3://docs/x.map\ndelete: s3://docs/x\ns3://docs/x\ns3://site/x\n")
    assert (result.return_value, accepted(cloudfront, E2)) == (0, [["/x"]])
    assert result.stderr.splitlines()[0] == (
        "0 changes without a route, 2 changes excluded by the map, 0 events ignored"
    )


@pytest.mark.parametrize("end", ["fatal error: Connection lost", "cancelled: ctrl-c received"])
def test_invalidate_fails_for_a_log_that_ends_early(end: str, cloudfront: CloudFrontDouble) -> None:
    result = run(f"upload: ./x to s3://site/x\n{end}\n")
    assert (result.return_value, accepted(cloudfront, E1)) == (1, [["/x"]])
    assert result.stderr.splitlines()[-1].startswith("aws s3 ended early: ")


def test_invalidate_refuses_the_output_of_a_dry_run(cloudfront: CloudFrontDouble) -> None:
    with pytest.raises(PurgemapError) as raised:
        run("(dryrun) upload: ./x to s3://site/x\nupload: ./y to s3://site/y\nfatal error: no\n")
    assert str(raised.value) == "-: 1 line of a --dryrun, which changed nothing; send the output of the real run"
    assert accepted(cloudfront, E1) == []


def test_invalidate_makes_no_call_for_nothing(cloudfront: CloudFrontDouble) -> None:
    result = run("s3://other/x\n", "--json")
    assert result.return_value == 1
    assert json.loads(result.stdout)["summary"]["requests"] == 0
    assert accepted(cloudfront, E1) == accepted(cloudfront, E2) == []


@pytest.mark.parametrize("code", ["Throttling", "TooManyInvalidationsInProgress", "ServiceUnavailable"])
def test_invalidate_retries_until_accepted(cloudfront: CloudFrontDouble, code: str) -> None:
    cloudfront.faults.add(Fault(distribution=E2, error=code, times=3))
    result = run("s3://site/docs/x\n")
    assert result.return_value == 0
    assert f"deferred {E2}" in result.stderr
    assert accepted(cloudfront, E1) == accepted(cloudfront, E2) == [["/docs/x"]]


@pytest.mark.parametrize("code", ["AccessDenied", "NoSuchDistribution"])
def test_invalidate_names_distribution_that_never_accepts(cloudfront: CloudFrontDouble, code: str) -> None:
    cloudfront.faults.add(Fault(distribution=E2, error=code, times=None))
    # Time enough for the first round on any machine, too little to wait for a second.
    result = run("s3://site/docs/x\n", "--timeout", "36000", "--json", first_wait=36_000, longest_wait=36_000)
    assert result.return_value == 1
    assert accepted(cloudfront, E1) == [["/docs/x"]]
    assert [each["distribution"] for each in json.loads(result.stdout)["invalidations"]] == [E1]
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("not accepted")]
    assert E2 in line
    assert code in line


def test_invalidate_prints_rejection_before_it_waits_for_others(cloudfront: CloudFrontDouble) -> None:
    cloudfront.faults.add(Fault(distribution=E1, error="NoSuchDistribution", times=None))
    cloudfront.faults.add(Fault(distribution=E2, error="TooManyInvalidationsInProgress", times=1))
    result = run("s3://site/docs/x\n")
    assert result.return_value == 1
    assert [line.split()[0] for line in result.stderr.splitlines()] == ["not", "deferred", "accepted"]


@pytest.mark.parametrize("code", ["AccessDenied", "InvalidClientTokenId", "RequestExpired", "OptInRequired"])
def test_invalidate_ends_at_once_for_errors_of_credentials(cloudfront: CloudFrontDouble, code: str) -> None:
    cloudfront.faults.add(Fault(distribution=E2, error=code, times=None))
    result = run("s3://site/docs/x\n", "--timeout", "36000", first_wait=3600)
    assert (result.return_value, accepted(cloudfront, E1)) == (1, [["/docs/x"]])
    assert "deferred" not in result.stderr
    assert f"not accepted {E2}: CreateInvalidation: {code}" in result.stderr


def test_invalidate_wildcard_spares_listed_objects(cloudfront: CloudFrontDouble) -> None:
    Path("routes.yaml").write_text(MAP.replace("routes:", "defaults: {max_paths: 3}\nroutes:"))
    Path("listing").write_text("a/1\na/3\nb/1\n")
    changes = "".join(f"s3://site/{page}\n" for page in ("a/1", "a/2", "b/1", "b/2"))
    assert run(changes, "--listing", "listing").return_value == 0
    assert accepted(cloudfront, E1) == [["/a/1", "/a/2", "/b/*"]]


@pytest.mark.parametrize(
    ("site", "first", "second"),
    [
        ("site/docs/", [["/docs/", "/docs/*"]], [["/docs/", "/docs/*"]]),
        ("s3://docs", [], [["/", "/*"]]),
        ("site", [["/", "/*"]], [["/docs/", "/docs/*"]]),
    ],
)
def test_invalidate_sends_wildcards_of_a_site(
    site: str, first: list[list[str]], second: list[list[str]], cloudfront: CloudFrontDouble
) -> None:
    result = run("", "--site", site, "--json")
    assert result.return_value == 0
    assert (accepted(cloudfront, E1), accepted(cloudfront, E2)) == (first, second)
    assert json.loads(result.stdout)["summary"]["wildcards"] == len(first) + len(second)


def test_invalidate_all_shows_its_cost_before_it_asks(cloudfront: CloudFrontDouble) -> None:
    result = CliRunner().invoke(invalidate, ["--all", "--routes", "routes.yaml"])
    assert result.exit_code == 2
    assert "0 changes → 4 items in 2 requests, $0.020 before the account's free 1,000" in result.stderr
    assert result.stderr.endswith("Error: cannot ask for confirmation: stdin is not a terminal; pass --yes\n")
    assert accepted(cloudfront, E1) == []


def test_invalidate_all_with_yes_sends_every_site(cloudfront: CloudFrontDouble) -> None:
    result = run("", "--all", "--yes")
    assert (result.return_value, result.stdout) == (0, "")
    assert (accepted(cloudfront, E1), accepted(cloudfront, E2)) == ([["/", "/*"]], [["/", "/*"]])


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--site", "site", "--all"), "--site is given with --all; give one of them"),
        (("--site", "site", "--bucket", "site"), "--site is given with --bucket; give one of them"),
        (("--all", "-"), "--all is given with INPUT; give one of them"),
        (("--site", "a/b"), "'a' is not a bucket's name"),
        (("--yes",), "--yes is the answer to the question of --all; give both"),
    ],
)
def test_invalidate_refuses_options_that_exclude_each_other(
    options: tuple[str, ...], reason: str, cloudfront: CloudFrontDouble
) -> None:
    with pytest.raises(click.UsageError) as raised:
        run("", *options)
    assert reason in raised.value.format_message()
    assert accepted(cloudfront, E1) == []
