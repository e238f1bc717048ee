"""Patterns and globs: what they match, what they capture, and that uploaders can't make them slow."""

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purgemap.errors import PatternError
from purgemap.globs import glob_regex
from purgemap.patterns import Pattern


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
def test_a_bucket_pattern_matches_the_whole_name_and_captures_take_the_shortest(
    pattern: str, bucket: str, captures: dict[str, str] | None
) -> None:
    match = Pattern(pattern, whole=True).match(bucket)
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
def test_a_prefix_selects_by_the_start_of_the_key(
    prefix: str, key: str, matched: str | None, captures: dict[str, str]
) -> None:
    match = Pattern(prefix, whole=False).match(key)
    assert (match and match.text) == matched
    assert dict(match.captures if match else {}) == captures


@pytest.mark.parametrize("pattern", ["a{", "a}b", "{a}{b}", "{a}*", "**", "{a}-{a}", "{1}", "{}"])
def test_an_unreadable_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        Pattern(pattern, whole=False)


@given(st.text(alphabet="ab*", max_size=6).filter(lambda p: "**" not in p), st.text(alphabet="ab", max_size=10))
def test_stars_of_a_bucket_pattern_match_as_fnmatch_does(pattern: str, bucket: str) -> None:
    assert (Pattern(pattern, whole=True).match(bucket) is not None) == fnmatch.fnmatchcase(bucket, pattern)


@pytest.mark.parametrize(
    ("glob", "rest", "expected"),
    [
        ("*.map", "a.map", True),
        ("*.map", "deep/er/a.map", True),
        ("*.map", "a.map/x", False),
        ("/*.map", "a.map", True),
        ("/*.map", "deep/a.map", False),
        ("/404.html", "404.html", True),
        ("/404.html", "x/404.html", False),
        ("/drafts/**", "drafts/a/b", True),
        ("/drafts/**", "drafts", False),
        ("drafts/**", "x/drafts/a", False),
        ("**/drafts/**", "x/drafts/a", True),
        ("**/drafts/**", "drafts/a", True),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("a/**/b", "axb", False),
        ("a/*/b", "a/x/b", True),
        ("a/*/b", "a/x/y/b", False),
        ("img?.png", "img1.png", True),
        ("img?.png", "img12.png", False),
        ("[0-9]*.html", "2024.html", True),
        ("[!0-9]*.html", "2024.html", False),
        ("[^0-9]*", "x", True),
        ("[]]x", "]x", True),
        ("[+--]", ",", True),
        ("[a-]", "-", True),
        ("[a&&~~||b]", "&", True),
        (r"\[x\]", "[x]", True),
        (r"a\*", "a*", True),
        (r"a\*", "ab", False),
        ("**", "a/b/c", True),
        ("a\nb", "a\nb", True),
    ],
)
def test_globs_look_at_the_name_or_with_a_slash_at_the_rest_of_the_key(glob: str, rest: str, expected: bool) -> None:  # noqa: FBT001
    regex, by_name = glob_regex(glob)
    assert (regex.match(rest.rpartition("/")[2] if by_name else rest) is not None) == expected


@pytest.mark.parametrize("glob", ["[a", "a\\", "[]", "[z-a]", "[a--b]"])
def test_an_unreadable_glob_is_refused(glob: str) -> None:
    with pytest.raises(PatternError):
        glob_regex(glob)


@given(
    st.lists(st.sampled_from(["a", "b", "*", "**", "/", "?"]), max_size=8)
    .map("".join)
    .filter(lambda glob: "***" not in glob and "**/" not in glob),
    st.text(alphabet="ab/", max_size=10),
)
def test_globs_agree_with_a_matcher_that_tries_everything(glob: str, rest: str) -> None:
    regex, _ = glob_regex(glob)
    assert (regex.match(rest) is not None) == tries_everything(glob.removeprefix("/"), rest)


def tries_everything(glob: str, rest: str) -> bool:
    if glob.startswith("**"):
        return any(tries_everything(glob[2:], rest[taken:]) for taken in range(len(rest) + 1))
    if glob.startswith("*"):
        segment = len(rest.split("/", maxsplit=1)[0])
        return any(tries_everything(glob[1:], rest[taken:]) for taken in range(segment + 1))
    if not glob or not rest:
        return glob == rest
    return (glob[0] == rest[0] or (glob[0] == "?" and rest[0] != "/")) and tries_everything(glob[1:], rest[1:])


@pytest.mark.parametrize("glob", ["*a*a*a*a*a*a*a*a*b", "**a**a**a**a**a**b", "**/a/**/a/**/a/**/b"])
def test_a_long_key_can_not_make_a_glob_backtrack_without_end(glob: str) -> None:
    # Would take years, not seconds, if each star tried every place.
    assert glob_regex("/" + glob)[0].match("a/" * 5 + "a" * 1_000) is None


def test_a_long_key_can_not_make_a_prefix_backtrack_without_end() -> None:
    assert Pattern("*a*a*a*a*a*a*a*b", whole=False).match("a" * 1_024) is None
