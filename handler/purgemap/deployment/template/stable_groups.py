"""Many texts → groups that each fit a limit, so that one text more or less concerns one group."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

_Fits = Callable[[Sequence[str]], bool]


def stable_groups(texts: Iterable[str], fits: _Fits) -> dict[str, tuple[str, ...]]:
    """Share texts out over groups that fit, each sorted, by a name that lasts; a text that never fits stands alone.

    A group that doesn't fit is halved by the next bit of its texts' hashes; the bits are its name. Filling groups one
    after the other would move every text behind a new one, and with it change every group; here a new text changes
    its own group, or splits it. The price is that groups are between half full and full.
    """
    places = {text: int.from_bytes(hashlib.sha256(text.encode()).digest()) for text in texts}
    return dict(_halve("", sorted(places), places, fits))


def _halve(
    name: str, texts: Sequence[str], places: Mapping[str, int], fits: _Fits
) -> Iterator[tuple[str, tuple[str, ...]]]:
    if len(texts) <= 1 or fits(texts):
        yield from [(name, tuple(texts))] if texts else []
        return
    for half in (0, 1):
        part = [text for text in texts if places[text] >> len(name) & 1 == half]
        yield from _halve(f"{name}{half}", part, places, fits)
