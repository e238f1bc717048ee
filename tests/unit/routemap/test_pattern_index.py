"""Tests of the index and of the texts that patterns and globs require: no match is missed."""

from hypothesis import given
from hypothesis import strategies as st

from purgemap.routemap.globs import Glob, GlobList
from purgemap.routemap.pattern_index import PatternIndex, Position, PrefixIndex, RequiredText
from purgemap.routemap.patterns import Pattern
from support.oracles.naive_globs import glob_matches
from support.oracles.naive_router import plain_match
from support.random_maps import GLOB_PARTS, PATTERN_PARTS, SEGMENTS, is_pattern

KEYS = st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=5).flatmap(
    lambda segments: st.sampled_from(["/", "//", ""]).map(lambda slash: slash.join(segments))
) | st.text(alphabet="abc/.", min_size=1, max_size=10)
GLOBS = st.lists(st.sampled_from(GLOB_PARTS), min_size=1, max_size=6).map("".join)


PATTERNS = st.lists(st.sampled_from(PATTERN_PARTS), max_size=6).map("".join).filter(is_pattern)
STARTS = st.text(alphabet="ab/", max_size=5)


def holds(required: RequiredText, text: str) -> bool:
    return {
        Position.PREFIX: text.startswith(required.text),
        Position.SUFFIX: text.endswith(required.text),
        Position.SEGMENT: required.text in text.split("/"),
        Position.SUBSTRING: required.text in text,
    }[required.position]


@given(st.lists(STARTS, max_size=30), st.text(alphabet="ab/", max_size=8))
def test_prefix_index_agrees_with_scan(starts: list[str], text: str) -> None:
    index = PrefixIndex((start, number) for number, start in enumerate(starts))
    assert sorted(index.entries[index.find_longest(text)]) == [
        number for number, start in enumerate(starts) if text.startswith(start)
    ]


@given(PATTERNS, KEYS, st.booleans())
def test_pattern_agrees_with_plain_regex(pattern: str, text: str, full_match: bool) -> None:  # noqa: FBT001
    match = Pattern(pattern, full_match=full_match).match(text)
    assert (match and (match.text, dict(match.captures))) == plain_match(pattern, text, full_match=full_match)


@given(PATTERNS, KEYS, st.booleans())
def test_pattern_matches_contain_its_required_texts(pattern: str, text: str, full_match: bool) -> None:  # noqa: FBT001
    required_texts = Pattern(pattern, full_match=full_match).required_texts
    is_match = Pattern(pattern, full_match=full_match).match(text) is not None
    assert not is_match or all(holds(required, text) for required in required_texts)


@given(GLOBS, KEYS)
def test_glob_agrees_with_plain_regex_and_required_texts(glob: str, rest: str) -> None:
    compiled, subject = Glob(glob), rest.rpartition("/")[2] if "/" not in glob else rest
    assert bool(compiled.matches(subject)) == glob_matches(glob, rest)
    assert not compiled.matches(subject) or all(holds(required, subject) for required in compiled.required_texts)


@given(st.lists(GLOBS, max_size=30), KEYS)
def test_glob_list_returns_first_match(globs: list[str], rest: str) -> None:
    assert GlobList(globs).first_match(rest) == next((glob for glob in globs if glob_matches(glob, rest)), None)


def test_pattern_index_finds_entry_once_by_each_alternative() -> None:
    needs = [[[RequiredText(Position.SUFFIX, ".js")], [RequiredText(Position.SEGMENT, "assets")]]]
    index = PatternIndex([(needs, "entry"), ([], "always"), ([[[]]], "without a text")])
    for text in ("a.js", "assets/a.css", "assets/a.js"):
        assert index.find(text) == ["entry", "always", "without a text"]
    assert index.find("a.css") == ["always", "without a text"]
