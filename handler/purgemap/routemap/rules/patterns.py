"""What buckets, prefixes and globs must be: readable, and better indexable and unmistakable."""

import re
from collections.abc import Iterator, Mapping

from purgemap.errors import PatternError
from purgemap.routemap.glob_syntax import parse_glob
from purgemap.routemap.parse.model import MapConfig, RouteConfig, with_locations
from purgemap.routemap.parse.yaml_source import Location
from purgemap.routemap.patterns import Pattern, Token, TokenKind, capture_names, tokenize
from purgemap.routemap.problems import Problem, quote

RESERVED = ("path", "dir", "key", "bucket")
"""What templates may always insert, so that no capture may be called that."""

_SPECIAL = re.compile(r"[*{}\\]")
_BRACES = re.compile(r"(?<!\\)\{[^{}]*\}")
_MID_GLOB = re.compile(r"(?:\*\*?/?)+[^*]+(?:/?\*\*?)+")


def parts_of(text: str | None) -> tuple[Token, ...] | None:
    """Split a pattern or template; None for what isn't there or can't be read, which another rule tells."""
    try:
        return None if text is None else tokenize(text)
    except PatternError:
        return None


def captures_of(route: RouteConfig) -> tuple[str, ...] | None:
    """Give the captures that a route's bucket and prefix define; None where one of them isn't sound."""
    bucket, prefix = parts_of(route.bucket), parts_of(route.prefix)
    return None if bucket is None or prefix is None else (*capture_names(bucket), *capture_names(prefix))


def buckets_can_be_read(config: MapConfig) -> Iterator[Problem]:
    """Refuse a bucket pattern with a mistake."""
    for route in config.routes:
        yield from _pattern_problem(route, "bucket", route.bucket, full_match=True)


def prefixes_can_be_read(config: MapConfig) -> Iterator[Problem]:
    """Refuse a prefix with a mistake."""
    for route in config.routes:
        yield from _pattern_problem(route, "prefix", route.prefix, full_match=False)


def _pattern_problem(route: RouteConfig, setting: str, text: str | None, *, full_match: bool) -> Iterator[Problem]:
    if text is None or not _SPECIAL.search(text):
        return
    try:
        Pattern(text, full_match=full_match)
    except PatternError as error:
        yield (route.place / setting).error(str(error))


def captures_have_free_names(config: MapConfig) -> Iterator[Problem]:
    """Refuse captures with a name that is reserved, or that the bucket's pattern and the prefix share."""
    for route in config.routes:
        in_bucket = capture_names(parts_of(route.bucket) or ())
        for setting, text in (("bucket", route.bucket), ("prefix", route.prefix)):
            for name in dict.fromkeys(capture_names(parts_of(text) or ())):
                if name in RESERVED:
                    yield (route.place / setting).error(f"{{{name}}} is reserved; give the capture another name")
                elif setting == "prefix" and name in in_bucket:
                    message = f"the bucket has a capture {{{name}}}, too; give one of them another name"
                    yield (route.place / setting).error(message)


def globs_can_be_read(config: MapConfig) -> Iterator[Problem]:
    """Refuse a glob with a mistake."""
    for item, glob in _globs(config):
        try:
            parse_glob(glob.removeprefix("/"))
        except PatternError as error:
            yield item.error(str(error))


def _globs(config: MapConfig) -> Iterator[tuple[Location, str]]:
    for place, options in config.option_sets():
        for setting in ("include", "exclude"):
            yield from with_locations(place / setting, options.get(setting))


def buckets_can_be_indexed(config: MapConfig) -> Iterator[Problem]:
    """Warn of a bucket pattern without a literal start."""
    for route in config.routes:
        parts = parts_of(route.bucket)
        if parts and parts[0].kind is not TokenKind.LITERAL:
            message = "starts with a wildcard, so every bucket's events are tried; start it with what the names share"
            yield (route.place / "bucket").warning(message)


def globs_can_be_indexed(config: MapConfig) -> Iterator[Problem]:
    """Warn of a glob that neither starts nor ends with text."""
    for item, glob in _globs(config):
        if _MID_GLOB.fullmatch(glob):
            message = "neither starts nor ends with text, so it is searched for in every key; give it an end"
            yield item.warning(f"{glob} {message}")


def globs_spell_out_braces(config: MapConfig) -> Iterator[Problem]:
    """Warn of braces in a glob, which other tools expand and which aren't captures here."""
    for item, glob in _globs(config):
        found = _BRACES.search(glob)
        if found:
            yield item.warning(
                f"{found[0]} stands for itself in a glob; write a glob for each, or a prefix with a capture"
            )


def prefixes_end_in_a_slash(config: MapConfig) -> Iterator[Problem]:
    """Warn of a prefix that cuts a segment in two."""
    for route in config.routes:
        parts = parts_of(route.prefix)
        if parts and parts[-1].kind is TokenKind.LITERAL and not parts[-1].text.endswith("/"):
            cures = f"write {quote(f'{route.prefix}/')}, or {quote(f'{route.prefix}*')} to mean it"
            message = f"also selects {route.prefix}-other/; {cures}"
            yield (route.place / "prefix").warning(message)


def prefixes_hold_no_tilde(config: MapConfig) -> Iterator[Problem]:
    """Warn of a prefix that no invalidation can name: CloudFront supports no `~`, encoded or not."""
    for route in config.routes:
        viewed = _viewed(route.prefix or "", route.options)
        if "~" in viewed:
            wildcard = f"/{viewed.partition('~')[0]}*"
            message = (
                f"CloudFront can't invalidate a ~: every change here sends {wildcard}, which evicts its neighbours"
            )
            yield (route.place / "prefix").warning(message)


def _viewed(prefix: str, options: Mapping[str, str | None]) -> str:
    """Cut the route's own origin path from its prefix."""
    return prefix.removeprefix(f"{(options.get('origin_path') or '').removeprefix('/')}/")
