"""Tests that the patterns of a bucket are found whatever they have in common, in the order of the map."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purgemap.errors import PatternError
from purgemap.routemap import Pattern, literal_start
from purgemap.routing.bucket_patterns import BucketPatterns

# More than the index takes with the same start or end.
MANY = range(20)

SHAPES = {
    "start": [f"site-{n}-*" for n in MANY],
    "end": [f"*-site-{n}" for n in MANY],
    "end after a capture": [f"{{brand}}-site-{n}" for n in MANY],
    "middle": [f"acme-*-{n}-{{stage}}-www" for n in MANY],
    "middle alone": [f"*-{n}-*" for n in MANY],
}


def rows_of(patterns: list[str], bucket: str) -> list[str]:
    index = BucketPatterns([(pattern, f"row {number}") for number, pattern in enumerate(patterns)])
    return [row for row, _ in index.match(bucket)]


@pytest.mark.parametrize("patterns", SHAPES.values(), ids=SHAPES)
def test_bucket_patterns_find_one_of_many(patterns: list[str]) -> None:
    for number in MANY:
        bucket = patterns[number].replace("{brand}", "acme").replace("{stage}", "live").replace("*", "eu")
        assert rows_of(patterns, bucket) == [f"row {number}"]


def test_bucket_patterns_yield_the_captures_of_a_match() -> None:
    [(row, match)] = BucketPatterns([("{brand}-www", "row")]).match("acme-www")
    assert (row, match.text, match.captures) == ("row", "acme-www", {"brand": "acme"})


def test_bucket_patterns_keep_the_order_of_the_map() -> None:
    patterns = ["*", "*-www", "acme-*", *SHAPES["middle alone"], "acme-{n}", "{all}"]
    assert rows_of(patterns, "acme-7-www") == [
        "row 0",
        "row 1",
        "row 2",
        "row 10",
        f"row {len(patterns) - 2}",
        "row 24",
    ]


def test_bucket_patterns_match_a_name_shorter_than_a_start_once() -> None:
    assert rows_of(["ab*", "abcd*"], "abc") == ["row 0"]


def test_literal_start_ends_before_an_escape() -> None:
    assert [literal_start(text) for text in ("acme-{site}-*", "*-www", "acme-{{x}}-*", r"a\*")] == [
        "acme-",
        "",
        "acme-",
        "a",
    ]


PIECES = st.sampled_from(["a", "b", "-", "ab", "*", "{x}", "{y}", "{{", "}}", "\\*", "\\"])


@given(st.lists(st.lists(PIECES, min_size=1, max_size=6).map("".join), max_size=30), st.text("ab-{}*\\", max_size=8))
def test_bucket_patterns_agree_with_trying_each(texts: list[str], bucket: str) -> None:
    patterns = [text for text in texts if is_valid(text)]
    expected = [f"row {n}" for n, text in enumerate(patterns) if Pattern(text, full_match=True).match(bucket)]
    assert rows_of(patterns, bucket) == expected


def is_valid(text: str) -> bool:
    try:
        Pattern(text, full_match=True)
    except PatternError:
        return False
    return True
