"""`purgemap build --listing`: the folder counts in the zip."""

import json
import zipfile
from pathlib import Path

import click
import pytest

from purgemap.errors import PurgemapError
from purgemap.planning import FOLDER_COUNTS_FILE
from support.ids import E1, E2
from support.packages import run_build

ONE_BUCKET = f"version: 1\nroutes:\n  - {{bucket: acme-www, distributions: [{E1}]}}\n"
TWO_BUCKETS = f"{ONE_BUCKET}  - {{bucket: acme-docs, distributions: [{E2}]}}\n"
pytestmark = pytest.mark.usefixtures("map_folder")


def build_counts(*listings: str) -> dict[str, dict[str, int]]:
    options = [text for listing in listings for text in ("--listing", listing)]
    run_build("--output", "it.zip", *options)
    document = json.loads(zipfile.ZipFile("it.zip").read(FOLDER_COUNTS_FILE))
    counts: dict[str, dict[str, int]] = document["distributions"]
    return counts


@pytest.mark.parametrize("listing", ["keys.txt", "acme-www=keys.txt"])
def test_build_counts_the_keys_of_a_listing(listing: str) -> None:
    Path("routes.yaml").write_text(ONE_BUCKET)
    Path("keys.txt").write_text("index.html\nimg/1.png\nimg/2.png\n")
    assert build_counts(listing) == {E1: {"/": 1, "/img/": 2}}


def test_build_counts_several_listings() -> None:
    Path("routes.yaml").write_text(TWO_BUCKETS)
    Path("www=.txt").write_text("s3://acme-www/a\ns3://acme-www/b/c\n")
    Path("docs.txt").write_text("2026-11-12 10:00:00          5 guide/a.html\n")
    assert build_counts("www=.txt", "acme-docs=docs.txt") == {E1: {"/": 1, "/b/": 1}, E2: {"/guide/": 1}}


def test_build_without_listing_has_no_counts() -> None:
    run_build("--output", "it.zip")
    assert FOLDER_COUNTS_FILE not in zipfile.ZipFile("it.zip").namelist()


def test_build_shows_the_counts_as_a_part() -> None:
    Path("routes.yaml").write_text(ONE_BUCKET)
    Path("keys.txt").write_text("index.html\n")
    assert FOLDER_COUNTS_FILE in run_build("--output", "it.zip", "--listing", "keys.txt")


@pytest.mark.parametrize(
    ("listing", "message"),
    [
        ("keys.txt", "keys.txt: the listing names no bucket; write --listing BUCKET=keys.txt"),
        ("acme-ww=keys.txt", 'keys.txt: the map has no bucket acme-ww; did you mean "acme-www"?'),
        ("missing.txt", "missing.txt: No such file or directory; name a file, or - for standard input"),
    ],
)
def test_build_refuses_a_listing_with_advice(listing: str, message: str) -> None:
    Path("routes.yaml").write_text(TWO_BUCKETS)
    Path("keys.txt").write_text("index.html\n")
    with pytest.raises(PurgemapError) as error:
        build_counts(listing)
    assert str(error.value) == message


def test_build_refuses_a_name_that_is_no_bucket() -> None:
    with pytest.raises(click.BadParameter, match="is not a bucket's name"):
        build_counts("a b=keys.txt")
