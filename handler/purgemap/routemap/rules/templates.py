"""Check origin paths and `invalidate` templates: valid syntax, and text that CloudFront accepts."""

import re
from collections.abc import Callable, Iterator, Sequence

from purgemap.errors import PatternError
from purgemap.routemap.parse.yaml_source import Location
from purgemap.routemap.patterns import Token, TokenKind, tokenize
from purgemap.routemap.problems import Problem, quote
from purgemap.routemap.rules.context import RuleContext

# CloudFront requires RFC 1738's unsafe characters to be encoded; `?` starts a query string.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html
_FORBIDDEN_IN_PATH = re.compile(r"[^A-Za-z0-9!$&'()*+,;:@=\-_./?%]|%(?![0-9A-Fa-f]{2})")
_FORBIDDEN_IN_TAG = re.compile(r"[^!-+\--~]")
_MAX_TAG_LENGTH = 256
_DOUBLE_SLASH = re.compile(r"/(\{(?:path|dir)\})")


def origin_paths_are_valid(context: RuleContext) -> Iterator[Problem]:
    """Report an origin path with a syntax error."""
    for location, options in context.config.option_sets():
        # Missing, empty or invalid: nothing to parse.
        if options.get("origin_path"):
            yield from _template_problem(location / "origin_path", options["origin_path"], lambda _tokens: None)


def items_are_valid(context: RuleContext) -> Iterator[Problem]:
    """Report a template whose literal text CloudFront rejects or reads differently."""
    for location, text in context.config.option_texts("invalidate"):
        yield from _template_problem(location, text, _tag_error if text.startswith("#") else _path_error)


def items_have_single_slashes(context: RuleContext) -> Iterator[Problem]:
    """Warn of a slash before a capture that starts with one: no viewer requests such a path."""
    for location, text in context.config.option_texts("invalidate"):
        match = _DOUBLE_SLASH.search(text)
        if match and not text.startswith("#"):
            single = _DOUBLE_SLASH.sub(r"\1", text)
            yield location.warning(f"{match[1]} starts with a slash already; write {quote(single)}")


def _template_problem(
    location: Location, text: str, check: Callable[[Sequence[Token]], str | None]
) -> Iterator[Problem]:
    try:
        message = check(tokenize(text))
    except PatternError as error:
        message = str(error)
    if message:
        yield location.error(message)


def _path_error(tokens: Sequence[Token]) -> str | None:
    if any(token.kind is TokenKind.STAR for token in tokens[:-1]):
        return "* is a wildcard only at the end, and literal text elsewhere; end the path with the first *"
    # What captures insert is encoded when the item is made.
    for token in tokens:
        forbidden = _FORBIDDEN_IN_PATH.search(token.text) if token.kind is TokenKind.LITERAL else None
        if forbidden:
            return _character_error(forbidden[0])
    if tokens[-1].kind is TokenKind.LITERAL and tokens[-1].text.endswith("*"):
        return r"CloudFront reads \* at the end as a wildcard; write *"
    return None


def _character_error(character: str) -> str:
    if character == "~":
        return "CloudFront cannot invalidate a path with ~, encoded or not; end the path with * before it"
    if character == "%":
        return "% does not start an escape; write %25"
    encoded = "".join(f"%{byte:02X}" for byte in character.encode())
    return f"CloudFront rejects {character!r} in a path; write {encoded}"


def _tag_error(tokens: Sequence[Token]) -> str | None:
    literal = "".join(token.text for token in tokens if token.kind is not TokenKind.CAPTURE).removeprefix("#")
    if any(token.kind is TokenKind.STAR for token in tokens):
        return "a cache tag has no wildcard; write the whole tag"
    forbidden = _FORBIDDEN_IN_TAG.search(literal)
    if forbidden:
        return f"a cache tag cannot hold {forbidden[0]!r}; write ASCII without spaces and commas"
    if len(literal) > _MAX_TAG_LENGTH:
        return f"the cache tag has {len(literal)} characters; write at most {_MAX_TAG_LENGTH}"
    return None if len(tokens) > 1 or literal else "# alone is not a cache tag; write its name after it"
