"""Plans found without the planner: by trying every set of wildcards, and by a plain knapsack on the tree of prefixes.

Both cut items into characters (an escaped one is a character as a whole) and never look at the planner's code.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import count
from math import ceil
from typing import NamedTuple, TypeAlias

# One character of a viewer path: raw, or all the escapes of its UTF-8 bytes.
_CHARACTER = re.compile(
    r"%[0-7][0-9A-F]|%[CD][0-9A-F]%[89AB][0-9A-F]|%E[0-9A-F](?:%[89AB][0-9A-F]){2}|%F[0-7](?:%[89AB][0-9A-F]){3}|.",
    re.DOTALL,
)

# What a wildcard evicts for nothing: its stem, and how many of the items it covers.
Evicts: TypeAlias = Callable[[str, int], int]
# (wildcards, paths) → the least that they evict.
_Table: TypeAlias = dict[tuple[int, int], int]


class Outcome(NamedTuple):
    """How good a plan is; the lesser, the better."""

    requests: int
    evicted: int
    paths: int
    wildcards: int


def characters(text: str) -> list[str]:
    return _CHARACTER.findall(text)


def prefixes(item: str) -> list[str]:
    """List every stem at which a wildcard may stand over an item, shortest first; `P*` isn't trusted to cover P."""
    parts = characters(item)
    return ["".join(parts[:end]) for end in range(1, len(parts))]


def covers(wildcard: str, item: str) -> bool:
    stem = wildcard.removesuffix("*")
    return wildcard.endswith("*") and item.startswith(stem) and item not in {stem, wildcard}


def pruned(items: Iterable[str]) -> list[str]:
    """Drop what another item covers, pair by pair."""
    kept = set(items)
    return sorted(item for item in kept if item[0] == "#" or not any(covers(other, item) for other in kept))


def uncovered(wanted: Iterable[str], sent: Iterable[str]) -> list[str]:
    sent = set(sent)
    return [item for item in wanted if item not in sent and not any(covers(other, item) for other in sent)]


def is_allowed(stem: str, items: Iterable[str], scopes: Mapping[str, str | None]) -> bool:
    """Whether a planner may put a wildcard at a stem.

    Two items at least let it, and what else it covers is no reason to stand higher than those two need.
    """
    covered = [item for item in items if covers(f"{stem}*", item)]
    asking = [item for item in covered if _lets(scopes[item], item, stem)]
    return len(asking) > 1 and (asking == covered or stem == max(set.intersection(*map(set, map(prefixes, asking)))))


def _lets(scope: str | None, item: str, stem: str) -> bool:
    return scope is not None and item.startswith(scope) and stem.startswith(scope)


def best_of_all(scopes: Mapping[str, str | None], *, max_paths: int, max_wildcards: int, evicts: Evicts) -> Outcome:
    """Try every set of wildcards, and return how good the best plan can be."""
    items = pruned(scopes)
    max_wildcards = min(max_wildcards, max_paths)
    paths = [item for item in items if item[0] != "#"]
    stems = sorted({stem for item in paths for stem in prefixes(item) if is_allowed(stem, paths, scopes)})
    outcomes = {_outcome(items, chosen, evicts) for chosen in _apart(stems)}
    needed = {each: _requests(each, max_paths, max_wildcards) for each in outcomes}
    fewest = min(needed.values())
    plain = _outcome(items, (), evicts)
    room = _room_for_wildcards(plain, fewest, max_paths, max_wildcards)
    fitting = [each for each in outcomes if each.paths <= fewest * max_paths and each.wildcards <= room]
    best = plain if plain in fitting else min(fitting)
    return best._replace(requests=needed[best])


def _requests(outcome: Outcome, max_paths: int, max_wildcards: int) -> int:
    return max(1, ceil(outcome.paths / max_paths), ceil(outcome.wildcards / max_wildcards))


def _room_for_wildcards(plain: Outcome, fewest: int, max_paths: int, max_wildcards: int) -> int:
    """Return how many wildcards may be sent: in extra requests, too, where the items themselves hold that many.

    Two more requests at least, and room for ten more wildcards. Where paths have to be saved, half of the wildcards of
    the fewest requests are kept for that.
    """
    kept = fewest * max_wildcards // 2 if plain.paths > fewest * max_paths else 0
    requests = next(requests for requests in count(fewest) if requests * max_wildcards >= plain.wildcards + kept)
    return min(requests, fewest + max(2, ceil(10 / max_wildcards))) * max_wildcards


def _apart(stems: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield every set of sorted stems of which none lies under another."""
    if not stems:
        yield ()
        return
    first, rest = stems[0], stems[1:]
    yield from _apart(rest)
    for others in _apart([stem for stem in rest if not stem.startswith(first)]):
        yield (first, *others)


def _outcome(items: Sequence[str], stems: Iterable[str], evicts: Evicts) -> Outcome:
    """Tell how good it is to send the items with wildcards at stems of which none lies under another."""
    left, evicted, wildcards = list(items), 0, 0
    for stem in stems:
        covered = [item for item in left if item[0] != "#" and covers(f"{stem}*", item)]
        left = [item for item in left if item not in covered]
        evicted += evicts(stem, len(covered))
        wildcards += 1
    asked = [item for item in left if item.startswith("/") and item.endswith("*")]
    evicted += sum(evicts(item[:-1], 1) for item in asked)
    return Outcome(1, evicted, len(left) + wildcards, len(asked) + wildcards)


def best_on_tree(items: Iterable[str], *, max_paths: int, max_wildcards: int, evicts: Evicts) -> Outcome:
    """Return how good the best single request is for items of one scope, `/`, by a knapsack on the tree of prefixes.

    No prefix is left out and no way is dropped, so it is slow, and right.
    """
    tree = sorted(tuple(characters(item)) for item in pruned(items))
    table = _table(tree, 0, max_paths, max_wildcards, evicts)
    return min(Outcome(1, evicted, paths, wildcards) for (wildcards, paths), evicted in table.items())


def _table(items: Sequence[tuple[str, ...]], depth: int, max_paths: int, max_wildcards: int, evicts: Evicts) -> _Table:
    """Return the ways to send the items, which share their first `depth` characters."""
    stem = "".join(items[0][:depth])
    if len(items) == 1:
        asked = items[0][-1] == "*"
        return {(int(asked), 1): evicts("".join(items[0][:-1]), 1) if asked else 0}
    itself = int(len(items[0]) == depth)
    table: _Table = {(0, itself): 0}
    low = itself
    while low < len(items):
        high = low + 1
        while high < len(items) and items[high][depth] == items[low][depth]:
            high += 1
        below = _table(items[low:high], depth + 1, max_paths, max_wildcards, evicts)
        table = _joined(table, below, max_paths, max_wildcards)
        low = high
    if depth and max_wildcards:
        here = (1, 1 + itself)
        evicted = evicts(stem, len(items) - itself)
        table[here] = min(evicted, table.get(here, evicted))
    return table


def _joined(table: _Table, below: _Table, max_paths: int, max_wildcards: int) -> _Table:
    joined: _Table = {}
    for (wildcards, paths), evicted in table.items():
        for (more, further), also in below.items():
            way = (wildcards + more, paths + further)
            if way[0] <= max_wildcards and way[1] <= max_paths:
                joined[way] = min(evicted + also, joined.get(way, evicted + also))
    return joined
