"""`purgemap wait` on the embedded AWS: S3's times of changes, CloudFront's of invalidations."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from purgemap.cli.invalidate import invalidate
from purgemap.cli.wait import wait
from purgemap.demo.local_aws import LocalAws
from purgemap.operations import RetryTimes, WaitTimes
from support.commands import invoke
from support.doubles.clock import Clock
from support.harness import build_service
from support.ids import E1, E2, E3
from support.object_times import invalidate_ago, put_ago

pytest_plugins = ["support.local_aws_fixtures"]

MAP = f"""
version: 1
distributions:
  shop: {{id: {E2}}}
  customer: {{tenant: dt_1}}
  away: {{id: {E3}, role_arn: "arn:aws:iam::222222222222:role/purgemap"}}
routes:
  - {{bucket: site, distributions: [{E1}]}}
  - {{bucket: site, prefix: shop/, distributions: [shop]}}
  - {{bucket: docs, distributions: [customer]}}
  - {{bucket: site, prefix: away/, distributions: [away]}}
"""
AWAY = "222222222222"


@pytest.fixture
def site(aws: LocalAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalAws:
    monkeypatch.chdir(tmp_path)
    Path("routes.yaml").write_text(MAP)
    for bucket in ("site", "docs"):
        aws.create_site_bucket(bucket)
    for id_ in (E1, E2, "tenant:dt_1"):
        aws.create_distribution(id_)
    aws.create_distribution(E3, AWAY)
    return aws


def run(text: str, *options: str) -> Result:
    clock = Clock()
    times = WaitTimes(sleep=clock.advance, now=clock)
    return invoke(wait, "--routes", "routes.yaml", *options, input=text, obj=times, catch_exceptions=False)


def document(text: str, *options: str) -> Any:
    return json.loads(run(text, "--json", *options).stdout)


def test_wait_returns_when_every_distribution_completed(site: LocalAws) -> None:
    put_ago(site, "site", "shop/index.html", 60)
    put_ago(site, "docs", "a b", 60)
    invalidate_ago(site, E1, ["/shop/*", "/shop/"], 30)
    invalidate_ago(site, E2, ["/shop/index.html", "/other"], 30)
    invalidate_ago(site, E2, ["/shop/"], 30)
    invalidate_ago(site, "tenant:dt_1", ["/a%20b", "/a+b"], 30)
    result = run("s3://site/shop/index.html\ns3://docs/a b\n")
    assert (result.return_value, result.stderr) == (0, "")
    assert result.stdout.startswith("fresh 6 items of 3 distributions after ")


def test_wait_names_what_is_missing_at_its_timeout(site: LocalAws) -> None:
    put_ago(site, "site", "x", 60)
    put_ago(site, "site", "shop/y", 60)
    invalidate_ago(site, E1, ["/x", "/shop/z"], 30)
    result = run("s3://site/x\ns3://site/shop/y\n", "--json", "--timeout", "3")
    assert result.return_value == 1
    printed = json.loads(result.stdout)
    assert printed["fresh"] == [{"distribution": E1, "items": ["/x"]}]
    assert printed["missing"] == [
        {"distribution": E1, "items": ["/shop/y"]},
        {"distribution": E2, "items": ["/shop/y"]},
    ]
    assert printed["seconds"] >= 3
    assert [line.partition(": ")[0] for line in result.stderr.splitlines()[:2]] == [
        f"missing {E1}",
        f"missing shop ({E2})",
    ]
    assert "the stack purgemap in us-east-1 does not exist" in result.stderr


def test_wait_takes_no_earlier_invalidation_for_fresh(site: LocalAws) -> None:
    put_ago(site, "site", "x", 60)
    invalidate_ago(site, E1, ["/x", "/*"], 90)
    assert document("s3://site/x\n", "--timeout", "3")["missing"] == [{"distribution": E1, "items": ["/x"]}]


def test_wait_counts_deleted_object_from_its_start_or_since(site: LocalAws) -> None:
    invalidate_ago(site, E1, ["/gone"], 30)
    result = run("delete: s3://site/gone\n", "--timeout", "2")
    assert result.return_value == 1
    assert "S3 has no time of the change of s3://site/gone: only invalidations from the start" in result.stderr
    since = ("--since", "2020-01-01T00:00:00Z")
    assert document("delete: s3://site/gone\n", *since)["fresh"] == [{"distribution": E1, "items": ["/gone"]}]


def test_wait_does_not_trust_the_time_of_a_multipart_upload(site: LocalAws) -> None:
    s3 = site.client("s3")
    upload = s3.create_multipart_upload(Bucket="site", Key="film")["UploadId"]
    part = s3.upload_part(Bucket="site", Key="film", UploadId=upload, PartNumber=1, Body=b"x")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(Bucket="site", Key="film", UploadId=upload, MultipartUpload=parts)
    assert "S3 has no time of the change of s3://site/film" in run("s3://site/film\n", "--timeout", "1").stderr


def test_wait_reads_other_accounts_by_their_role(site: LocalAws) -> None:
    put_ago(site, "site", "away/x", 60)
    invalidate_ago(site, E1, ["/away/x"], 30)
    invalidate_ago(site, E3, ["/away/x"], 30, AWAY)
    assert [each["distribution"] for each in document("s3://site/away/x\n")["fresh"]] == [E1, E3]


def test_wait_ends_at_once_for_a_missing_distribution(site: LocalAws) -> None:
    Path("routes.yaml").write_text(MAP.replace(E1, "E9MISSING9ABCD"))
    put_ago(site, "site", "x", 60)
    result = run("s3://site/x\n", "--timeout", "36000")
    assert result.return_value == 1
    assert "can't be read E9MISSING9ABCD: ListInvalidations: NoSuchDistribution" in result.stderr


def test_wait_shows_messages_that_the_queues_hold(site: LocalAws) -> None:
    queue, dead_letters = site.create_queues("site")
    put_ago(site, "site", "x", 60)
    urls = ("--queue-url", queue, "--dead-letter-queue-url", dead_letters)
    lines = run("s3://site/x\n", "--timeout", "1", *urls).stderr.splitlines()
    assert lines[1:] == [
        "the queue has 1 message: see purgemap status",
        "the dead-letter queue has 0 messages: see purgemap status",
    ]


@pytest.mark.parametrize(("text", "status"), [("", 0), ("s3://other/x\n", 1)])
def test_wait_needs_no_aws_for_nothing(text: str, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("routes.yaml").write_text(MAP)
    result = run(text, "--json")
    assert (result.return_value, json.loads(result.stdout)) == (status, {"fresh": [], "missing": [], "seconds": 0})
    assert result.stderr.startswith("nothing to wait for: ")


def run_invalidate(text: str, *options: str) -> Result:
    times = RetryTimes(poll=0.1)
    arguments = ("--routes", "routes.yaml", "--wait", *options)
    return invoke(invalidate, *arguments, input=text, obj=times, catch_exceptions=False)


def test_invalidate_waits_for_completion(site: LocalAws) -> None:
    site.client("s3").put_object(Bucket="site", Key="shop/x", Body=b"new")
    result = run_invalidate("s3://site/shop/x\ndelete: s3://site/gone\n", "--json")
    assert result.return_value == 0
    wait_part = json.loads(result.stdout)["wait"]
    assert wait_part["fresh"] == [
        {"distribution": E1, "items": ["/gone", "/shop/x"]},
        {"distribution": E2, "items": ["/shop/x"]},
    ]
    listed = site.client("cloudfront").list_invalidations(DistributionId=E1)["InvalidationList"]["Items"]
    assert [each["Status"] for each in listed] == ["Completed"]


def test_invalidate_waits_only_for_what_is_accepted(site: LocalAws) -> None:
    Path("routes.yaml").write_text(MAP.replace(E1, "E9MISSING9ABCD"))
    put_ago(site, "site", "shop/x", 60)
    result = run_invalidate("s3://site/shop/x\n")
    assert result.return_value == 1
    assert result.stdout.startswith("fresh 1 item of 1 distribution after ")
    assert "not accepted E9MISSING9ABCD" in result.stderr


def test_invalidate_waits_for_whole_sites(site: LocalAws) -> None:
    result = run_invalidate("", "--site", "site/shop/")
    assert result.return_value == 0
    assert result.stdout.startswith("fresh 4 items of 2 distributions after ")
    listed = site.client("cloudfront").list_invalidations(DistributionId=E2)["InvalidationList"]["Items"]
    assert [each["Status"] for each in listed] == ["Completed"]


def test_wait_takes_what_the_service_sent_for_fresh(aws: LocalAws, tmp_path: Path) -> None:
    service = build_service(aws, tmp_path, MAP, bucket="site")
    aws.create_distribution(E1)
    pages = [f"news/{number}/index.html" for number in range(200)]
    for page in pages:
        put_ago(aws, "site", page, 60)
    function = service.function()
    while service.message_count(service.queue):
        function.poll()
    text = "".join(f"s3://site/{page}\n" for page in pages)
    arguments = ("--routes", service.map_file, "--json")
    result = invoke(wait, *arguments, input=text, obj=WaitTimes(poll=0.2), env=service.environment)
    assert result.return_value == 0
    (fresh,) = json.loads(result.stdout)["fresh"]
    assert len(fresh["items"]) == 400, "each page and its folder, though wildcards were sent"
