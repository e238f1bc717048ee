"""The index only saves time: whatever a map holds, it finds what trying every route for every change finds."""

import random
from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from purgemap.errors import PatternError
from purgemap.events import ObjectChange
from purgemap.routemap.compiled import COMPILED_VERSION, RouteMap, dump_row
from purgemap.routemap.globs import Glob, GlobList
from purgemap.routemap.pattern_index import PatternIndex, Position, PrefixIndex, RequiredText
from purgemap.routemap.patterns import Pattern
from purgemap.routing.router import Router
from purgemap.routing.targets import Skip, Target
from support.oracles.naive_globs import glob_matches
from support.oracles.naive_router import Delivered, Everything, plain_match, try_everything

# Few characters and segments, so that nearly everything shares something with everything else.
SEGMENTS = ["a", "b", "ab", "abc", "bcab", "x1", "d.js", "é"]
KEYS = st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=5).flatmap(
    lambda segments: st.sampled_from(["/", "//", ""]).map(lambda slash: slash.join(segments))
) | st.text(alphabet="abc/.", min_size=1, max_size=10)
GLOB_PARTS = ["a", "b", "abc", "bcab", "/", "*", "**", "**/", "?", "[ab]", "[!a]", "\\*", ".js", "x1", "/ab/", "/**"]
GLOBS = st.lists(st.sampled_from(GLOB_PARTS), min_size=1, max_size=6).map("".join)
CAPTURES = ["{x}", "{y}", "*", "a", "b", "/", "ab/", "abc", "/bcab/", "x1/", "d."]


def is_pattern(text: str) -> bool:
    try:
        Pattern(text, full_match=True)
    except PatternError:
        return False
    return True


PATTERNS = st.lists(st.sampled_from(CAPTURES), max_size=6).map("".join).filter(is_pattern)
STARTS = st.text(alphabet="ab/", max_size=5)


def holds(required: RequiredText, text: str) -> bool:
    return {
        Position.PREFIX: text.startswith(required.text),
        Position.SUFFIX: text.endswith(required.text),
        Position.SEGMENT: required.text in text.split("/"),
        Position.SUBSTRING: required.text in text,
    }[required.position]


@given(st.lists(STARTS, max_size=30), st.text(alphabet="ab/", max_size=8))
def test_the_prefix_index_finds_what_a_scan_finds(starts: list[str], text: str) -> None:
    index = PrefixIndex((start, place) for place, start in enumerate(starts))
    assert sorted(index.entries[index.find_longest(text)]) == [
        place for place, start in enumerate(starts) if text.startswith(start)
    ]


@given(PATTERNS, KEYS, st.booleans())
def test_a_pattern_matches_what_a_plain_regular_expression_matches(pattern: str, text: str, full_match: bool) -> None:  # noqa: FBT001
    match = Pattern(pattern, full_match=full_match).match(text)
    assert (match and (match.text, dict(match.captures))) == plain_match(pattern, text, full_match=full_match)


@given(PATTERNS, KEYS, st.booleans())
def test_whatever_a_pattern_matches_has_all_of_its_clues(pattern: str, text: str, full_match: bool) -> None:  # noqa: FBT001
    found = Pattern(pattern, full_match=full_match)
    assert not found.match(text) or all(holds(required, text) for required in found.required_texts)


@given(GLOBS, KEYS)
def test_glob_agrees_with_plain_regex_and_has_its_clues(glob: str, rest: str) -> None:
    found, subject = Glob(glob), rest.rpartition("/")[2] if "/" not in glob else rest
    assert bool(found.matches(subject)) == glob_matches(glob, rest)
    assert not found.matches(subject) or all(holds(required, subject) for required in found.required_texts)


@given(st.lists(GLOBS, max_size=30), KEYS)
def test_a_list_of_globs_tells_the_first_that_matches(globs: list[str], rest: str) -> None:
    assert GlobList(globs).first_match(rest) == next((glob for glob in globs if glob_matches(glob, rest)), None)


def test_an_entry_is_found_by_each_of_its_alternatives_and_once() -> None:
    needs = [[[RequiredText(Position.SUFFIX, ".js")], [RequiredText(Position.SEGMENT, "assets")]]]
    index = PatternIndex([(needs, "entry"), ([], "always"), ([[[]]], "without a clue")])
    for text in ("a.js", "assets/a.css", "assets/a.js"):
        assert index.find(text) == ["entry", "always", "without a clue"]
    assert index.find("a.css") == ["always", "without a clue"]


NAMES = ["a", "b", "ab", "abc", "x1", "site", "EXAMPLE1ABCD"]
EVENTS = ["created", "deleted", "expired"]


class RandomMap:
    """A map with many routes of few buckets, many of them with the same prefix, and changes in these buckets.

    Made by chance from one number, since hypothesis takes a hundred times as long to choose so much.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._globs = [self._text(GLOB_PARTS, 1, 5) for _ in range(40)]
        self._keys = [self._key() for _ in range(30)]

    def routes(self) -> RouteMap:
        patterns = {self._pattern(()) for _ in range(self._random.randrange(5))}
        return RouteMap(
            {
                "compiled": COMPILED_VERSION,
                "buckets": {bucket: dump_row(self._rows(())) for bucket in ("abc", "ab")},
                "patterns": [[each, dump_row(self._rows(names_of(each)))] for each in sorted(patterns)],
                "distributions": {
                    name: dump_row({"id": f"EXAMPLE{place:07d}", "options": self._options()})
                    for place, name in enumerate(NAMES)
                },
            }
        )

    def changes(self) -> list[ObjectChange]:
        buckets = ("abc", "ab", "bcab")
        return [ObjectChange(self._one_of(buckets), key, self._one_of(EVENTS), "m", "") for key in self._keys]

    def _one_of(self, values: Sequence[str]) -> str:
        return self._random.choice(values)

    def _text(self, parts: Sequence[str], least: int, most: int) -> str:
        return "".join(self._random.choices(parts, k=self._random.randint(least, most)))

    def _key(self) -> str:
        parts = [*SEGMENTS, "/", "/", "//"] if self._random.random() < 0.7 else "abc/."
        return self._text(parts, 1, 8)

    def _pattern(self, taken: tuple[str, ...]) -> str:
        while True:
            found = self._text(CAPTURES, 0, 5)
            if is_pattern(found) and not set(taken).intersection(names_of(found)):
                return found

    def _rows(self, captures: tuple[str, ...]) -> list[list[Any]]:
        prefixes = [self._pattern(captures) for _ in range(self._random.randint(1, 6))]
        return [
            self._row(f"r{number}", self._one_of(prefixes), captures) for number in range(self._random.randint(1, 40))
        ]

    def _row(self, name: str, prefix: str, captures: tuple[str, ...]) -> list[Any]:
        capturing = [f"{{{each}}}" for each in (*captures, *names_of(prefix))]
        targets = self._random.sample([*NAMES, "nobody", *capturing], self._random.randint(1, 3))
        options = self._options()
        if capturing and self._random.random() < 0.3:
            options["origin_path"] = f"/{capturing[-1]}"
        return [name, prefix, targets, options]

    def _options(self) -> dict[str, Any]:
        options: dict[str, Any] = {}
        for name in ("include", "exclude"):
            if self._random.random() < 0.5:
                options[name] = self._random.sample(self._globs, self._random.randint(0, 3))
        if self._random.random() < 0.3:
            options["origin_path"] = self._one_of(["", "/a", "/ab", "/a/b", "/abc", "/{{x}}"])
        if self._random.random() < 0.2:
            options["events"] = ["created"]
        return options


def names_of(pattern: str) -> tuple[str, ...]:
    return Pattern(pattern, full_match=True).captures


def delivered(target: Target, key: str) -> Delivered:
    found = tuple(sorted(target.captures.items()))
    return Delivered(
        target.route, target.bucket, key, target.distribution.id, target.matched_prefix, target.origin_path, found
    )


MADE = st.integers(0, 2**32).map(RandomMap)


@settings(max_examples=3 * settings().max_examples)
@given(MADE)
def test_the_router_finds_what_trying_every_route_for_every_change_finds(made: RandomMap) -> None:
    routes, changes = made.routes(), made.changes()
    routed = Router(routes).route(changes)
    assert try_everything(routes, changes) == Everything(
        {delivered(target, key) for target, keys in routed.keys_by_target.items() for key in keys},
        {(change.bucket, change.key, change.event) for change in routed.unrouted},
        {(skip.route, skip.distribution) for skip in routed.unknown_names},
    )


@given(MADE)
def test_what_is_explained_of_a_change_is_what_is_done(made: RandomMap) -> None:
    routes, changes = made.routes(), made.changes()
    router, everything = Router(routes), try_everything(routes, changes)
    decided = [(each.key, one) for each in changes for one in router.bucket(each.bucket).decide(each.key, each.event)]
    assert everything.delivered == {delivered(made, key) for key, made in decided if isinstance(made, Target)}
    skipped = [made for _, made in decided if isinstance(made, Skip) and made.unknown_name]
    assert everything.unknown_names == {(skip.route, skip.distribution) for skip in skipped}
