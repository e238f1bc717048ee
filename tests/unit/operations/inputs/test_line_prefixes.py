"""Prefixes that CI systems and terminals print before lines of `aws s3`: stripped, or the line rejected."""

import pytest

from purgemap.errors import PurgemapError
from purgemap.operations.inputs.change_list import parse_lines

ESCAPE = "\x1b"
PROGRESS = "Completed 256.0 KiB/1.2 MiB (1.1 MiB/s) with 1 file(s) remaining"
TIME = "2026-05-01T10:00:00.1234567Z "


def changes(text: str) -> list[tuple[str, str, str]]:
    return [change[:3] for change in parse_lines(text.split("\n")).changes]


@pytest.mark.parametrize(
    "prefix",
    [
        TIME,
        f"deploy\tSync the site\t{TIME}",
        f"deploy\tUNKNOWN STEP\t\ufeff{TIME}",
        "2026-05-01T10:00:00.123456Z 01O ",
        "[2026-05-01T10:00:00.123Z] ",
        "2026-05-01 10:00:00,123 ",
        "2026/05/01 10:00:00.123456 ",
        "10:00:00  ",
        "[10:00:00] ",
        "May  1 10:00:00 ",
        "#12 3.456 ",
        "deploy-1  | ",
        "[deploy:3] ",
        "null_resource.sync (local-exec): ",
        "    ",
        f"{ESCAPE}_bk;t=1700000000000\x07",
        f"{ESCAPE}[32m",
        f"{TIME}{ESCAPE}[36;1m",
        "\ufeff",
    ],
)
@pytest.mark.parametrize("bucket", [None, "other"])
def test_certain_prefix_is_stripped(prefix: str, bucket: str | None) -> None:
    results = ["upload: ./a b to s3://site/a b  ", "(dryrun) delete: s3://site/c", PROGRESS, "warning: no"]
    named = parse_lines([prefix + result for result in results], bucket=bucket)
    assert [(change.bucket, change.key) for change in named.changes] == [("site", "a b"), ("site", "c")]
    assert (named.dry_run_lines, named.aws_cli_errors) == (1, ["warning: no"])


def test_colours_around_result_are_stripped() -> None:
    colours = f"{ESCAPE}[32mupload:{ESCAPE}[0m ./a to s3://site/a{ESCAPE}[0m{ESCAPE}[K"
    assert changes(colours) == [("site", "a", "created")]


@pytest.mark.parametrize(
    "line",
    [
        "+ aws s3 sync public s3://site --delete",
        "$ aws s3 cp public s3://site --recursive",
        "me@host:~/site$ aws s3 sync public s3://site",
        f"{ESCAPE}[0Ksection_start:1700000000:step_script\r{ESCAPE}[0K{ESCAPE}[32;1m$ aws s3 sync . s3://site{ESCAPE}[0m",
        "travis_fold:start:deploy",
        TIME,
        TIME.strip(),
    ],
)
def test_line_around_results_is_skipped(line: str) -> None:
    assert changes(f"{line}\nupload: ./a to s3://site/a") == [("site", "a", "created")]


@pytest.mark.parametrize(
    "line",
    [
        "+ aws s3 sync public s3://site --only-show-errors",
        "+ aws s3 rm s3://site/a --quiet",
        "$ aws s3 sync public s3://site > deploy.log",
        "aws s3 sync public s3://site",
        "2026-05-01T10:00:00.123456Z 01O+upload: ./a to s3://site/a",
        "May  1 10:00:00 host deploy[12]: upload: ./a to s3://site/a",
        "Serverless: upload: ./a to s3://site/a",
        "[dry-run] upload: ./a to s3://site/a",
        "✓ Upload: ./a to s3://site/a",
        f"{TIME}s3://site/a",
        f"{TIME}a.html",
        f"{ESCAPE}[1ma.html",
        "https://site.example/a.html",
        "S3://site/a",
        "cp public/a.html s3://site/a.html",
        "arn:aws:s3:::site/a.html",
        "delete: ",
        "upload: ",
        "2026/05/01 10:00:00 INFO  : a.html: Copied (new)",
    ],
)
@pytest.mark.parametrize("bucket", [None, "site"])
def test_uncertain_line_is_rejected_without_advice_of_bucket(line: str, bucket: str | None) -> None:
    with pytest.raises(PurgemapError, match=r"^line 1: ") as caught:
        parse_lines([line], bucket=bucket)
    assert "--bucket" not in str(caught.value)
    assert "s3://BUCKET/KEY" in str(caught.value)
