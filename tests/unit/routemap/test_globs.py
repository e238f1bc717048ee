"""Tests of include and exclude globs: matches, mistakes, and the time that any map and key take."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcmatch import glob as wcmatch_glob

from purgemap.errors import PatternError
from purgemap.routemap.glob_automaton import GlobAutomaton
from purgemap.routemap.glob_syntax import glob_regex, parse_glob
from purgemap.routemap.globs import Glob, GlobList
from support.oracles.naive_globs import glob_matches

WCMATCH_FLAGS = wcmatch_glob.GLOBSTAR | wcmatch_glob.DOTGLOB | wcmatch_glob.MATCHBASE | wcmatch_glob.FORCEUNIX

CASES = [
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
    ("a/**/**/b", "a/x/b", True),
    ("a/*/b", "a/x/b", True),
    ("a/*/b", "a/x/y/b", False),
    ("**/*a*/**/*b*/**/x.png", "1a1/2/3/1b1/x.png", True),
    ("**/*a*/**/*b*/**/x.png", "1b1/1a1/x.png", False),
    ("**a/*b**c*d", "x/ya/zb/0c1d", True),
    ("**a/*b**c*d", "x/ya/zb/0c1/d", False),
    ("img?.png", "img1.png", True),
    ("img?.png", "img12.png", False),
    ("[0-9]*.html", "2024.html", True),
    ("[!0-9]*.html", "2024.html", False),
    ("**/*[0-9]/**/*[!0-9]/z", "a1/b/2c/z", True),
    ("**/*[0-9]/**/*[!0-9]/z", "a1/b/2/z", False),
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
]

GLOBS = st.lists(
    st.sampled_from(["a", "b", "c", "ab", "*", "**", "**/", "/**/", "/", "?", "[ab]", "[!a]", r"\*", ".x"]),
    min_size=1,
    max_size=9,
).map("".join)
RESTS = st.lists(st.sampled_from(["a", "b", "c", "/", "*", ".x"]), max_size=12).map("".join)
# Without `**` beside other text, which spans folders here and none in wcmatch, and without a slash at either end,
# which is an empty segment to one of them only.
WHOLE_SEGMENTS = st.lists(
    st.sampled_from(["**", "*", "a", "*a", "a*", "*a*b", "?", "a?", "[ab]", "[!a]*", ".x", "*.x"]),
    min_size=1,
    max_size=6,
).map("/".join)
PATHS = st.lists(st.sampled_from(["a", "b", "ab", "ba", "aab", ".x", "a.x", "c"]), min_size=1, max_size=6).map("/".join)

# As regular expressions these backtrack for seconds to years.
SLOW_GLOBS = [
    "**/*a*/**/*a*/**/*a*/**/x.png",
    "**a*a*a*a*a*a*b",
    "**a*b/**",
    "**/" + "*/" * 200 + "b",
    "**/" + "a/" * 200 + "b/**",
    "/**" + "[ab]" * 16 + "*" + "?" * 400 + "b",
    "/**" + "a" * 900 + "*b",
]
LONG_KEYS = ["a" * 1_024, "a/" * 512, "ab/" * 341, "aaaaaaa/" * 128, "".join(map(chr, range(48, 624)))]


class CountedText(str):
    """A text that counts the characters read by iteration."""

    __slots__ = ("characters_read",)

    def __iter__(self) -> Iterator[str]:
        self.characters_read = 0
        for character in str.__iter__(self):
            self.characters_read += 1
            yield character


@pytest.mark.parametrize(("glob", "rest", "expected"), CASES)
def test_glob_matches_name_or_with_slash_the_rest(glob: str, rest: str, expected: bool) -> None:  # noqa: FBT001
    assert (GlobList([glob]).first_match(rest) == glob) is expected


@pytest.mark.parametrize("glob", ["[a", "a\\", "[]", "[z-a]", "[a--b]", "[ab]" * 17])
def test_glob_with_mistake_raises(glob: str) -> None:
    with pytest.raises(PatternError):
        parse_glob(glob)


@given(GLOBS, RESTS)
def test_glob_agrees_with_plain_regex(glob: str, rest: str) -> None:
    assert (GlobList([glob]).first_match(rest) is not None) == glob_matches(glob, rest)


@given(GLOBS, RESTS)
def test_automaton_agrees_with_plain_regex(glob: str, rest: str) -> None:
    assert GlobAutomaton(parse_glob(glob.removeprefix("/"))).matches(rest) == glob_matches(
        f"/{glob.removeprefix('/')}", rest
    )


@given(WHOLE_SEGMENTS, PATHS)
def test_glob_agrees_with_wcmatch(glob: str, rest: str) -> None:
    assert (GlobList([glob]).first_match(rest) is not None) == wcmatch_glob.globmatch(rest, glob, flags=WCMATCH_FLAGS)


@pytest.mark.parametrize("key", LONG_KEYS)
@pytest.mark.parametrize("glob", SLOW_GLOBS)
def test_automaton_reads_each_character_once(glob: str, key: str) -> None:
    text = CountedText(key)
    GlobAutomaton(parse_glob(glob.removeprefix("/"))).matches(text)
    assert text.characters_read <= len(key)


@pytest.mark.parametrize("glob", SLOW_GLOBS)
def test_glob_regex_rejects_glob_that_may_be_slow(glob: str) -> None:
    assert glob_regex(parse_glob(glob.removeprefix("/"))) is None


@pytest.mark.parametrize("glob", ["**/*.html", "**/*.min.*", "**/node_modules/**/*.js", "docs/*/img/**", "a*b*c*d"])
def test_glob_regex_accepts_usual_glob(glob: str) -> None:
    assert glob_regex(parse_glob(glob)) is not None


@pytest.mark.parametrize(
    ("glob", "key", "is_match"),
    [
        ("*draft*", "a-draft-1.html", True),
        ("*draft*", "a.html", False),
        ("**/v1**", "a/v1/b", True),
        ("[ab]", "X", False),
    ],
)
def test_glob_matches_text_between_stars(glob: str, key: str, is_match: bool) -> None:  # noqa: FBT001
    assert bool(Glob(glob).matches(key)) is is_match
