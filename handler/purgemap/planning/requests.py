"""Candidates and the budget of one request → how many requests the items take, and wildcards that surely fit them."""

from collections.abc import Iterator
from itertools import accumulate, count

from purgemap.planning.candidates import Candidates, Wildcard
from purgemap.planning.trie import Branch, branch_at, branches_below


def requests_needed(
    candidates: Candidates, *, max_paths: int, max_wildcards: int, paths: int, wildcards: int
) -> tuple[int, list[str]]:
    """Return the least number of requests, and the stems of the widest wildcards with which they suffice.

    `paths` and `wildcards` are what would be sent without any. The widest wildcards that the scopes allow decide:
    one that covers wildcards that somebody asked for is free, of the others those come first that save most.
    """
    topmost = sorted(_topmost(candidates), key=lambda found: (found[1] == 0, -found[0].saved))
    free = [found for found in topmost if found[1]]
    paths -= sum(wildcard.saved for wildcard, _ in free)
    wildcards -= sum(asked - 1 for _, asked in free)
    saved = list(accumulate((wildcard.saved for wildcard, _ in topmost[len(free) :]), initial=0))
    for requests in count(1):
        room = requests * max_wildcards - wildcards
        if room >= 0 and paths - saved[min(room, len(saved) - 1)] <= requests * max_paths:
            break
    return requests, [wildcard.stem for wildcard, _ in topmost[: len(free) + room]]


def _topmost(candidates: Candidates) -> Iterator[tuple[Wildcard, int]]:
    """Yield the widest wildcards that the scopes allow, each with the number of those that it makes needless."""
    pending: list[tuple[Branch, str]] = []
    if len(candidates.items) > 1:
        pending.append((branch_at(candidates.items, 0, len(candidates.items)), ""))
    while pending:
        branch, stem_above = pending.pop()
        wildcards = candidates.at(branch, stem_above)
        if wildcards:
            yield max(wildcards, key=lambda wildcard: wildcard.saved), candidates.asked(branch.low, branch.high)[0]
        else:
            pending += ((below, branch.stem) for below in branches_below(candidates.items, branch))
