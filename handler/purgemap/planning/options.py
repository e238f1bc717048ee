"""Options: the ways to send the items of a branch. They are combined in pairs; those that others beat are dropped."""

from operator import itemgetter
from typing import TypeAlias

# The stems of an option, in nested pairs: combining two options costs the same however many stems they hold.
Stems: TypeAlias = "str | tuple[Stems, Stems] | None"
# Wildcards, paths saved, cost, stems. A plain tuple: there may be a million.
Option: TypeAlias = "tuple[int, int, int, Stems]"

NOTHING: list[Option] = [(0, 0, 0, None)]  # without a wildcard, if none is forced
_UNREACHABLE = 1 << 62  # more paths than any plan saves


def cross_product(options: list[Option], others: list[Option], required: list[int]) -> list[Option]:
    """Combine options in pairs, and return those that save enough with at most the wildcards of the budget."""
    required = [*required, *[_UNREACHABLE] * len(required)]
    return [
        (wildcards, saved, cost + cost2, (stems, stems2) if stems and stems2 else stems or stems2)
        for wildcards1, saved1, cost, stems in options
        for wildcards2, saved2, cost2, stems2 in others
        if (saved := saved1 + saved2) >= required[wildcards := wildcards1 + wildcards2]
    ]


def pareto_front(options: list[Option], surplus: int, required: list[int]) -> list[Option]:
    """Return, cheapest first, the options that save enough and more than any cheaper one with no more wildcards."""
    front: list[Option] = []
    required = [*required, _UNREACHABLE]
    for option in sorted(options, key=itemgetter(2)):
        wildcards, saved, _, _ = option
        if saved >= required[wildcards]:
            front.append(option)
            # Savings beyond the surplus count only in the cost.
            more = saved + 1 if saved < surplus else _UNREACHABLE
            while required[wildcards] < more:
                required[wildcards] = more
                wildcards += 1
    return front


def convex_hull(options: list[Option]) -> list[Option]:
    """Return, for each number of wildcards, the options on the lower convex hull of cost over savings."""
    hulls: dict[int, list[Option]] = {}
    for option in options:
        hull = hulls.setdefault(option[0], [])
        while len(hull) > 1 and _is_above_line(hull[-2], hull[-1], option):
            hull.pop()
        hull.append(option)
    return [option for hull in hulls.values() for option in hull]


def _is_above_line(start: Option, middle: Option, end: Option) -> bool:
    return (middle[1] - start[1]) * (end[2] - start[2]) <= (end[1] - start[1]) * (middle[2] - start[2])


def flatten(stems: Stems) -> list[str]:
    """Return the stems of nested pairs."""
    flat: list[str] = []
    pending = [stems]
    while pending:  # no recursion: the nesting can be deeper than Python's stack
        part = pending.pop()
        if isinstance(part, str):
            flat.append(part)
        elif part:
            pending += part
    return flat
