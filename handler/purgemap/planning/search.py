"""The exact search for the wildcards that cost least within a budget.

The first pass goes down the branches of the items. It opens a branch only if a plan within the budget may do without a
wildcard at or above it. These are a few hundred branches for 100,000 items and ten wildcards. The second pass goes up
and combines the options of each branch, a knapsack on a tree. Options that another beats in every respect are dropped.
"""

from bisect import insort
from collections.abc import Iterable
from itertools import accumulate
from operator import itemgetter
from typing import NamedTuple, TypeAlias

from purgemap.planning.candidates import Candidates
from purgemap.planning.trie import Branch, branch_at, child_branches

STEPS_PER_BRANCH = 16  # to find the children of a branch, and its candidate wildcards

# The stems of an option, in nested pairs: combining two options costs the same however many stems they hold.
_Stems: TypeAlias = "str | tuple[_Stems, _Stems] | None"
# A way to send the items of a branch: wildcards, paths saved, cost, stems. A plain tuple: there may be a million.
_Option: TypeAlias = "tuple[int, int, int, _Stems]"
# A branch to open: index of its parent, the parent's stem, the branch, and the two lists of savings of a node.
_Pending: TypeAlias = "tuple[int, str, Branch, list[int], list[int]]"

# Pairs of options combined at once. If there are more, only the options on the convex hulls are paired: no longer
# exact, but the options stay few.
_MAX_PAIRS = 1 << 12

_NOTHING: list[_Option] = [(0, 0, 0, None)]  # the options of a node whose items are all in children not yet added
_UNREACHABLE = 1 << 62  # more paths than any plan saves


class Steps:
    """The steps that a search may still take: counted work, so that no plan depends on the machine's speed."""

    def __init__(self, left: int) -> None:
        self.left = left  # a step combines two options and takes about a microsecond

    def take(self, steps: int) -> bool:
        """Count steps before they are taken, and return whether the limit allows them."""
        self.left -= steps
        return self.left >= 0


class _Node(NamedTuple):
    """A trie node that a plan within budget may use.

    The lists hold, in descending order, the savings of the best single wildcards outside this node. The second list
    also leaves out the siblings that are combined before this node.
    """

    parent: int
    without_wildcard: list[_Option]  # children not yet added; empty if the budget allows none
    with_wildcard: list[_Option]
    savings_outside: list[int]
    savings_outside_pending: list[int]


def cheapest_stems(candidates: Candidates, *, surplus: int, max_wildcards: int, steps: Steps) -> list[str] | None:
    """Return the stems that save `surplus` paths at the least cost.

    None if the steps don't suffice, or the options on the hulls hold no solution.
    """
    if len(candidates.items) <= 1:
        return []
    nodes = _open_nodes(candidates, surplus, max_wildcards, steps)
    if steps.left < 0:
        return None
    options_by_node = [node.without_wildcard for node in nodes]
    options: list[_Option] = []
    for index in range(len(nodes) - 1, -1, -1):
        parent, _, with_wildcard, savings_outside, savings_outside_pending = nodes[index]
        options = options_by_node.pop() + with_wildcard
        if len(options) > 1:
            options = _pareto_front(options, surplus, _required_savings(savings_outside, surplus, max_wildcards))
        if index:
            parent_options = options_by_node[parent]
            if len(parent_options) * len(options) > _MAX_PAIRS:
                parent_options, options = _convex_hull(parent_options), _convex_hull(options)
            if not steps.take(len(parent_options) * len(options)):
                return None
            if len(parent_options) > 1:
                required = _required_savings(savings_outside_pending, surplus, max_wildcards)
                options = _pareto_front(_cross_product(parent_options, options, required), surplus, required)
            elif parent_options != _NOTHING:
                # The parent's only option adds the same to each, so none of them beats another now.
                options = _cross_product(parent_options, options, [0] * (max_wildcards + 1))
            options_by_node[parent] = options
    return _flatten(options[0][3]) if options else None


def _open_nodes(candidates: Candidates, surplus: int, max_wildcards: int, steps: Steps) -> list[_Node]:
    """Return the nodes that a plan within budget may use, each after its parent, siblings from last to first."""
    items = candidates.items
    nodes: list[_Node] = []
    pending: list[_Pending] = [(0, "", branch_at(items, 0, len(items)), [], [])]
    while pending and steps.take(STEPS_PER_BRANCH):
        parent, stem_above, branch, savings_outside, savings_outside_pending = pending.pop()
        wildcards = candidates.wildcards_at(branch, stem_above)
        # No wildcard below one that evicts nothing is better.
        children = child_branches(items, branch) if all(wildcard.collateral for wildcard in wildcards) else []
        savings = sorted([*savings_outside, *map(_max_saving, children)], reverse=True)[: max_wildcards + 1]
        is_opened = sum(savings[:max_wildcards]) >= surplus
        without_wildcard = _without_wildcard(candidates, branch, children, max_wildcards) if is_opened else []
        with_wildcard: list[_Option] = [(1, wildcard.saved, wildcard.cost, wildcard.stem) for wildcard in wildcards]
        nodes.append(_Node(parent, without_wildcard, with_wildcard, savings_outside, savings_outside_pending))
        if is_opened and steps.take(len(children)):
            pending += _pending_children(len(nodes) - 1, branch.stem, children, savings, savings_outside)
    return nodes


def _pending_children(
    parent: int, stem: str, children: list[Branch], savings: list[int], savings_outside: list[int]
) -> Iterable[_Pending]:
    """Return the children of a branch, to be opened from last to first and combined from first to last."""
    pending: list[_Pending] = []
    savings_ascending = sorted(savings_outside)
    for child in reversed(children):
        saving = _max_saving(child)
        savings_outside_pending = savings_ascending[: -len(savings) - 1 : -1]
        pending.append((parent, stem, child, _without(savings, saving), savings_outside_pending))
        insort(savings_ascending, saving)
    return reversed(pending)


def _max_saving(branch: Branch) -> int:
    """Return the most paths that one wildcard can save at a branch."""
    return branch.high - branch.low - 1


def _without(savings: list[int], saving: int) -> list[int]:
    """Return the descending savings without one occurrence of a saving, if it is in the list."""
    index = savings.index(saving) if saving >= savings[-1] else len(savings)
    return savings[:index] + savings[index + 1 :]


def _required_savings(savings: list[int], surplus: int, max_wildcards: int) -> list[int]:
    """Return the paths that 0, 1, 2 … wildcards must save if all others have the descending `savings`."""
    required = [surplus - saved if saved < surplus else 0 for saved in accumulate(savings, initial=0)]
    required += required[-1:] * (max_wildcards + 1 - len(required))
    return required[max_wildcards::-1]


def _without_wildcard(
    candidates: Candidates, branch: Branch, children: Iterable[Branch], max_wildcards: int
) -> list[_Option]:
    """Return the only option for the items in no child; none if they hold more than `max_wildcards` wildcards."""
    wildcards, cost = candidates.forced_within(branch.low, branch.high)
    for child in children:
        wildcards_below, cost_below = candidates.forced_within(child.low, child.high)
        wildcards, cost = wildcards - wildcards_below, cost - cost_below
    return [(wildcards, 0, cost, None)] if wildcards <= max_wildcards else []


def _cross_product(options: list[_Option], others: list[_Option], required: list[int]) -> list[_Option]:
    """Combine options in pairs, and return those that save enough with at most the wildcards of the budget."""
    required = [*required, *[_UNREACHABLE] * len(required)]
    return [
        (wildcards, saved, cost + cost2, (stems, stems2) if stems and stems2 else stems or stems2)
        for wildcards1, saved1, cost, stems in options
        for wildcards2, saved2, cost2, stems2 in others
        if (saved := saved1 + saved2) >= required[wildcards := wildcards1 + wildcards2]
    ]


def _pareto_front(options: list[_Option], surplus: int, required: list[int]) -> list[_Option]:
    """Return, cheapest first, the options that save enough and more than any cheaper one with no more wildcards."""
    front: list[_Option] = []
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


def _convex_hull(options: list[_Option]) -> list[_Option]:
    """Return, for each number of wildcards, the options on the lower convex hull of cost over savings."""
    hulls: dict[int, list[_Option]] = {}
    for option in options:
        hull = hulls.setdefault(option[0], [])
        while len(hull) > 1 and _is_above_line(hull[-2], hull[-1], option):
            hull.pop()
        hull.append(option)
    return [option for hull in hulls.values() for option in hull]


def _is_above_line(start: _Option, middle: _Option, end: _Option) -> bool:
    return (middle[1] - start[1]) * (end[2] - start[2]) <= (end[1] - start[1]) * (middle[2] - start[2])


def _flatten(stems: _Stems) -> list[str]:
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
