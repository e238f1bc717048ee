"""Object changes and the map → targets: which keys concern which distribution, under which settings.

What an event costs doesn't depend on the size of the map: exact buckets are found by hash, prefixes by bisection,
patterns are compiled once and tried only where their literal start allows.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

from purgemap.events import ObjectChange
from purgemap.globs import glob_regex
from purgemap.patterns import Kind, Match, Pattern, parse_parts
from purgemap.routes.table import Distribution, Route, Routes, Settings, decode_routes, is_name, settings_of

Entry = TypeVar("Entry")

# Buckets, and texts that a route's prefix matched, are remembered; uploaders choose both, so the memory is bounded.
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """One route for one distribution, as a key matched it; one value per match, compared by identity.

    `matched` is the text that the route's prefix matched; `origin_path` and `captures` are filled in.
    """

    route: str
    bucket: str
    distribution: Distribution
    settings: Settings
    origin_path: str
    matched: str
    captures: Mapping[str, str]


class Skip(NamedTuple):
    """Why a route sends nothing for a key: its name, the distribution ("" if it is the route itself), the reason."""

    route: str
    distribution: str
    reason: str
    unknown_name: bool = False


class Routed(NamedTuple):
    """Routed changes: the keys of each target, every change of each object, and what no target took.

    `changes` are filed by (bucket, event) and key; `unknown_names` are those that captures didn't find in the map.
    """

    keys_by_target: dict[Target, list[str]]
    changes: dict[tuple[str, str], dict[str, list[ObjectChange]]]
    unrouted: list[ObjectChange]
    unknown_names: list[Skip]


class PrefixIndex(Generic[Entry]):
    """Finds the entries whose literal start a text begins with, by one bisection however many there are."""

    def __init__(self, entries: Iterable[tuple[str, Entry]]) -> None:
        filed: dict[str, list[Entry]] = {}
        for start, entry in entries:
            filed.setdefault(start, []).append(entry)
        self._starts = sorted(filed)
        self._parents: list[int] = []
        self._entries: list[tuple[Entry, ...]] = []
        for place, start in enumerate(self._starts):
            parent = self._ancestor(place - 1, start)
            inherited = self._entries[parent] if parent >= 0 else ()
            self._parents.append(parent)
            self._entries.append((*inherited, *filed[start]))

    def _ancestor(self, place: int, text: str) -> int:
        """Walk up from the start at `place` to the nearest one that `text` begins with; -1 for none."""
        while place >= 0 and not text.startswith(self._starts[place]):
            place = self._parents[place]
        return place

    def place(self, text: str) -> int:
        """Return where the longest start of `text` is filed; -1 for nowhere."""
        place = bisect_right(self._starts, text) - 1
        return place if place >= 0 and text.startswith(self._starts[place]) else self._ancestor(place, text)

    def at(self, place: int) -> tuple[Entry, ...]:
        """Return the entries of the start filed at a place and of every shorter one, the shortest first."""
        return self._entries[place] if place >= 0 else ()

    def find(self, text: str) -> tuple[Entry, ...]:
        """Return the entries of every start of `text`, the shortest start first."""
        return self.at(self.place(text))


class Router:
    """The map, ready to route; buckets are looked up once each."""

    def __init__(self, routes: Routes) -> None:
        self._routes = routes
        self._patterns = PrefixIndex(
            (pattern.literal_start, (pattern, text))
            for pattern, text in ((Pattern(p, whole=True), text) for p, text in routes.patterns)
        )
        self.bucket = lru_cache(maxsize=_REMEMBERED)(self._bucket)

    def _bucket(self, name: str) -> "BucketRouter":
        found: list[tuple[Route, Mapping[str, str]]] = [
            (route, {}) for route in decode_routes(self._routes.buckets.get(name, "[]"))
        ]
        for pattern, text in self._patterns.find(name):
            match = pattern.match(name)
            if match:
                found += ((route, match.captures) for route in decode_routes(text))
        return BucketRouter(name, found, self._routes)

    def route(self, changes: Iterable[ObjectChange]) -> Routed:
        """Group changes by the targets that want them; the same object twice counts once."""
        routed = Routed({}, _by_bucket_and_event(changes), [], [])
        for (bucket, event), changes_by_key in routed.changes.items():
            self.bucket(bucket).route(event, changes_by_key, routed)
        return routed


def _by_bucket_and_event(changes: Iterable[ObjectChange]) -> dict[tuple[str, str], dict[str, list[ObjectChange]]]:
    grouped: dict[tuple[str, str], dict[str, list[ObjectChange]]] = {}
    for change in changes:
        # Unpacked at once: by name each field takes as long as all of them.
        bucket, key, event, _, _ = change
        changes_by_key = grouped.setdefault((bucket, event), {})
        if key in changes_by_key:
            changes_by_key[key].append(change)
        else:
            changes_by_key[key] = [change]
    return grouped


class BucketRouter:
    """The routes of one bucket."""

    def __init__(self, bucket: str, routes: Sequence[tuple[Route, Mapping[str, str]]], table: Routes) -> None:
        self._bucket = bucket
        self._table = table
        self._routes = [(route, Pattern(route.prefix, whole=False), captures) for route, captures in routes]
        self._index = PrefixIndex((entry[1].literal_start, place) for place, entry in enumerate(self._routes))
        self._targets = lru_cache(maxsize=_REMEMBERED)(self._resolve)

    def route(self, event: str, changes_by_key: Mapping[str, list[ObjectChange]], routed: Routed) -> None:
        """Add the targets of this bucket's changed keys to `routed`.

        Keys that lie under the same prefixes are decided together where nothing but the prefix decides.
        """
        keys_by_place: dict[int, list[str]] = {}
        place_of = self._index.place
        for key in changes_by_key:
            keys_by_place.setdefault(place_of(key), []).append(key)
        for place, keys in keys_by_place.items():
            shared = self._shared_targets(place, event)
            for group in [keys] if shared is not None else ([key] for key in keys):
                decisions = self.decide(group[0], event) if shared is None else shared
                if not _add(decisions, group, routed):
                    routed.unrouted.extend(changes_by_key[key][0] for key in group)

    def _shared_targets(self, place: int, event: str) -> list[Target | Skip] | None:
        """Return the decisions for all keys at a place of the index; None where each key has its own."""
        if any(not self._routes[entry][1].is_plain_prefix for entry in self._index.at(place)):
            return None
        decisions: list[Target | Skip] = []
        for entry in self._index.at(place):
            for target in self._targets(entry, self._routes[entry][1].literal_start, ()):
                if isinstance(target, Target) and _depends_on_key(target):
                    return None
                decisions.append(target if isinstance(target, Skip) else _admit(target, target.matched, event))
        return decisions

    def decide(self, key: str, event: str) -> Iterator[Target | Skip]:
        """Decide for each route whose prefix matches, and each of its distributions, whether the key concerns it."""
        for target in self.matches(key):
            yield target if isinstance(target, Skip) else _admit(target, key, event)

    def matches(self, key: str) -> Iterator[Target | Skip]:
        """Yield each distribution of each route whose prefix matches, whatever its filters say."""
        for place in self._index.find(key):
            match = self._routes[place][1].match(key)
            if match:
                yield from self._targets(place, match.text, tuple(match.captures.items()))

    def prefix_misses(self, key: str) -> Iterator[Skip]:
        """Tell which routes of the bucket don't match the key by their prefix (for people; it looks at all of them)."""
        for route, pattern, _ in self._routes:
            if not pattern.match(key):
                yield Skip(route.name, "", f"the key does not start with the prefix {route.prefix!r}")

    def _resolve(self, place: int, matched: str, captured: tuple[tuple[str, str], ...]) -> list[Target | Skip]:
        route, _, bucket_captures = self._routes[place]
        captures = {**bucket_captures, **dict(captured)}
        return [self._target(route, name, Match(matched, captures)) for name in route.distributions]

    def _target(self, route: Route, name: str, match: Match) -> Target | Skip:
        filled = fill(name, match.captures)
        # A key is an uploader's text: what it says may pick a name of the map, never an id.
        distribution = self._table.distribution(filled) if filled == name or is_name(filled) else None
        if distribution is None:
            reason = f"{name} names {filled!r}, which is not under distributions:"
            return Skip(route.name, filled, reason, unknown_name=True)
        settings = settings_of(route, distribution)
        origin_path = fill(settings.origin_path, match.captures)
        return Target(route.name, self._bucket, distribution, settings, origin_path, match.text, match.captures)


def _add(decisions: Iterable[Target | Skip], keys: Sequence[str], routed: Routed) -> bool:
    """Add what is decided for some keys to `routed`; returns whether any target wants them."""
    wanted = False
    for decision in decisions:
        if isinstance(decision, Target):
            routed.keys_by_target.setdefault(decision, []).extend(keys)
            wanted = True
        elif decision.unknown_name:
            routed.unknown_names.append(decision)
    return wanted


def _depends_on_key(target: Target) -> bool:
    """Whether filters, or an origin path that the prefix doesn't imply, look at the key itself."""
    return bool(target.settings.include or target.settings.exclude) or not serves(target, target.matched)


def _admit(target: Target, key: str, event: str) -> Target | Skip:
    """Ask the target's events, include, exclude and origin path, in this order."""
    settings = target.settings
    if event not in settings.events:
        return _skip(target, f"the event {event} is not among its events: {', '.join(settings.events)}")
    if settings.include or settings.exclude:
        rest = key[len(target.matched) :].removeprefix("/")
        if settings.include and _first_match(settings.include, rest) is None:
            return _skip(target, f"no include pattern matches {rest!r}: {', '.join(settings.include)}")
        excluding = _first_match(settings.exclude, rest)
        if excluding is not None:
            return _skip(target, f"excluded by {excluding!r}")
    if not serves(target, key):
        return _skip(target, f"the key is outside the origin path {target.origin_path}: it can't be served")
    return target


def serves(target: Target, key: str) -> bool:
    """Whether the target's distribution can serve a key: CloudFront puts the origin path before every viewer path."""
    return not target.origin_path or key.startswith(target.origin_path[1:] + "/")


def _skip(target: Target, reason: str) -> Skip:
    return Skip(target.route, target.distribution.id, reason)


def _first_match(globs: tuple[str, ...], rest: str) -> str | None:
    for glob in globs:
        regex, by_name = glob_regex(glob)
        if regex.match(rest.rpartition("/")[2] if by_name else rest):
            return glob
    return None


@lru_cache(maxsize=_REMEMBERED)
def _parts(text: str) -> tuple[tuple[bool, str], ...]:
    return tuple((part.kind is Kind.CAPTURE, part.text) for part in parse_parts(text))


def fill(template: str, captures: Mapping[str, str]) -> str:
    """Put captures into a template as they are: keys and names are raw text here."""
    if "{" not in template and "}" not in template and "*" not in template:
        return template
    return "".join(captures[text] if is_capture else text for is_capture, text in _parts(template))
