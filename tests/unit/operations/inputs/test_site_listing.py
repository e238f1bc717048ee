"""Listings of buckets: their formats, their checks, and the unchanged objects of distributions."""

import json

import pytest

from conftest import LoadMap
from purgemap.errors import PurgemapError
from purgemap.events import ObjectChange
from purgemap.operations.inputs.listing_text import parse_listing
from purgemap.operations.inputs.site_listing import build_listings, check_listing
from purgemap.planning import Listing
from purgemap.routing.router import Router
from purgemap.text import parse_s3_uri
from support.ids import E1, E2

MAP = f"""\
version: 1
routes:
  - {{bucket: site, distributions: [{E1}]}}
  - {{bucket: media, distributions: [{E1}, {E2}]}}
"""


def listed(map_from_yaml: LoadMap, text: str, *changed: str, bucket: str | None = None) -> dict[str, Listing]:
    changes = [ObjectChange(*parse_s3_uri(f"s3://{place}"), "created", "", "") for place in changed]
    return build_listings(parse_listing(text, bucket), changes, Router(map_from_yaml(MAP)))


def unchanged(map_from_yaml: LoadMap, text: str, *changed: str) -> dict[str, int]:
    return {name: listing.collateral("/") for name, listing in listed(map_from_yaml, text, *changed).items()}


def test_listing_is_empty_if_every_object_changed(map_from_yaml: LoadMap) -> None:
    assert unchanged(map_from_yaml, "s3://site/a\ns3://site/b", "site/a", "site/b") == {E1: 0}


def test_distribution_without_listing_of_changed_bucket_has_none(map_from_yaml: LoadMap) -> None:
    assert unchanged(map_from_yaml, "s3://media/a\ns3://media/b", "site/a", "media/a") == {E2: 1}
    assert unchanged(map_from_yaml, "s3://media/a", "site/a", "media/a") == {E2: 0}


def test_listing_of_unchanged_bucket_is_optional_and_counts(map_from_yaml: LoadMap) -> None:
    assert unchanged(map_from_yaml, "s3://site/a", "site/a") == {E1: 0}
    assert unchanged(map_from_yaml, "s3://site/a\ns3://media/b", "site/a") == {E1: 1}


def test_listing_of_empty_bucket_is_json_not_empty_text(map_from_yaml: LoadMap) -> None:
    answer = json.dumps({"RequestCharged": None, "Prefix": ""})  # as the AWS CLI prints it
    assert listed(map_from_yaml, answer, "site/a", bucket="site").keys() == {E1}
    assert listed(map_from_yaml, "", "site/a", bucket="site") == {}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"Buckets": []}', "it has no Contents"),
        ('{"Contents": [{"Name": "a"}]}', "an entry of its Contents has no Key"),
        ('{"Contents": ["a"]}', "an entry of its Contents has no Key"),
        ('{"Contents": [{"Key": "a\\ud800"}]}', "its Key 'a\\ud800' is not Unicode text"),
        ('{"Contents": null}', "its Contents are not a list"),
        ('["a", "b"]', "it is a list; remove --query"),
        ('{"Contents": [], "Name": ["site"]}', "its Name is not text"),
        ('{"Contents": [', "Expecting value: line 1 column 15"),
    ],
)
def test_parse_listing_rejects_other_json(text: str, reason: str) -> None:
    with pytest.raises(PurgemapError) as caught:
        parse_listing(text, "site")
    assert str(caught.value).startswith(f"the listing is not JSON of `aws s3api list-objects-v2`: {reason}")


LS = """\
2026-11-28 17:57:40         12  lead.html
2026-11-28 17:57:40 12345678901 docs/Bytes a.html

Total Objects: 2
   Total Size: 12345678913
"""
LS_HUMAN = """\
2026-11-28 17:57:40   12 Bytes  lead.html
2026-11-28 17:57:40    1.2 MiB docs/a.html
"""


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        (LS, [" lead.html", "docs/Bytes a.html"]),
        (LS.replace("\n", "\r\n"), [" lead.html", "docs/Bytes a.html"]),
        (LS_HUMAN, [" lead.html", "docs/a.html"]),
        ('{"Contents": [{"Key": "a"}], "Name": "site", "Marker": "", "IsTruncated": false}', ["a"]),
        ('{"Prefix": null, "RequestCharged": null}', []),
        ('{"EncodingType": "url", "Contents": [{"Key": "a+b%2B%C3%A9/x.html"}]}', ["a b+é/x.html"]),
        # Without --encoding-type the AWS CLI decodes the keys and keeps the field.
        ('{"EncodingType": "url", "Contents": [{"Key": "a b"}, {"Key": "50%2B"}]}', ["a b", "50%2B"]),
        (
            '{"Versions": [{"Key": "a", "IsLatest": true}, {"Key": "a", "IsLatest": false}], "DeleteMarkers": []}',
            ["a"],
        ),
        ('{"DeleteMarkers": [{"Key": "b", "IsLatest": true}]}', []),
    ],
)
def test_parse_listing_reads_formats_of_aws(text: str, keys: list[str]) -> None:
    assert parse_listing(text, "site") == {"site": keys}


def test_parse_listing_takes_bucket_from_json() -> None:
    assert parse_listing('{"Contents": [{"Key": "a"}], "Name": "media"}', "site") == {"media": ["a"]}


def test_parse_listing_reads_keys_that_look_like_aws_s3_ls() -> None:
    keys = [" PRE (Phasers).html", "2026-01-01 10:00:00 talk.html", "a.html", "b.html", "c.html"]
    assert parse_listing("\n".join(keys), "site") == {"site": keys}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "2026-11-28 17:57:40         12 a.html\n",
            "the listing's lines of `aws s3 ls` may be names without their folder",
        ),
        ("                           PRE docs/\n" + LS, "line 1 of the listing is a folder of `aws s3 ls`"),
        ("2026-11-28 17:57:39 site\n", "line 1 of the listing is not an object of `aws s3 ls --recursive`"),
        (LS + "docs/b.html\n", "line 6 of the listing is not an object of `aws s3 ls --recursive`"),
        ("2026-11-28 17:57 a\n", "line 1 of the listing is not an object of `aws s3 ls --recursive`"),
        ("a.html\tb.html\n", "line 1 of the listing holds a tab: "),
        ('None\nCONTENTS\t"f94c"\ta.html\t12\n', "line 2 of the listing holds a tab: "),
        ('<?xml version="1.0"?><ListBucketResult/>', "line 1 of the listing is XML; make it with `aws s3api"),
        ("i\0n\0d\0e\0x\0", "line 1 of the listing holds a NUL character, as UTF-16 does"),
        ('"site","docs/a%2Bb.html","12"\n', "line 1 of the listing is CSV; make it with `aws s3api"),
        ('{"Contents": [], "CommonPrefixes": [{"Prefix": "docs/"}]}', "the listing leaves out the objects in folders"),
        (
            '{"Versions": [{"Key": "a"}]}',
            "the listing is not JSON of `aws s3api list-objects-v2`: an entry of its Vers",
        ),
    ],
)
def test_parse_listing_rejects_uncertain_lines(text: str, message: str) -> None:
    with pytest.raises(PurgemapError) as caught:
        parse_listing(text, "site")
    assert str(caught.value).startswith(message)


def checked(text: str, *created: str, deleted: str = "") -> None:
    changes = [ObjectChange("site", key, "created", "", "") for key in created]
    changes += [ObjectChange("site", deleted, "deleted", "", "")] if deleted else []
    check_listing(parse_listing(text, "site", changes), changes)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "./docs/a b.html\n./index.html",
            "the listing's keys all begin with './', as no changed key does; remove it",
        ),
        ("/docs/a b.html\n/index.html", "the listing's keys all begin with '/', as no changed key does; remove it"),
        ("a b.html\nimg/x.png\n", "the listing lacks all 2 objects created in site, as 'docs/a b.html'"),
        ("docs/a%20b.html\nindex.html", "the listing's keys are URL-encoded, as 'docs/a%20b.html'"),
        ("docs/a+b.html\nindex.html", "the listing's keys are URL-encoded, as 'docs/a+b.html'"),
        (
            '{"Prefix": "docs/", "Contents": [{"Key": "docs/a b.html"}]}',
            "the listing is made with --prefix, and 'index.html' changed outside it; make it without",
        ),
    ],
)
def test_check_listing_rejects_keys_in_another_spelling(text: str, message: str) -> None:
    checked("docs/a b.html\nindex.html\nother", "docs/a b.html", "index.html")
    with pytest.raises(PurgemapError) as caught:
        checked(text, "docs/a b.html", "index.html")
    assert str(caught.value).startswith(message)


def test_check_listing_accepts_emptied_bucket_and_no_new_object() -> None:
    checked('{"Prefix": ""}', deleted="a")
    checked("index.html\n", "index.html", "new/page.html", deleted="a")
    checked("b\n", "a", deleted="a")
    with pytest.raises(PurgemapError, match="all begin with"):
        checked("./b\n", deleted="a")


@pytest.mark.parametrize("sign", [{"IsTruncated": True, "NextContinuationToken": "x"}, {"NextToken": "x"}])
def test_parse_listing_rejects_truncated_listing(sign: dict[str, object]) -> None:
    contents = {"Contents": [{"Key": "a"}]}
    assert parse_listing(json.dumps({**contents, "IsTruncated": False}), "site") == {"site": ["a"]}
    with pytest.raises(PurgemapError, match=r"^the listing is cut short: make it without --max-items"):
        parse_listing(json.dumps({**contents, **sign}), "site")


def test_parse_listing_error_has_number_of_line() -> None:
    with pytest.raises(PurgemapError, match=r"^line 3: 's3://site' is not an S3 URI; expected s3://BUCKET/KEY$"):
        parse_listing("a\n\ns3://site\n", "site")


def test_parse_listing_reads_crlf() -> None:
    assert parse_listing("a\r\ns3://media/b\r\n", "site") == {"site": ["a"], "media": ["b"]}


def test_parse_listing_reads_key_that_begins_with_bracket() -> None:
    assert parse_listing("[slug]/page.js\n", "site") == {"site": ["[slug]/page.js"]}
