"""The work of a plan in byte-code instructions, bounded for every shape of scopes and names."""

import sys
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any

import pytest

from bench.planner_cost import BATCH, keys_of, site_of
from bench.planner_scopes import scopes_of
from purgemap.planning import plan

Scopes = Mapping[str, str | None]

CHANGES = 4_200
NUMBERS = range(CHANGES)


def deep(number: int) -> str:
    return "/" + "a/" * (number % 480) + f"{number}.html"


def letters(number: int) -> str:
    return "/" + "/".join(format(number, "012b"))


def long_name(number: int) -> str:
    return "/" + "p" * 950 + f"{number * 7919 % 1_000_003:06}"


def page(number: int) -> str:
    return f"/sites/{number % 300:03}/page-{number}/?*"


SHAPES: dict[str, Scopes] = {
    "deep-one-scope": dict.fromkeys(map(deep, NUMBERS), "/"),
    "deep-scope-for-each-folder": {path: path[: path.rindex("/") + 1] for path in map(deep, NUMBERS)},
    "deep-nested-scopes": {deep(n): "/" + "a/" * (n * 7919 % (n % 480 + 1)) for n in NUMBERS},
    "one-letter-folders": dict.fromkeys(map(letters, NUMBERS), "/"),
    "one-letter-folders-in-scopes": {path: path[:13] for path in map(letters, NUMBERS)},
    "long-names": dict.fromkeys(map(long_name, NUMBERS), "/"),
    "long-names-in-scopes": {path: path[:954] for path in map(long_name, NUMBERS)},
    "scopes-of-equal-size": {f"/sites/{n % 600}/{n}.html": f"/sites/{n % 600}/" for n in NUMBERS},
    "scopes-of-one-object": {f"/sites/{n}/index.html": f"/sites/{n}/" for n in NUMBERS},
    "query-strings": dict.fromkeys(map(page, NUMBERS), "/"),
    "query-strings-in-scopes": {path: path[:11] for path in map(page, NUMBERS)},
    "tags-and-scopes": {
        **{f"#{n}": None for n in NUMBERS[::2]},
        **{f"/sites/{n % 300}/{n}": f"/sites/{n % 300}/" for n in NUMBERS[::2]},
    },
    "no-scopes": {f"/{n}.html": None for n in NUMBERS},
}


class TooMuchWorkError(Exception):
    """Stops the work at its bound, so that a regression fails in seconds."""


def count_instructions(work: Callable[[], object], most: int) -> int:
    """Count the byte-code instructions of some work, up to the most that it may take."""
    counted = 0

    def count(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal counted
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        counted += event == "opcode"
        if counted > most:
            raise TooMuchWorkError
        return count

    traced = sys.gettrace()
    sys.settrace(count)
    try:
        work()
    finally:
        sys.settrace(traced)
    return counted


def plan_of(scopes: Scopes) -> Callable[[], object]:
    return lambda: plan(scopes, max_paths=150, max_wildcards=10)


@pytest.mark.parametrize("tenants", [20, 200, 500, 2_000])
def test_plan_of_many_scopes_takes_few_instructions(tenants: int) -> None:
    assert count_instructions(plan_of(scopes_of(tenants)), most=100 * CHANGES) > CHANGES


@pytest.mark.parametrize("scopes", SHAPES.values(), ids=SHAPES)
def test_plan_of_any_shape_takes_bounded_instructions(scopes: Scopes) -> None:
    assert count_instructions(plan_of(scopes), most=2_500 * CHANGES) > CHANGES


def test_plan_without_listing_searches_quickly_first() -> None:
    _, scopes, _ = site_of(keys_of(BATCH))
    # The exact search alone takes 1.4 to 1.8 million, by the Python version.
    assert count_instructions(plan_of(scopes), most=1_200_000) > BATCH


@pytest.mark.parametrize("tenants", [20, 200, 500, 2_000])
def test_plan_of_many_scopes_stays_inside_them(tenants: int) -> None:
    scopes = scopes_of(tenants)
    plans = plan(scopes, max_paths=150, max_wildcards=10)
    items = {item for request in plans for item in request}
    stems = tuple(item[:-1] for item in items if item.endswith("*"))
    assert all(path in items or path.startswith(stems) for path in scopes)
    assert all(stem.startswith(tuple(set(scopes.values()))) for stem in stems)
    assert all(len(request) <= 150 and sum(item.endswith("*") for item in request) <= 10 for request in plans)
