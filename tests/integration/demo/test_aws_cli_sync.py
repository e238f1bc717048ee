"""A real `aws s3 sync` into the embedded AWS, and the events that it causes."""

import os
from collections import Counter
from pathlib import Path

from support.aws_cli import needs_aws_cli, run_aws
from support.local_site import BUCKET, Site

pytest_plugins = ["support.local_aws_fixtures"]

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


@needs_aws_cli
def test_aws_cli_sync_sends_one_event_per_changed_file(site: Site, tmp_path: Path) -> None:
    for name in NAMES:
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(name)
        # S3's times are whole seconds, so the CLI considers a file younger than a second as changed.
        os.utime(file, (0, 0))
    large = tmp_path / "large.bin"
    large.write_bytes(bytes(9 * 1024 * 1024))  # the CLI uploads more than 8 MB in parts
    os.utime(large, (0, 0))
    run_aws(site.aws, "s3", "sync", str(tmp_path), f"s3://{BUCKET}", "--delete")
    reasons = {event["detail"]["object"]["key"]: event["detail"]["reason"] for event in site.events()}
    assert reasons == {**dict.fromkeys(NAMES, "PutObject"), "large.bin": "CompleteMultipartUpload"}

    (tmp_path / "a+b.html").write_text("a longer text than before")
    (tmp_path / "100%.html").unlink()
    run_aws(site.aws, "s3", "sync", str(tmp_path), f"s3://{BUCKET}", "--delete")
    changes = Counter((event["detail-type"], event["detail"]["object"]["key"]) for event in site.events())
    assert changes == {("Object Created", "a+b.html"): 1, ("Object Deleted", "100%.html"): 1}
