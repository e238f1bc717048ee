"""An independent emulator runs the service: MiniStack's S3, EventBridge, SQS, Lambda and CloudFormation.

CloudFront is the strict double, because MiniStack's accepts everything.
"""

import itertools
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from purgemap.demo.local_aws import LocalAws
from simulation.keys import make_odd_names
from support.deployed import Deployed, enter_folder_with_map, run_deploy
from support.doubles.cloudfront import CloudFrontDouble, Fault, Site
from support.doubles.cloudfront_http import CloudFrontServer
from support.harness import count_messages
from support.ids import E1, E2
from support.ministack import needs_ministack, start_ministack
from support.oracles.cloudfront_rules import is_covered, why_unusable

BUCKET = "acme-www"
MAP = f"""
version: 1
routes:
  - {{bucket: {BUCKET}, distributions: [{E1}]}}
  - {{name: docs, bucket: {BUCKET}, prefix: docs/, origin_path: /docs, distributions: [{E2}]}}
"""
SITES = (Site(id=E1, bucket=BUCKET), Site(id=E2, bucket=BUCKET, origin_path="/docs"))
# The double's quotas refill with its clock, and a test must not wait for them. SQS's delays are in seconds of the wall.
CLOCK_SPEED = 60
QUOTA_CODES = ("Throttling", "TooManyInvalidationsInProgress")
GUARD_SECONDS = 600  # only ends a run in which something is lost

pytestmark = needs_ministack


def create_double() -> CloudFrontDouble:
    double = CloudFrontDouble(lambda: time.time() * CLOCK_SPEED)
    double.add(*SITES)
    # botocore's two attempts fail, so a job is deferred.
    double.faults.add(*(Fault(error=code, times=2) for code in QUOTA_CODES))
    return double


def fill_caches(double: CloudFrontDouble, keys: list[str]) -> None:
    """Let viewers request each object under all of its paths, and write it again."""
    for key in keys:
        double.put(BUCKET, key)
    for site in SITES:
        for spelling in itertools.chain.from_iterable(map(site.spellings, keys)):
            double.view(site.id, spelling)
    for key in keys:
        double.put(BUCKET, key)


def stale_keys(double: CloudFrontDouble, keys: list[str]) -> set[str]:
    """Return the keys that a cache serves an old copy of, under any of their paths."""
    stale = {(entry.distribution, entry.spelling) for entry in double.stale()}
    return {key for key in keys for site in SITES for spelling in site.spellings(key) if (site.id, spelling) in stale}


def upload(aws: LocalAws, keys: list[str]) -> None:
    s3 = aws.client("s3")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: s3.put_object(Bucket=BUCKET, Key=key, Body=b"new"), keys))


def wait_until_fresh(aws: LocalAws, double: CloudFrontDouble, queue_url: str) -> None:
    """Wait until no cache is stale and the queue is empty."""
    deadline = time.monotonic() + GUARD_SECONDS
    while (double.stale() or count_messages(aws, queue_url)) and time.monotonic() < deadline:
        time.sleep(0.2)


def test_ministack_makes_a_thousand_odd_objects_fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    enter_folder_with_map(tmp_path, monkeypatch, MAP)
    keys, double = make_odd_names(1_000), create_double()
    fill_caches(double, keys)
    assert len(stale_keys(double, keys)) == 1_000
    with (
        CloudFrontServer(double) as cloudfront,
        start_ministack(tmp_path, {"AWS_ENDPOINT_URL_CLOUDFRONT": cloudfront.url}) as aws,
    ):
        aws.create_site_bucket(BUCKET)
        run_deploy()
        assert "no changes" in run_deploy()
        deployed = Deployed(aws)
        upload(aws, keys)
        wait_until_fresh(aws, double, deployed.outputs["QueueUrl"])
        dead_letters = count_messages(aws, deployed.outputs["DeadLetterQueueUrl"])
    assert (stale_keys(double, keys), dead_letters) == (set(), 0)
    assert double.faults.pending() == ()
    assert double.ledger.outcomes(operation="CreateInvalidation").keys() <= {"accepted", "replayed", *QUOTA_CODES}
    for site in SITES:
        items = {item for accepted in double.accepted(site.id) for item in accepted.items}
        assert {item: reason for item in items if (reason := why_unusable(item))} == {}
        spellings = itertools.chain.from_iterable(map(site.spellings, keys))
        assert [spelling for spelling in spellings if not is_covered(spelling, items)] == []
