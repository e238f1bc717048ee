"""The result of routing: targets, the keys of each, and the changes that no target matched."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from purgemap.events import ObjectChange
from purgemap.routemap import Distribution, Settings, TokenKind, tokenize


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """One route for one distribution, as a key matched it. Compared by identity, since it is a key of dictionaries.

    `matched_prefix` is the text that the route's prefix matched; `origin_path` has its captures substituted.
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
        """The prefix of every key that the distribution can serve, "" for all: the origin path without its slash."""
        # CloudFront puts the origin path before the path of a request to S3.
        return self.origin_path[1:] + "/" if self.origin_path else ""


class Skip(NamedTuple):
    """A route's reason to invalidate nothing for a key; `distribution` is "" if the reason is the route's prefix."""

    route: str
    distribution: str
    reason: str
    unknown_name: bool = False


class Changes(NamedTuple):
    """The changes of one kind in one bucket, by key: the first of each object, and the repeated ones."""

    first_by_key: dict[str, ObjectChange]
    duplicates_by_key: dict[str, list[ObjectChange]]


class RoutedChanges(NamedTuple):
    """Changes matched with targets; `changes` holds all of them, by bucket and event.

    `unknown_names` are the skips of captures that name no distribution of the map.
    """

    keys_by_target: dict[Target, list[str]]
    changes: Mapping[str, Mapping[str, Changes]]
    unrouted: list[ObjectChange]
    unknown_names: list[Skip]


# Templates repeat for each key with other captures. The cache is bounded, since a map may have any number of them.
@lru_cache(maxsize=10_000)
def _parse_template(text: str) -> tuple[tuple[bool, str], ...]:
    return tuple((token.kind is TokenKind.CAPTURE, token.text) for token in tokenize(text))


def substitute_captures(template: str, captures: Mapping[str, str]) -> str:
    """Replace the captures of a template by their text, as it is; escapes are resolved."""
    # Most templates are plain text, which needs no parsing. An escape has one of these characters, too.
    if "{" not in template and "}" not in template and "*" not in template:
        return template
    return "".join(captures[text] if is_capture else text for is_capture, text in _parse_template(template))
