"""Maps whose routes all match one bucket or its name, which is where matching could grow with the map.

Each mix is a map of `size` patterns of one kind, and keys that each match another of them; filters are met by every
second key, so that the others go through all of them. Needs nothing but the standard library and purgemap.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from purgemap.routemap.compiled import COMPILED_VERSION, RouteMap, dump_row

BUCKET = "acme-www"
_DISTRIBUTIONS = 10


@dataclass(frozen=True, slots=True)
class Mix:
    """Rows of a bucket's routes, rows of bucket patterns, and the names of events' objects.

    `targets` is the number of distributions of each key; the cost is divided by it, since each needs its items.
    `unrouted` is the share of keys that no route matches.
    """

    name: str
    rows: Sequence[Sequence[Any]]
    key: Callable[[int], str]
    bucket: Callable[[int], str] = lambda _: BUCKET
    patterns: Sequence[tuple[str, Any]] = ()
    options: Callable[[int], dict[str, Any]] = field(default=lambda _: {})
    distributions: int = _DISTRIBUTIONS
    targets: int = 1
    unrouted: float = 0.0

    def routes(self) -> RouteMap:
        """Build the map."""
        return RouteMap(
            {
                "compiled": COMPILED_VERSION,
                "buckets": {BUCKET: dump_row(self.rows)},
                "patterns": [[pattern, dump_row([row])] for pattern, row in self.patterns],
                "distributions": {
                    _name(n): dump_row({"id": f"EXAMPLE{n:07d}", "options": self.options(n)})
                    for n in range(self.distributions)
                },
            }
        )


def _name(number: int) -> str:
    return f"site-{number}"


def _numbered_routes(size: int, prefix: str = "", **options: Sequence[str]) -> list[list[Any]]:
    """Build a route per number; `%d` in a text becomes the number."""
    return [
        [
            f"r{n}",
            prefix.replace("%d", str(n)),
            [_name(n % _DISTRIBUTIONS)],
            {name: [text.replace("%d", str(n)) for text in texts] for name, texts in options.items()},
        ]
        for n in range(size)
    ]


def _excluding(size: int, glob: str) -> list[list[Any]]:
    return [["r", "", [_name(0)], {"exclude": [glob.replace("%d", str(n)) for n in range(size)]}]]


def mixes(size: int, hit: int) -> Iterator[Mix]:
    """Yield every mix of `size` patterns; the keys match the first `hit` of them."""

    def key(text: str) -> Callable[[int], str]:
        return lambda event: text.replace("%d", str(event * 7919 % hit)).replace("%e", str(event))

    def half(text: str) -> Callable[[int], str]:
        hitting = key(text)
        return lambda event: hitting(event) if event % 2 else f"blog/2026/post-{event}/photo.jpg"

    yield Mix("prefixes", _numbered_routes(size, "blog/p%d/"), key("blog/p%d/%e.jpg"))
    yield Mix("prefixes */x1/", _numbered_routes(size, "*/x%d/"), key("blog/x%d/%e.jpg"))
    yield Mix("prefixes sites/{site}/x1/", _numbered_routes(size, "sites/{site}/x%d/"), key("sites/acme/x%d/%e.jpg"))
    by_name = [["r", "sites/{site}/", ["{site}"], {"origin_path": "/sites/{site}"}]]
    named = key("sites/site-%d/%e.jpg")
    yield Mix("a capture that names the distribution", by_name, named, distributions=size)
    of_all = [["r", "", [_name(n) for n in range(size)], {}]]
    yield Mix(
        "origin paths of one route's distributions",
        of_all,
        key("s%d/%e.jpg"),
        options=lambda n: {"origin_path": f"/s{n}"},
        distributions=size,
    )
    yield Mix("include *.x1", _numbered_routes(size, include=["*.x%d"]), key("blog/%e/photo.x%d"))
    yield Mix("include /p1/**", _numbered_routes(size, include=["/p%d/**"]), key("p%d/2026/%e.jpg"))
    yield Mix("include *mid1*", _numbered_routes(size, include=["*mid%d.*"]), key("blog/%e/a-mid%d.jpg"))
    for glob, text in {
        "*.x%d": "blog/%e/photo.x%d",
        "draft-%d.html": "blog/%e/draft-%d.html",
        "/p%d/**": "p%d/%e.jpg",
        "**/p%d/**": "blog/p%d/%e.jpg",
        "blog/*/p%d/*.jpg": "blog/2026/p%d/%e.jpg",
        "*mid%d.*": "blog/%e/a-mid%d.jpg",
    }.items():
        yield Mix(f"exclude {glob.replace('%d', '1')}", _excluding(size, glob), half(text), unrouted=0.5)
    shared = ["*.map", "/drafts/**", "*.tmp"]
    yield Mix(
        "prefixes that share an exclude", _numbered_routes(size, "blog/p%d/", exclude=shared), key("blog/p%d/%e.jpg")
    )
    yield Mix(
        "100 routes that share an exclude, each",
        [["r", "", [_name(n)], {"exclude": shared}] for n in range(100)],
        key("blog/%e.jpg"),
        distributions=100,
        targets=100,
    )
    yield Mix(
        "100 routes with an exclude of their own, each",
        [["r", "", [_name(n)], {"exclude": [f"*.x{n}"]}] for n in range(100)],
        key("blog/%e.jpg"),
        distributions=100,
        targets=100,
    )
    yield from _bucket_mixes(size, hit)


def _bucket_mixes(size: int, hit: int) -> Iterator[Mix]:
    """Yield the mixes of bucket patterns, with at most 100 buckets, since a bucket is looked up once."""
    for pattern, name in {"x%d-*": "x%d-www", "*-x%d": "acme-x%d", "*x%dx*": "acme-x%dx-eu"}.items():
        patterns = [(pattern.replace("%d", str(n)), ["r", "", [_name(n % _DISTRIBUTIONS)], {}]) for n in range(size)]
        yield Mix(
            f"buckets {pattern.replace('%d', '1')}",
            [],
            lambda event: f"blog/{event}/photo.jpg",
            bucket=lambda event, name=name: name.replace("%d", str(event % min(hit, 100))),  # type: ignore[misc]
            patterns=patterns,
        )
