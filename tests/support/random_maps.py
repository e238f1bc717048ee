"""Random maps and changes, made of few texts so that many routes match the same keys."""

import random
from collections.abc import Sequence
from typing import Any

from purgemap.errors import PatternError
from purgemap.events import ObjectChange
from purgemap.routemap import Pattern, RouteMap, capture_names, tokenize
from purgemap.routemap.compiled import COMPILED_VERSION, dump_row

SEGMENTS = ["a", "b", "ab", "abc", "bcab", "x1", "d.js", "é"]
GLOB_PARTS = ["a", "b", "abc", "bcab", "/", "*", "**", "**/", "?", "[ab]", "[!a]", "\\*", ".js", "x1", "/ab/", "/**"]
PATTERN_PARTS = ["{x}", "{y}", "*", "a", "b", "/", "ab/", "abc", "/bcab/", "x1/", "d."]
NAMES = ["a", "b", "ab", "abc", "x1", "site", "EXAMPLE1ABCD"]
EVENTS = ["created", "deleted", "expired"]


def is_pattern(text: str) -> bool:
    try:
        Pattern(text, full_match=True)
    except PatternError:
        return False
    return True


class RandomMap:
    """A random map with many routes of few buckets, many of them with the same prefix, and changes in these buckets."""

    def __init__(self, seed: int) -> None:
        # Built from one seed: hypothesis takes a hundred times as long to draw so many values.
        self._random = random.Random(seed)
        self._globs = [self._text(GLOB_PARTS, 1, 5) for _ in range(40)]
        self._keys = [self._key() for _ in range(30)]

    def route_map(self) -> RouteMap:
        patterns = {self._pattern(()) for _ in range(self._random.randrange(5))}
        return RouteMap(
            {
                "compiled": COMPILED_VERSION,
                "buckets": {bucket: dump_row(self._rows(())) for bucket in ("abc", "ab")},
                "patterns": [
                    [pattern, dump_row(self._rows(capture_names(tokenize(pattern))))] for pattern in sorted(patterns)
                ],
                "distributions": {
                    name: dump_row({"id": f"EXAMPLE{number:07d}", "options": self._options()})
                    for number, name in enumerate(NAMES)
                },
            }
        )

    def changes(self) -> list[ObjectChange]:
        buckets = ("abc", "ab", "bcab")
        return [ObjectChange(self._choose(buckets), key, self._choose(EVENTS), "m", "") for key in self._keys]

    def _choose(self, values: Sequence[str]) -> str:
        return self._random.choice(values)

    def _text(self, parts: Sequence[str], least: int, most: int) -> str:
        return "".join(self._random.choices(parts, k=self._random.randint(least, most)))

    def _key(self) -> str:
        parts = [*SEGMENTS, "/", "/", "//"] if self._random.random() < 0.7 else "abc/."
        return self._text(parts, 1, 8)

    def _pattern(self, used: tuple[str, ...]) -> str:
        while True:
            pattern = self._text(PATTERN_PARTS, 0, 5)
            if is_pattern(pattern) and not set(used).intersection(capture_names(tokenize(pattern))):
                return pattern

    def _rows(self, captures: tuple[str, ...]) -> list[list[Any]]:
        prefixes = [self._pattern(captures) for _ in range(self._random.randint(1, 6))]
        return [
            self._row(f"r{number}", self._choose(prefixes), captures) for number in range(self._random.randint(1, 40))
        ]

    def _row(self, name: str, prefix: str, captures: tuple[str, ...]) -> list[Any]:
        capturing = [f"{{{name}}}" for name in (*captures, *capture_names(tokenize(prefix)))]
        targets = self._random.sample([*NAMES, "unknown", *capturing], self._random.randint(1, 3))
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
            options["origin_path"] = self._choose(["", "/a", "/ab", "/a/b", "/abc", "/{{x}}"])
        if self._random.random() < 0.2:
            options["events"] = ["created"]
        return options
