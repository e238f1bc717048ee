"""Split texts into groups that fit a limit, so that one text more changes one group.

Filling groups one after the other would shift every text behind a new one, and so change every group.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

_Fits = Callable[[Sequence[str]], bool]


def stable_groups(texts: Iterable[str], fits: _Fits) -> dict[str, tuple[str, ...]]:
    """Split texts into sorted groups by name; a group of one text may exceed the limit.

    A group that does not fit is split by the next bit of its texts' hashes, and the bits are its name. With at most two
    texts a group, blog, docs, shop and www become 0: blog, shop and 1: docs, www. After news is added, group 1 is the
    same, and group 0 is split into 00: news, shop and 01: blog.
    """
    # The price of stability: a group is only between half full and full.
    hashes = {text: int.from_bytes(hashlib.sha256(text.encode()).digest()) for text in texts}
    return dict(_split("", sorted(hashes), hashes, fits))


def _split(
    name: str, texts: Sequence[str], hashes: Mapping[str, int], fits: _Fits
) -> Iterator[tuple[str, tuple[str, ...]]]:
    if len(texts) <= 1 or fits(texts):
        yield from [(name, tuple(texts))] if texts else []
        return
    for bit in (0, 1):
        half = [text for text in texts if hashes[text] >> len(name) & 1 == bit]
        yield from _split(f"{name}{bit}", half, hashes, fits)
