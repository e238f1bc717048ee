"""Tests of bucket and prefix patterns: matches, captures, mistakes, and the time that a long key takes."""

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purgemap.errors import PatternError
from purgemap.routemap.patterns import Pattern


@pytest.mark.parametrize(
    ("pattern", "bucket", "captures"),
    [
        ("foo", "foo", {}),
        ("foo", "foo-prod", None),
        ("foo", "my-foo", None),
        ("foo-*", "foo-", {}),
        ("foo-*", "foo-prod", {}),
        ("foo-{site}", "foo-", None),
        ("foo-{site}", "foo-prod", {"site": "prod"}),
        ("{a}-{b}", "x-y-z", {"a": "x", "b": "y-z"}),
        ("*-{env}-logs", "acme-eu-prod-logs", {"env": "eu-prod"}),
        ("{{x}}", "{x}", {}),
    ],
)
def test_bucket_pattern_matches_name_with_shortest_captures(
    pattern: str, bucket: str, captures: dict[str, str] | None
) -> None:
    match = Pattern(pattern, full_match=True).match(bucket)
    assert (match and dict(match.captures)) == captures


@pytest.mark.parametrize(
    ("prefix", "key", "matched", "captures"),
    [
        ("", "any", "", {}),
        ("latest/", "latest/a", "latest/", {}),
        ("latest/", "latest", None, {}),
        ("late", "latest/a", "late", {}),
        ("sites/{site}/", "sites/acme/a/b", "sites/acme/", {"site": "acme"}),
        ("sites/{site}/", "sites//a", None, {}),
        ("sites/{site}/", "sites/acme", None, {}),
        ("sites/{site}", "sites/acme/a", "sites/acme", {"site": "acme"}),
        ("sites/{site}", "sites/acme", "sites/acme", {"site": "acme"}),
        ("v*/docs/", "v1.2/docs/a", "v1.2/docs/", {}),
        ("v*/docs/", "v1/x/docs/a", None, {}),
        ("{lang}_{region}/", "pt_BR/a", "pt_BR/", {"lang": "pt", "region": "BR"}),
        (r"a\*b/", "a*b/c", "a*b/", {}),
        (r"a\*b/", "axb/c", None, {}),
        ("docs*", "docs-old/a", "docs", {}),
        ("{a}/x\n", "q/x\nz", "q/x\n", {"a": "q"}),
    ],
)
def test_prefix_pattern_matches_start_of_key(
    prefix: str, key: str, matched: str | None, captures: dict[str, str]
) -> None:
    match = Pattern(prefix, full_match=False).match(key)
    assert (match and match.text) == matched
    assert dict(match.captures if match else {}) == captures


@pytest.mark.parametrize("pattern", ["a{", "a}b", "{a}{b}", "{a}*", "**", "{a}-{a}", "{1}", "{}"])
def test_pattern_with_mistake_raises(pattern: str) -> None:
    with pytest.raises(PatternError):
        Pattern(pattern, full_match=False)


@given(st.text(alphabet="ab*", max_size=6).filter(lambda p: "**" not in p), st.text(alphabet="ab", max_size=10))
def test_bucket_pattern_star_matches_as_fnmatch(pattern: str, bucket: str) -> None:
    assert (Pattern(pattern, full_match=True).match(bucket) is not None) == fnmatch.fnmatchcase(bucket, pattern)


def test_prefix_pattern_does_not_backtrack_on_long_key() -> None:
    assert Pattern("*a*a*a*a*a*a*a*b", full_match=False).match("a" * 1_024) is None


def test_pattern_capture_is_one_segment_after_slash() -> None:
    assert Pattern("{site}/", full_match=False).match("/a/b") is None
