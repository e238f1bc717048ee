"""What routing makes of changes: targets, and the keys that each of them wants."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from purgemap.events import ObjectChange
from purgemap.routemap import Distribution, Settings, TokenKind, tokenize


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """One route for one distribution, as a key matched it; one value per match, compared by identity.

    `matched_prefix` is the text that the route's prefix matched; `origin_path` and `captures` are filled in.
    """

    route: str
    bucket: str
    distribution: Distribution
    settings: Settings
    origin_path: str
    matched_prefix: str
    captures: Mapping[str, str]

    @property
    def origin_prefix(self) -> str:
        """How the keys start that it can serve: CloudFront puts the origin path before every viewer path."""
        return self.origin_path[1:] + "/" if self.origin_path else ""


class Skip(NamedTuple):
    """Why a route sends nothing for a key: its name, the distribution ("" if it is the route itself), the reason."""

    route: str
    distribution: str
    reason: str
    unknown_name: bool = False


class Changes(NamedTuple):
    """Changes of one kind in one bucket, by key: the first of each object, and what further ones there were of it."""

    first: dict[str, ObjectChange]
    further: dict[str, list[ObjectChange]]


class RoutedChanges(NamedTuple):
    """Routed changes: the keys of each target, every change, and what no target took.

    `changes` are filed by bucket and event; `unknown_names` are those that captures didn't find in the map.
    """

    keys_by_target: dict[Target, list[str]]
    changes: Mapping[str, Mapping[str, Changes]]
    unrouted: list[ObjectChange]
    unknown_names: list[Skip]


@lru_cache(maxsize=10_000)
def _parts(text: str) -> tuple[tuple[bool, str], ...]:
    return tuple((part.kind is TokenKind.CAPTURE, part.text) for part in tokenize(text))


def substitute_captures(template: str, captures: Mapping[str, str]) -> str:
    """Put captures into a template as they are: keys and names are raw text here."""
    if "{" not in template and "}" not in template and "*" not in template:
        return template
    return "".join(captures[text] if is_capture else text for is_capture, text in _parts(template))
