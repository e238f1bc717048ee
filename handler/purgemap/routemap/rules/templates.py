"""What origin paths and `invalidate` templates must be: readable, legal for CloudFront, with captures that exist."""

import re
from collections.abc import Callable, Iterator, Sequence

from purgemap.errors import PatternError
from purgemap.routemap.parse.model import MapConfig, with_locations
from purgemap.routemap.parse.yaml_source import Location
from purgemap.routemap.patterns import Token, TokenKind, tokenize
from purgemap.routemap.problems import Problem, quote

# What CloudFront takes as written: all but what RFC 1738 calls unsafe (AmazonCloudFront DeveloperGuide,
# invalidation-specifying-objects); `?` starts a query string.
_ILLEGAL_IN_PATH = re.compile(r"[^A-Za-z0-9!$&'()*+,;:@=\-_./?%]|%(?![0-9A-Fa-f]{2})")
_ILLEGAL_IN_TAG = re.compile(r"[^!-+\--~]")
_MAX_TAG_LENGTH = 256
_DOUBLE_SLASH = re.compile(r"/(\{(?:path|dir)\})")


def origin_paths_can_be_read(config: MapConfig) -> Iterator[Problem]:
    """Refuse an origin path with a mistake in its captures."""
    for place, options in config.option_sets():
        if options.get("origin_path"):
            yield from _template_problem(place / "origin_path", options["origin_path"], lambda _parts: None)


def items_can_be_sent(config: MapConfig) -> Iterator[Problem]:
    """Refuse a template whose literal text CloudFront doesn't take, or takes for something else."""
    for place, options in config.option_sets():
        for item, text in with_locations(place / "invalidate", options.get("invalidate")):
            yield from _template_problem(item, text, _tag_fault if text.startswith("#") else _path_fault)


def items_hold_single_slashes(config: MapConfig) -> Iterator[Problem]:
    """Warn of a slash before what starts with one: no viewer asks for such a path."""
    for place, options in config.option_sets():
        for item, text in with_locations(place / "invalidate", options.get("invalidate")):
            found = _DOUBLE_SLASH.search(text)
            if found and not text.startswith("#"):
                single = _DOUBLE_SLASH.sub(r"\1", text)
                yield item.warning(f"{found[1]} starts with a slash, so this makes two; write {quote(single)}")


def _template_problem(
    place: Location, text: str, fault_of: Callable[[Sequence[Token]], str | None]
) -> Iterator[Problem]:
    try:
        fault = fault_of(tokenize(text))
    except PatternError as error:
        fault = str(error)
    if fault:
        yield place.error(fault)


def _path_fault(parts: Sequence[Token]) -> str | None:
    if any(part.kind is TokenKind.STAR for part in parts[:-1]):
        return "* is a wildcard at the end only; CloudFront takes any other * for itself"
    for part in parts:
        found = _ILLEGAL_IN_PATH.search(part.text) if part.kind is TokenKind.LITERAL else None
        if found:
            return _illegal_character(found[0])
    if parts[-1].kind is TokenKind.LITERAL and parts[-1].text.endswith("*"):
        return r"\* at the end is a wildcard for CloudFront all the same; write *"
    return None


def _illegal_character(character: str) -> str:
    if character == "~":
        return "CloudFront can't invalidate a ~, encoded or not; end with * before it"
    if character == "%":
        return "a % that starts no escape; write %25"
    encoded = "".join(f"%{byte:02X}" for byte in character.encode())
    return f"CloudFront takes no {character!r} in a path; write {encoded}"


def _tag_fault(parts: Sequence[Token]) -> str | None:
    literal = "".join(part.text for part in parts if part.kind is not TokenKind.CAPTURE).removeprefix("#")
    if any(part.kind is TokenKind.STAR for part in parts):
        return "a cache tag has no wildcard; name the whole tag"
    found = _ILLEGAL_IN_TAG.search(literal)
    if found:
        return f"a cache tag can't hold {found[0]!r}; it is ASCII without spaces and commas"
    if len(literal) > _MAX_TAG_LENGTH:
        return f"a cache tag of {len(literal)} characters; CloudFront takes {_MAX_TAG_LENGTH}"
    return None if len(parts) > 1 or literal else "# alone is not a cache tag; write its name after it"
