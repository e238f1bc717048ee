"""`purgemap invalidate` against the strict CloudFront double over HTTP: sent, tried again, or told."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result

from purgemap.cli.invalidate import invalidate
from purgemap.errors import PurgemapError
from support.doubles.cloudfront import Clock, CloudFrontDouble, Fault, Site
from support.doubles.cloudfront_http import CloudFrontServer
from support.payloads import s3_event

E1, E2 = "E1EXAMPLE1ABCD", "E2EXAMPLE2ABCD"
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
    # Neither botocore nor the command waits before it tries again.
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))
    monkeypatch.setattr("purgemap.cli.invalidate._FIRST_WAIT", 0)
    with CloudFrontServer(double) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        yield double


def run(text: str, *arguments: str) -> Result:
    return CliRunner().invoke(
        invalidate, ["--routes", "routes.yaml", *arguments], input=text, standalone_mode=False, catch_exceptions=False
    )


def accepted(double: CloudFrontDouble, distribution: str) -> list[list[str]]:
    return [sorted(each.items) for each in double.accepted(distribution)]


def test_what_changed_is_invalidated_and_told(cloudfront: CloudFrontDouble) -> None:
    result = run("upload: ./a b to s3://site/docs/a b\ndelete: s3://site/x\n")
    assert result.return_value == 0
    assert accepted(cloudfront, E1) == [["/docs/a%20b", "/docs/a+b", "/x"]]
    assert accepted(cloudfront, E2) == [["/docs/a%20b", "/docs/a+b"]]
    assert result.stdout == ""
    assert sorted(line.split()[:3] for line in result.stderr.splitlines()) == [
        ["accepted", E1, "3"],
        ["accepted", E2, "2"],
    ]


def test_the_json_says_what_was_accepted(cloudfront: CloudFrontDouble) -> None:
    document = json.loads(run("s3://site/x\n", "--json").stdout)
    assert document["invalidations"] == [
        {"distribution": E1, "items": ["/x"], "paths": 1, "wildcards": 0, "changes": 1}
    ]
    assert document["summary"]["requests"] == 1
    assert accepted(cloudfront, E1) == [["/x"]]


@pytest.mark.parametrize("line", ["s3://site/x", json.dumps(s3_event("site", "x"))])
def test_what_is_sent_again_on_purpose_is_invalidated_again(line: str, cloudfront: CloudFrontDouble) -> None:
    for _ in range(2):
        assert run(line).return_value == 0
    assert accepted(cloudfront, E1) == [["/x"], ["/x"]]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the input names no change"),
        ("s3://other/x\n", "1 change without a route (in other), 0 events ignored"),
        ("s3://docs/x.map\n", "0 changes without a route, 1 change excluded by the map, 0 events ignored"),
        (
            "upload failed: ./x to s3://site/x An error occurred (AccessDenied) when calling PutObject: no\n",
            "the input names no change",
        ),
    ],
)
def test_nothing_to_do_is_said_and_asks_for_no_credentials(
    text: str, told: str, cloudfront: CloudFrontDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    result = run(text, "--allow-unrouted")
    assert (result.return_value, result.stdout) == (0, "")
    assert result.stderr.splitlines()[-1] == f"nothing to invalidate: {told}"
    assert accepted(cloudfront, E1) == []


def test_invalidate_sends_the_rest_and_fails_for_unrouted_changes(cloudfront: CloudFrontDouble) -> None:
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


def test_nothing_to_do_calls_nobody(cloudfront: CloudFrontDouble) -> None:
    result = run("s3://other/x\n", "--json")
    assert result.return_value == 1
    assert json.loads(result.stdout)["summary"]["requests"] == 0
    assert accepted(cloudfront, E1) == accepted(cloudfront, E2) == []


@pytest.mark.parametrize("code", ["Throttling", "TooManyInvalidationsInProgress", "ServiceUnavailable"])
def test_what_cloudfront_has_no_room_for_is_tried_until_it_is_accepted(cloudfront: CloudFrontDouble, code: str) -> None:
    cloudfront.faults.add(Fault(distribution=E2, error=code, times=3))
    result = run("s3://site/docs/x\n")
    assert result.return_value == 0
    assert f"deferred {E2}" in result.stderr
    assert accepted(cloudfront, E1) == accepted(cloudfront, E2) == [["/docs/x"]]


@pytest.mark.parametrize(("code", "told"), [("AccessDenied", "AccessDenied"), ("NoSuchDistribution", "NoSuch")])
def test_a_distribution_that_refuses_is_named_and_holds_up_no_other(
    cloudfront: CloudFrontDouble, monkeypatch: pytest.MonkeyPatch, code: str, told: str
) -> None:
    # Time enough for the first round on any machine, too little to wait for a second.
    monkeypatch.setattr("purgemap.cli.invalidate._FIRST_WAIT", 36_000)
    monkeypatch.setattr("purgemap.cli.invalidate._LONGEST_WAIT", 36_000)
    cloudfront.faults.add(Fault(distribution=E2, error=code, times=None))
    result = run("s3://site/docs/x\n", "--timeout", "36000", "--json")
    assert result.return_value == 1
    assert accepted(cloudfront, E1) == [["/docs/x"]]
    assert [each["distribution"] for each in json.loads(result.stdout)["invalidations"]] == [E1]
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("not accepted")]
    assert E2 in line
    assert told in line


def test_what_is_refused_for_good_is_told_before_others_are_waited_for(cloudfront: CloudFrontDouble) -> None:
    cloudfront.faults.add(Fault(distribution=E1, error="NoSuchDistribution", times=None))
    cloudfront.faults.add(Fault(distribution=E2, error="TooManyInvalidationsInProgress", times=1))
    result = run("s3://site/docs/x\n")
    assert result.return_value == 1
    assert [line.split()[0] for line in result.stderr.splitlines()] == ["not", "deferred", "accepted"]


@pytest.mark.parametrize("code", ["AccessDenied", "InvalidClientTokenId", "RequestExpired", "OptInRequired"])
def test_invalidate_ends_at_once_where_only_a_person_can_help(
    cloudfront: CloudFrontDouble, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    monkeypatch.setattr("purgemap.cli.invalidate._FIRST_WAIT", 3600)
    cloudfront.faults.add(Fault(distribution=E2, error=code, times=None))
    result = run("s3://site/docs/x\n", "--timeout", "36000")
    assert (result.return_value, accepted(cloudfront, E1)) == (1, [["/docs/x"]])
    assert "deferred" not in result.stderr
    assert f"not accepted {E2}: CreateInvalidation: {code}" in result.stderr


def test_a_deploy_that_is_sent_twice_is_two_invalidations(cloudfront: CloudFrontDouble) -> None:
    assert run("s3://site/x\n").return_value == run("s3://site/x\n").return_value == 0
    assert accepted(cloudfront, E1) == [["/x"], ["/x"]]


def test_a_wildcard_spares_what_the_listing_names(cloudfront: CloudFrontDouble) -> None:
    Path("routes.yaml").write_text(MAP.replace("routes:", "defaults: {max_paths: 3}\nroutes:"))
    Path("listing").write_text("a/1\na/3\nb/1\n")
    changes = "".join(f"s3://site/{page}\n" for page in ("a/1", "a/2", "b/1", "b/2"))
    assert run(changes, "--listing", "listing").return_value == 0
    assert accepted(cloudfront, E1) == [["/a/1", "/a/2", "/b/*"]]
