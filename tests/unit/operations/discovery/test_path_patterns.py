"""CloudFront's path patterns, and the globs of the map that select the same keys."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purgemap.operations.discovery.path_patterns import (
    exclude_glob,
    folder_of,
    include_glob,
    intersects,
    normalize,
)
from purgemap.routemap import GlobList

PATTERNS = st.text("ab/*?.", min_size=1, max_size=6).map(normalize)
KEYS = st.text("ab/.", min_size=1, max_size=7).filter(lambda key: not key.startswith("/"))


def matches(pattern: str, key: str) -> bool:
    regex = "".join({"*": ".*", "?": "[^/]"}.get(character, re.escape(character)) for character in pattern)
    return re.fullmatch(regex, f"/{key}") is not None


def selects(glob: str, key: str) -> bool:
    return GlobList([glob]).first_match(key) is not None


@pytest.mark.parametrize(
    ("pattern", "include", "exclude"),
    [
        ("images/*", "/images/**", "/images/**"),
        ("/assets*", "/assets**", "/assets**"),
        ("*.jpg", "*.jpg", "*.jpg"),
        ("img/*/big", "/img/**\\/big", "/img/**\\/big"),
        ("*/private/*", "**/private/**", "/**\\/private/**"),
        ("favicon.ico", "/favicon.ico", "/favicon.ico"),
        ("/a?c/[x]", "/a?c/\\[x]", "/a?c/\\[x]"),
        ("**.css", "*.css", "*.css"),
    ],
)
def test_pattern_has_a_glob(pattern: str, include: str, exclude: str) -> None:
    assert (include_glob(normalize(pattern)), exclude_glob(normalize(pattern))) == (include, exclude)


@given(PATTERNS, KEYS)
def test_include_glob_selects_the_keys_of_the_pattern(pattern: str, key: str) -> None:
    assert selects(include_glob(pattern), key) == matches(pattern, key)


@given(PATTERNS, KEYS)
def test_exclude_glob_selects_no_other_keys(pattern: str, key: str) -> None:
    assert matches(pattern, key) or not selects(exclude_glob(pattern), key)


@given(PATTERNS, PATTERNS, KEYS)
def test_patterns_of_one_key_intersect(one: str, other: str, key: str) -> None:
    assert intersects(one, other) or not (matches(one, key) and matches(other, key))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("/assets/*", "/media/*", False),
        ("/assets/*", "*.css", True),
        ("*.css", "*.js", False),
        ("/a?c", "/abc", True),
        ("/a?c", "/ac", False),
        ("*", "/", True),
        ("/*", "*", True),
        ("/index.html", "*/index.html", True),
        ("/a*b", "/ab*", True),
    ],
)
def test_patterns_intersect_if_they_match_a_common_path(one: str, other: str, *, expected: bool) -> None:
    assert intersects(one, other) is intersects(other, one) is expected


@pytest.mark.parametrize(
    ("pattern", "folder"),
    [("/assets/*", "assets/"), ("/a/b/*", "a/b/"), ("/assets*", None), ("/*", None), ("*.jpg", None), ("/a*b/*", None)],
)
def test_folder_is_that_of_a_whole_folder(pattern: str, folder: str | None) -> None:
    assert folder_of(pattern) == folder
