"""What a listing says of a site: only where it holds all that changed is nothing else known to be there."""

import json

import pytest

from conftest import LoadMap
from purgemap.errors import PurgemapError
from purgemap.events import ObjectChange
from purgemap.listings import listings_of, parse_listing
from purgemap.planning import Listing
from purgemap.routing import Router
from purgemap.s3_uris import parse_s3_uri

E1, E2 = "E1EXAMPLE1ABCD", "E2EXAMPLE2ABCD"
MAP = f"""\
version: 1
routes:
  - {{bucket: site, distributions: [{E1}]}}
  - {{bucket: media, distributions: [{E1}, {E2}]}}
"""


def listed(load_map: LoadMap, text: str, *changed: str, bucket: str | None = None) -> dict[str, Listing]:
    changes = [ObjectChange(*parse_s3_uri(f"s3://{place}"), "created", "", "") for place in changed]
    return listings_of(parse_listing(text, bucket), changes, Router(load_map(MAP)))


def unchanged(load_map: LoadMap, text: str, *changed: str) -> dict[str, int]:
    return {name: listing.collateral("/") for name, listing in listed(load_map, text, *changed).items()}


def test_a_listing_in_which_every_object_changed_says_that_nothing_else_is_there(load_map: LoadMap) -> None:
    assert unchanged(load_map, "s3://site/a\ns3://site/b", "site/a", "site/b") == {E1: 0}


def test_a_distribution_of_which_a_changed_bucket_is_not_listed_has_no_listing(load_map: LoadMap) -> None:
    assert unchanged(load_map, "s3://media/a\ns3://media/b", "site/a", "media/a") == {E2: 1}
    assert unchanged(load_map, "s3://media/a", "site/a", "media/a") == {E2: 0}


def test_a_bucket_that_did_not_change_need_not_be_listed_and_counts_where_it_is(load_map: LoadMap) -> None:
    assert unchanged(load_map, "s3://site/a", "site/a") == {E1: 0}
    assert unchanged(load_map, "s3://site/a\ns3://media/b", "site/a") == {E1: 1}


def test_an_empty_bucket_is_told_by_its_json_and_not_by_an_empty_text(load_map: LoadMap) -> None:
    answer = json.dumps({"RequestCharged": None, "Prefix": ""})  # as the AWS CLI prints it
    assert listed(load_map, answer, "site/a", bucket="site").keys() == {E1}
    assert listed(load_map, "", "site/a", bucket="site") == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"Buckets": []}', "it has no Contents"),
        ('{"Contents": [{"Name": "a"}]}', "an entry of its Contents has no Key"),
        ('{"Contents": ["a"]}', "an entry of its Contents has no Key"),
        ('{"Contents": null}', "its Contents are no list"),
        ('["a", "b"]', "it is a list; leave --query away"),
        ('{"Contents": [', "Expecting value: line 1 column 15"),
    ],
)
def test_what_is_no_listing_is_refused_in_words(text: str, told: str) -> None:
    with pytest.raises(PurgemapError) as caught:
        parse_listing(text, "site")
    assert str(caught.value).startswith(f"the listing is no JSON of `aws s3api list-objects-v2`: {told}")


@pytest.mark.parametrize("sign", [{"IsTruncated": True, "NextContinuationToken": "x"}, {"NextToken": "x"}])
def test_a_listing_that_is_cut_short_is_refused(sign: dict[str, object]) -> None:
    contents = {"Contents": [{"Key": "a"}]}
    assert parse_listing(json.dumps({**contents, "IsTruncated": False}), "site") == {"site": ["a"]}
    with pytest.raises(PurgemapError, match=r"^the listing is cut short: make it without --max-items"):
        parse_listing(json.dumps({**contents, **sign}), "site")


def test_a_uri_that_names_no_object_is_told_with_its_line() -> None:
    with pytest.raises(PurgemapError, match=r"^line 3: 's3://site' is no s3://BUCKET/KEY$"):
        parse_listing("a\n\ns3://site\n", "site")


def test_lines_may_end_as_on_windows() -> None:
    assert parse_listing("a\r\ns3://media/b\r\n", "site") == {"site": ["a"], "media": ["b"]}


def test_a_key_may_begin_with_a_bracket() -> None:
    assert parse_listing("[slug]/page.js\n", "site") == {"site": ["[slug]/page.js"]}
