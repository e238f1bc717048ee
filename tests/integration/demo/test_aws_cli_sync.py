"""A real `aws s3 sync` into the embedded AWS, and the events that it causes."""

import os
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from support.local_site import BUCKET, Site
from support.places import ROOT

pytest_plugins = ["support.local_aws_fixtures"]

AWS_CLI = ROOT / ".tools/awscli/bin/aws"
NAMES = [
    "index.html",
    "a b/index.html",
    "a+b.html",
    "tilde~.html",
    "100%.html",
    "50%25.html",
    "sharp#.html",
    "what?.html",
    "quote's.html",
    "(1).html",
    "é/日本.html",
    "&amp;=@,;:$!.html",
]


def sync(site: Site, folder: Path) -> None:
    command = [
        str(AWS_CLI),
        "s3",
        "sync",
        str(folder),
        f"s3://{BUCKET}",
        "--delete",
        "--endpoint-url",
        site.aws.endpoint_url,
    ]
    subprocess.run(command, env={**os.environ, "LC_ALL": "C.UTF-8"}, check=True, capture_output=True)


@pytest.mark.skipif(not AWS_CLI.exists(), reason="make test installs the AWS CLI")
def test_a_sync_sends_one_event_for_each_file_that_came_changed_or_went(site: Site, tmp_path: Path) -> None:
    for name in NAMES:
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(name)
        # S3 tells whole seconds, so a file that is younger than a second looks changed to the CLI.
        os.utime(file, (0, 0))
    large = tmp_path / "large.bin"
    large.write_bytes(bytes(9 * 1024 * 1024))  # past 8 MB the CLI uploads in parts
    os.utime(large, (0, 0))
    sync(site, tmp_path)
    reasons = {event["detail"]["object"]["key"]: event["detail"]["reason"] for event in site.events()}
    assert reasons == {**dict.fromkeys(NAMES, "PutObject"), "large.bin": "CompleteMultipartUpload"}

    (tmp_path / "a+b.html").write_text("a longer text than before")
    (tmp_path / "100%.html").unlink()
    sync(site, tmp_path)
    told = Counter((event["detail-type"], event["detail"]["object"]["key"]) for event in site.events())
    assert told == {("Object Created", "a+b.html"): 1, ("Object Deleted", "100%.html"): 1}
