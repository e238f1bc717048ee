"""What a listing says of a site: only where it holds all that changed is nothing else known to be there."""

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

E1, E2 = "E1EXAMPLE1ABCD", "E2EXAMPLE2ABCD"
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


def test_a_listing_in_which_every_object_changed_says_that_nothing_else_is_there(map_from_yaml: LoadMap) -> None:
    assert unchanged(map_from_yaml, "s3://site/a\ns3://site/b", "site/a", "site/b") == {E1: 0}


def test_a_distribution_of_which_a_changed_bucket_is_not_listed_has_no_listing(map_from_yaml: LoadMap) -> None:
    assert unchanged(map_from_yaml, "s3://media/a\ns3://media/b", "site/a", "media/a") == {E2: 1}
    assert unchanged(map_from_yaml, "s3://media/a", "site/a", "media/a") == {E2: 0}


def test_a_bucket_that_did_not_change_need_not_be_listed_and_counts_where_it_is(map_from_yaml: LoadMap) -> None:
    assert unchanged(map_from_yaml, "s3://site/a", "site/a") == {E1: 0}
    assert unchanged(map_from_yaml, "s3://site/a\ns3://media/b", "site/a") == {E1: 1}


def test_an_empty_bucket_is_told_by_its_json_and_not_by_an_empty_text(map_from_yaml: LoadMap) -> None:
    answer = json.dumps({"RequestCharged": None, "Prefix": ""})  # as the AWS CLI prints it
    assert listed(map_from_yaml, answer, "site/a", bucket="site").keys() == {E1}
    assert listed(map_from_yaml, "", "site/a", bucket="site") == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"Buckets": []}', "it has no Contents"),
        ('{"Contents": [{"Name": "a"}]}', "an entry of its Contents has no Key"),
        ('{"Contents": ["a"]}', "an entry of its Contents has no Key"),
        ('{"Contents": [{"Key": "a\\ud800"}]}', "its Key 'a\\ud800' is not Unicode text"),
        ('{"Contents": null}', "its Contents are not a list"),
        ('["a", "b"]', "it is a list; leave --query away"),
        ('{"Contents": [], "Name": ["site"]}', "its Name is not text"),
        ('{"Contents": [', "Expecting value: line 1 column 15"),
    ],
)
def test_what_is_no_listing_is_refused_in_words(text: str, told: str) -> None:
    with pytest.raises(PurgemapError) as caught:
        parse_listing(text, "site")
    assert str(caught.value).startswith(f"the listing is not JSON of `aws s3api list-objects-v2`: {told}")


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
def test_listing_reads_what_aws_prints(text: str, keys: list[str]) -> None:
    assert parse_listing(text, "site") == {"site": keys}


def test_listing_is_of_the_bucket_that_its_json_names() -> None:
    assert parse_listing('{"Contents": [{"Key": "a"}], "Name": "media"}', "site") == {"media": ["a"]}


def test_listing_takes_keys_that_look_like_lines_of_aws_s3_ls() -> None:
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
        ('{"Contents": [], "CommonPrefixes": [{"Prefix": "docs/"}]}', "the listing leaves out what is in folders"),
        (
            '{"Versions": [{"Key": "a"}]}',
            "the listing is not JSON of `aws s3api list-objects-v2`: an entry of its Vers",
        ),
    ],
)
def test_listing_refuses_what_it_cannot_be_certain_of(text: str, message: str) -> None:
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
            "the listing's keys all begin with './', as no changed key does; leave it out",
        ),
        ("/docs/a b.html\n/index.html", "the listing's keys all begin with '/', as no changed key does; leave it out"),
        ("a b.html\nimg/x.png\n", "the listing lacks all 2 objects created in site, as 'docs/a b.html'"),
        ("docs/a%20b.html\nindex.html", "the listing's keys are URL-encoded, as 'docs/a%20b.html'"),
        ("docs/a+b.html\nindex.html", "the listing's keys are URL-encoded, as 'docs/a+b.html'"),
        (
            '{"Prefix": "docs/", "Contents": [{"Key": "docs/a b.html"}]}',
            "the listing is made with --prefix, and 'index.html' changed outside it; make it without",
        ),
    ],
)
def test_listing_with_keys_in_another_spelling_is_refused(text: str, message: str) -> None:
    checked("docs/a b.html\nindex.html\nother", "docs/a b.html", "index.html")
    with pytest.raises(PurgemapError) as caught:
        checked(text, "docs/a b.html", "index.html")
    assert str(caught.value).startswith(message)


def test_listing_of_an_emptied_bucket_and_without_new_objects_is_read() -> None:
    checked('{"Prefix": ""}', deleted="a")
    checked("index.html\n", "index.html", "new/page.html", deleted="a")
    checked("b\n", "a", deleted="a")
    with pytest.raises(PurgemapError, match="all begin with"):
        checked("./b\n", deleted="a")


@pytest.mark.parametrize("sign", [{"IsTruncated": True, "NextContinuationToken": "x"}, {"NextToken": "x"}])
def test_a_listing_that_is_cut_short_is_refused(sign: dict[str, object]) -> None:
    contents = {"Contents": [{"Key": "a"}]}
    assert parse_listing(json.dumps({**contents, "IsTruncated": False}), "site") == {"site": ["a"]}
    with pytest.raises(PurgemapError, match=r"^the listing is cut short: make it without --max-items"):
        parse_listing(json.dumps({**contents, **sign}), "site")


def test_a_uri_that_names_no_object_is_told_with_its_line() -> None:
    with pytest.raises(PurgemapError, match=r"^line 3: 's3://site' is not an S3 URI; expected s3://BUCKET/KEY$"):
        parse_listing("a\n\ns3://site\n", "site")


def test_lines_may_end_as_on_windows() -> None:
    assert parse_listing("a\r\ns3://media/b\r\n", "site") == {"site": ["a"], "media": ["b"]}


def test_a_key_may_begin_with_a_bracket() -> None:
    assert parse_listing("[slug]/page.js\n", "site") == {"site": ["[slug]/page.js"]}
