"""`purgemap deploy` on the embedded AWS: the buckets that it lists, and the counts that the function gets."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from botocore.stub import Stubber

from purgemap.demo.local_aws import LocalAws, start_local_aws
from purgemap.deployment.stack import find_buckets, list_pages
from purgemap.errors import PurgemapError
from purgemap.planning import FOLDER_COUNTS_FILE, FolderCountsFile
from purgemap.routemap import load_map
from support.deployed import Deployed, enter_folder_with_map, run_deploy
from support.ids import E1, E2

MAP = f"""\
version: 1
routes:
  - {{bucket: acme-www, distributions: [{E1}]}}
  - {{bucket: "team-*", distributions: [{E2}]}}
"""


@pytest.fixture(autouse=True)
def _in_a_folder_with_a_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    enter_folder_with_map(tmp_path, monkeypatch, MAP)


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    with start_local_aws() as running:
        yield running


def fill(aws: LocalAws, bucket: str, *keys: str) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=bucket)
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key)


def deployed_counts(aws: LocalAws, tmp_path: Path) -> list[dict[str, int]] | None:
    """Read the counts in the function's zip, as the function does; None without counts."""
    archive = Deployed(aws).archive()
    if FOLDER_COUNTS_FILE not in archive.namelist():
        return None
    archive.extract(FOLDER_COUNTS_FILE, tmp_path)
    file = FolderCountsFile(tmp_path / FOLDER_COUNTS_FILE, pytest.fail)
    return [dict(file.counts_of(id_)) for id_ in (E1, E2)]


def test_deploy_counts_the_objects_of_buckets_and_patterns(aws: LocalAws, tmp_path: Path) -> None:
    fill(aws, "acme-www", "index.html", "a b/1", "a b/2")
    fill(aws, "team-x", "x/1")
    fill(aws, "team-y", "y/1", "y/ü?&.html")
    fill(aws, "other", "never")
    assert "listed 3 buckets: 6 objects\n" in run_deploy()
    assert deployed_counts(aws, tmp_path) == [
        {"/": 1, "/a b/".replace(" ", "%20"): 2, "/a+b/": 2},
        {"/x/": 1, "/y/": 2},
    ]


def test_deploy_of_an_unchanged_site_changes_nothing(aws: LocalAws, tmp_path: Path) -> None:
    fill(aws, "acme-www", "a/1")
    run_deploy()
    assert "purgemap: no changes\n" in run_deploy()
    aws.client("s3").put_object(Bucket="acme-www", Key="a/2")
    assert "no changes" not in run_deploy()
    assert deployed_counts(aws, tmp_path) == [{"/a/": 2}, {}]


def test_stack_shows_when_the_counts_changed(aws: LocalAws) -> None:
    fill(aws, "acme-www", "a/1")
    run_deploy()
    counted = Deployed(aws).outputs["FolderCountsTime"]
    assert datetime.fromisoformat(counted) <= datetime.now(UTC)
    run_deploy("--parameter", "Window=20")
    assert Deployed(aws).outputs["FolderCountsTime"] == counted
    run_deploy("--no-listing")
    assert "FolderCountsTime" not in Deployed(aws).outputs


def test_deploy_names_a_bucket_that_it_cannot_list(aws: LocalAws, tmp_path: Path) -> None:
    fill(aws, "team-x", "x/1")
    output = run_deploy()
    assert "acme-www is not listed: it does not exist; plans estimate what they evict of it\n" in output
    assert "listed 1 bucket: 1 object\n" in output
    assert deployed_counts(aws, tmp_path) == [{}, {"/x/": 1}]


def test_deploy_lists_nothing_if_told_so(aws: LocalAws, tmp_path: Path) -> None:
    fill(aws, "acme-www", "a/1")
    assert "listed" not in run_deploy("--no-listing")
    assert deployed_counts(aws, tmp_path) is None


def test_deploy_prefers_the_listing_of_a_file(aws: LocalAws, tmp_path: Path) -> None:
    fill(aws, "acme-www", "a/1")
    fill(aws, "team-x", "x/1")
    Path("keys.txt").write_text("b/1\nb/2\n")
    assert "listed 1 bucket: 1 object\n" in run_deploy("--listing", "acme-www=keys.txt")
    assert deployed_counts(aws, tmp_path) == [{"/b/": 2}, {"/x/": 1}]


def test_listing_has_every_page(aws: LocalAws) -> None:
    keys = [f"{number:04}" for number in range(1_001)]
    fill(aws, "acme-www", *keys)
    assert [len(page) for page in list_pages(aws.client("s3"), "acme-www")] == [1_000, 1]


def test_listing_of_a_large_bucket_ends(aws: LocalAws) -> None:
    fill(aws, "acme-www", "1", "2", "3")
    message = "acme-www is not listed: it has more than 2 objects; pass them with --listing acme-www=FILE"
    with pytest.raises(PurgemapError, match=message):
        list(list_pages(aws.client("s3"), "acme-www", max_keys=2))


def test_listing_names_the_missing_permissions(aws: LocalAws) -> None:
    s3, warnings = aws.client("s3"), list[str]()
    with Stubber(s3) as answers:
        answers.add_client_error("list_objects_v2", "AccessDenied")
        answers.add_client_error("list_buckets", "AccessDenied")
        with pytest.raises(PurgemapError, match=r"^acme-www is not listed: needs s3:ListBucket$"):
            list(list_pages(s3, "acme-www"))
        assert find_buckets(s3, load_map("config/routes.yaml"), warnings.append) == ["acme-www"]
    assert warnings == ["buckets that match a pattern of the map are not listed: needs s3:ListAllMyBuckets"]
