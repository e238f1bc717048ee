"""The best plans, found without the planner: from every set of wildcards, and by a knapsack on the tree of prefixes.

Both split items into characters, an escaped one whole, and share no code with the planner.
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

# Returns the collateral of a wildcard, from its stem and the number of items that it covers.
Evicts: TypeAlias = Callable[[str, int], int]
# (wildcards, paths) → their least collateral.
_Table: TypeAlias = dict[tuple[int, int], int]


class Outcome(NamedTuple):
    """The quality of a plan; less is better."""

    requests: int
    evicted: int
    paths: int
    wildcards: int


def characters(text: str) -> list[str]:
    return _CHARACTER.findall(text)


def prefixes(item: str) -> list[str]:
    """List every stem of a wildcard over an item, shortest first; `P*` is not trusted to cover P."""
    parts = characters(item)
    return ["".join(parts[:end]) for end in range(1, len(parts))]


def covers(wildcard: str, item: str) -> bool:
    stem = wildcard.removesuffix("*")
    return wildcard.endswith("*") and item.startswith(stem) and item not in {stem, wildcard}


def pruned(items: Iterable[str]) -> list[str]:
    """Drop items that another one covers, pair by pair."""
    items = set(items)
    return sorted(item for item in items if item[0] == "#" or not any(covers(other, item) for other in items))


def uncovered(items: Iterable[str], sent: Iterable[str]) -> list[str]:
    sent = set(sent)
    return [item for item in items if item not in sent and not any(covers(other, item) for other in sent)]


def is_allowed(stem: str, items: Iterable[str], scopes: Mapping[str, str | None]) -> bool:
    """Return whether a planner may make a wildcard at a stem: at least two items allow it, and it is not too wide."""
    # Items that it covers but that do not allow it are no reason for a shorter stem.
    covered = [item for item in items if covers(f"{stem}*", item)]
    allowing = [item for item in covered if _allows(scopes[item], item, stem)]
    return len(allowing) > 1 and (
        allowing == covered or stem == max(set.intersection(*map(set, map(prefixes, allowing))))
    )


def _allows(scope: str | None, item: str, stem: str) -> bool:
    return scope is not None and item.startswith(scope) and stem.startswith(scope)


def estimate_evicted(stem: str, covered: int) -> int:
    """Follow the planner's estimate: what the wildcard covers, three times less per folder level."""
    # A wildcard that covers only itself is forced, and estimated to evict nothing else.
    return int(covered * 3 ** max(0, 16 - stem.count("/"))) if covered > 1 else 0


def best_of_all(scopes: Mapping[str, str | None], *, max_paths: int, max_wildcards: int, evicts: Evicts) -> Outcome:
    """Try every set of wildcards, and return the outcome of the best plan."""
    items = pruned(scopes)
    max_wildcards = min(max_wildcards, max_paths)
    paths = [item for item in items if item[0] != "#"]
    stems = sorted({stem for item in paths for stem in prefixes(item) if is_allowed(stem, paths, scopes)})
    outcomes = {_outcome(items, chosen, evicts) for chosen in _apart(stems)}
    needed = {outcome: _requests(outcome, max_paths, max_wildcards) for outcome in outcomes}
    fewest = min(needed.values())
    plain = _outcome(items, (), evicts)
    room = _room_for_wildcards(plain, fewest, max_paths, max_wildcards)
    fitting = [outcome for outcome in outcomes if outcome.paths <= fewest * max_paths and outcome.wildcards <= room]
    best = plain if plain in fitting else min(fitting)
    return best._replace(requests=needed[best])


def _requests(outcome: Outcome, max_paths: int, max_wildcards: int) -> int:
    return max(1, ceil(outcome.paths / max_paths), ceil(outcome.wildcards / max_wildcards))


def _room_for_wildcards(plain: Outcome, fewest: int, max_paths: int, max_wildcards: int) -> int:
    """Return how many wildcards may be sent, in extra requests too if the items themselves hold that many."""
    # At least two extra requests, with room for ten wildcards. If paths must be saved, half of the wildcards of the
    # fewest requests are reserved for that.
    reserved = fewest * max_wildcards // 2 if plain.paths > fewest * max_paths else 0
    requests = next(requests for requests in count(fewest) if requests * max_wildcards >= plain.wildcards + reserved)
    return min(requests, fewest + max(2, ceil(10 / max_wildcards))) * max_wildcards


def _apart(stems: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield every set of sorted stems without one that extends another."""
    if not stems:
        yield ()
        return
    first, rest = stems[0], stems[1:]
    yield from _apart(rest)
    for others in _apart([stem for stem in rest if not stem.startswith(first)]):
        yield (first, *others)


def _outcome(items: Sequence[str], stems: Iterable[str], evicts: Evicts) -> Outcome:
    """Return the outcome of sending the items with wildcards at stems, none of which extends another."""
    uncovered_items, evicted, wildcards = list(items), 0, 0
    for stem in stems:
        covered = [item for item in uncovered_items if item[0] != "#" and covers(f"{stem}*", item)]
        uncovered_items = [item for item in uncovered_items if item not in covered]
        evicted += evicts(stem, len(covered))
        wildcards += 1
    forced = [item for item in uncovered_items if item.startswith("/") and item.endswith("*")]
    evicted += sum(evicts(item[:-1], 1) for item in forced)
    return Outcome(1, evicted, len(uncovered_items) + wildcards, len(forced) + wildcards)


def best_on_tree(items: Iterable[str], *, max_paths: int, max_wildcards: int, evicts: Evicts) -> Outcome:
    """Return the outcome of the best single request for items of the scope `/`, a knapsack on the tree of prefixes."""
    # Slow, since it tries every prefix and drops no option.
    tree = sorted(tuple(characters(item)) for item in pruned(items))
    table = _table(tree, 0, max_paths, max_wildcards, evicts)
    return min(Outcome(1, evicted, paths, wildcards) for (wildcards, paths), evicted in table.items())


def _table(items: Sequence[tuple[str, ...]], depth: int, max_paths: int, max_wildcards: int, evicts: Evicts) -> _Table:
    """Return the options to send the items, which share their first `depth` characters."""
    stem = "".join(items[0][:depth])
    if len(items) == 1:
        is_forced = items[0][-1] == "*"
        return {(int(is_forced), 1): evicts("".join(items[0][:-1]), 1) if is_forced else 0}
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
        with_wildcard = (1, 1 + itself)
        evicted = evicts(stem, len(items) - itself)
        table[with_wildcard] = min(evicted, table.get(with_wildcard, evicted))
    return table


def _joined(table: _Table, below: _Table, max_paths: int, max_wildcards: int) -> _Table:
    joined: _Table = {}
    for (wildcards, paths), evicted in table.items():
        for (more_wildcards, more_paths), more_evicted in below.items():
            option = (wildcards + more_wildcards, paths + more_paths)
            if option[0] <= max_wildcards and option[1] <= max_paths:
                joined[option] = min(evicted + more_evicted, joined.get(option, evicted + more_evicted))
    return joined
