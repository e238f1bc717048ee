"""Check buckets, prefixes and globs: report invalid ones, and warn of slow or ambiguous ones."""

import re
from collections.abc import Iterator

from purgemap.errors import PatternError
from purgemap.routemap.glob_syntax import parse_glob
from purgemap.routemap.patterns import Pattern, TokenKind, capture_names
from purgemap.routemap.problems import Problem, quote
from purgemap.routemap.rules.context import RESERVED_CAPTURES, RuleContext

_SPECIAL = re.compile(r"[*{}\\]")
_BRACES = re.compile(r"(?<!\\)\{[^{}]*\}")
_MID_GLOB = re.compile(r"(?:\*\*?/?)+[^*]+(?:/?\*\*?)+")


def patterns_are_valid(context: RuleContext) -> Iterator[Problem]:
    """Report a bucket or prefix with a syntax error."""
    for route in context.config.routes:
        for setting, text, full_match in (("bucket", route.bucket, True), ("prefix", route.prefix, False)):
            # Plain text, the usual case, needs no compilation.
            if text is not None and _SPECIAL.search(text):
                try:
                    Pattern(text, full_match=full_match)
                except PatternError as error:
                    yield (route.location / setting).error(str(error))


def capture_names_are_free(context: RuleContext) -> Iterator[Problem]:
    """Report captures with a reserved name, or with a name that bucket and prefix share."""
    for route in context.config.routes:
        in_bucket = capture_names(context.tokens(route.bucket) or ())
        for setting, text in (("bucket", route.bucket), ("prefix", route.prefix)):
            for name in dict.fromkeys(capture_names(context.tokens(text) or ())):
                if name in RESERVED_CAPTURES:
                    yield (route.location / setting).error(f"{{{name}}} is reserved; give the capture another name")
                elif setting == "prefix" and name in in_bucket:
                    message = f"the bucket also has a capture {{{name}}}; rename one of them"
                    yield (route.location / setting).error(message)


def globs_are_valid(context: RuleContext) -> Iterator[Problem]:
    """Report a glob with a syntax error."""
    for location, glob in context.globs():
        try:
            parse_glob(glob.removeprefix("/"))
        except PatternError as error:
            yield location.error(str(error))


def buckets_can_be_indexed(context: RuleContext) -> Iterator[Problem]:
    """Warn of a bucket pattern without a literal start."""
    for route in context.config.routes:
        # The index finds bucket patterns by their literal start.
        tokens = context.tokens(route.bucket)
        if tokens and tokens[0].kind is not TokenKind.LITERAL:
            message = "starts with a wildcard, so it is tried on every bucket's events; start it with literal text"
            yield (route.location / "bucket").warning(message)


def globs_can_be_indexed(context: RuleContext) -> Iterator[Problem]:
    """Warn of a glob that neither starts nor ends with text."""
    for location, glob in context.globs():
        # The index cannot find such globs by the start or end of a key.
        if _MID_GLOB.fullmatch(glob):
            message = "neither starts nor ends with literal text, so every key is searched for it; add a start or end"
            yield location.warning(f"{glob} {message}")


def globs_have_no_braces(context: RuleContext) -> Iterator[Problem]:
    """Warn of braces in a glob: other tools expand them, here they are literal text."""
    for location, glob in context.globs():
        braces = _BRACES.search(glob)
        if braces:
            cure = "write one glob for each, or a prefix with a capture"
            yield location.warning(f"{braces[0]} is literal text in a glob; {cure}")


def prefixes_end_with_a_slash(context: RuleContext) -> Iterator[Problem]:
    """Warn of a prefix that ends within a segment."""
    for route in context.config.routes:
        tokens, prefix = context.tokens(route.prefix), route.prefix
        if tokens and tokens[-1].kind is TokenKind.LITERAL and not tokens[-1].text.endswith("/"):
            cure = f"write {quote(f'{prefix}/')}, or {quote(f'{prefix}*')} if that is intended"
            yield (route.location / "prefix").warning(f"also selects {prefix}-other/; {cure}")


def prefixes_have_no_tilde(context: RuleContext) -> Iterator[Problem]:
    """Warn of a prefix with `~`, which CloudFront cannot invalidate, encoded or not."""
    # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html
    for route in context.config.routes:
        # The route's own origin path is not part of viewer paths.
        origin_path = (route.options.get("origin_path") or "").removeprefix("/")
        path = (route.prefix or "").removeprefix(f"{origin_path}/")
        if "~" in path:
            effect = f"every change here invalidates /{path.partition('~')[0]}*, and so unchanged objects too"
            message = f"CloudFront cannot invalidate a path with ~: {effect}; rename the folder"
            yield (route.location / "prefix").warning(message)
