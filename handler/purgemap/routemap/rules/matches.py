"""Warn of patterns that match nothing, or something else than they look like."""

import re
from collections.abc import Iterator

from purgemap.routemap.parse.model import MapConfig, RouteConfig, with_locations
from purgemap.routemap.parse.yaml_source import Location
from purgemap.routemap.patterns import Token, TokenKind, capture_names
from purgemap.routemap.problems import Problem, quote
from purgemap.routemap.rules.patterns import RESERVED, parts_of
from purgemap.text import S3_SCHEME

# A bracket that holds a word, as file names of Next.js and SvelteKit have it: [slug], [...all], [[...slug]], [post-id].
_WORD_SET = re.compile(r"(?<!\\)\[+(?:\.\.\.)?(?P<word>[A-Za-z_][A-Za-z0-9_]+(?:-[A-Za-z0-9_]{2,})*)\]+")
_SHORT_SET = 3
_PARENT = re.compile(r"(?:^|/)\.\./")
_SELF = re.compile(r"(?:^|(?<=/))\./")
_ESCAPED_LETTER = re.compile(r"\\[A-Za-z0-9]")
_EVERYTHING = frozenset({"*", "**", "/**"})
_MAX_KEY_BYTES = 1024


def globs_spell_out_brackets(config: MapConfig) -> Iterator[Problem]:
    """Warn of a word in brackets, which a glob takes for a set of characters."""
    for place, _, glob in _globs(config):
        found = next(filter(_is_name, _WORD_SET.finditer(glob)), None)
        if found:
            escaped = _WORD_SET.sub(lambda match: re.sub(r"([][])", r"\\\1", match[0]), glob)
            yield place.warning(f"{found[0]} is a set of characters in a glob; for the name write '{escaped}'")


def _is_name(found: re.Match[str]) -> bool:
    """Return whether the brackets hold a name, rather than a set of few letters beside other text, such as *.[jt]s."""
    before, after = found.string[: found.start()], found.string[found.end() :]
    is_whole = before[-1:] in {"", "/"} and after[:1] in {"", "/", "."}
    return len(found["word"]) > _SHORT_SET or is_whole or "..." in found[0]


def globs_match_some_key(config: MapConfig) -> Iterator[Problem]:
    """Warn of a glob that no key matches."""
    for place, route, glob in _globs(config):
        fault = _glob_fault(glob) or _repeated_prefix(glob, route)
        if fault:
            yield place.warning(fault)


def _oddity(text: str, top: str) -> str | None:
    """Say what of a glob or prefix hardly any key has; `top` is how it says that it starts at the top."""
    if text != text.strip(" "):
        return f"{quote(text)} starts or ends with a space, as hardly any key does; write {quote(text.strip())}"
    if _PARENT.search(text):
        return f"{text}: no key has a folder called .. in it; write the key as S3 lists it"
    if _SELF.search(text):
        return f"{text}: no key has a folder called . in it; write {quote(top + _SELF.sub('', text))}"
    if "//" in text:
        return f"{text} has two slashes in a row, as hardly any key does; write {quote(re.sub('/+', '/', text))}"
    return None


def _glob_fault(glob: str) -> str | None:
    odd = _oddity(glob, "/" if glob.startswith("./") else "")
    if odd:
        return odd
    if glob.endswith("/") and not glob.endswith("**/"):
        return f"{glob} ends in a slash, so it matches no file; write {quote(glob.lstrip('/') + '**')}"
    if _ESCAPED_LETTER.search(glob):
        plain = re.sub(r"\\(?=[A-Za-z0-9])", "/", glob)
        return f"{glob}: a backslash escapes what follows it; between folders write {quote(plain)}"
    return None


def _repeated_prefix(glob: str, route: RouteConfig | None) -> str | None:
    """Say that a glob starts with the prefix of its route, which it is matched behind."""
    parts = parts_of(route.prefix) if route else None
    literal = parts[0].text if parts and parts[0].kind is TokenKind.LITERAL else ""
    folder = literal[: literal.rfind("/") + 1]
    if not folder or not glob.removeprefix("/").startswith(folder):
        return None
    behind = f"/{glob.removeprefix('/').removeprefix(folder)}"
    cure = f"write {quote(behind)}" if len(parts or ()) == 1 and folder == literal else "leave the prefix out"
    return f"{glob} is matched behind the prefix {route.prefix if route else ''}; {cure}"


def _globs(config: MapConfig) -> Iterator[tuple[Location, RouteConfig | None, str]]:
    """Give the globs of the map, each with the route that has it."""
    routes = {id(route.options): route for route in config.routes}
    for place, options in config.option_sets():
        for setting in ("include", "exclude"):
            for item, glob in with_locations(place / setting, options.get(setting)):
                yield item, routes.get(id(options)), glob


def filters_let_something_pass(config: MapConfig) -> Iterator[Problem]:
    """Warn of an exclude that leaves nothing of what include names."""
    for place, options in config.option_sets():
        include = {glob for glob in options.get("include") or () if glob}
        exclude = {glob for glob in options.get("exclude") or () if glob}
        if exclude & _EVERYTHING or (include and include <= exclude):
            yield (place / "exclude").warning("excludes every key, so nothing is ever sent; leave a part of it out")


def prefixes_match_some_key(config: MapConfig) -> Iterator[Problem]:
    """Warn of a prefix that no key starts with."""
    for route in config.routes:
        fault = _prefix_fault(route.prefix or "")
        if fault:
            yield (route.place / "prefix").warning(fault)


def _prefix_fault(prefix: str) -> str | None:
    if prefix.startswith(S3_SCHEME):
        key = prefix.removeprefix(S3_SCHEME).partition("/")[2]
        return f"no key starts with {S3_SCHEME} and its bucket; write {quote(key)}"
    odd = _oddity(prefix, "")
    if odd:
        return odd
    if len(prefix.encode()) > _MAX_KEY_BYTES:
        return f"no key starts with this: a key has at most {_MAX_KEY_BYTES} bytes"
    return None


def index_documents_are_names(config: MapConfig) -> Iterator[Problem]:
    """Warn of a wildcard in an index document, which is a name."""
    for place, options in config.option_sets():
        for item, name in with_locations(place / "index_documents", options.get("index_documents")):
            if "*" in name or "{" in name:
                yield item.warning(f"{name} is taken as it is, not as a pattern; write each file name, as index.html")


def captures_split_in_one_way(config: MapConfig) -> Iterator[Problem]:
    """Warn of a capture beside another one, or a star, in one segment: keys may split between them in several ways."""
    cures = {"bucket": "write between them what {} never holds", "prefix": "write a slash between them"}
    for route in config.routes:
        for setting, text in (("bucket", route.bucket), ("prefix", route.prefix)):
            pair = _loose_pair(parts_of(text) or ())
            if pair:
                left, between, right = pair
                splits = f"{left}{between}{right} splits at the first {quote(between)}"
                example = f"of a{between}b{between}c, {left} takes a"
                yield (route.place / setting).warning(f"{splits}: {example}; {cures[setting].format(left)}")


def _loose_pair(parts: tuple[Token, ...]) -> tuple[str, str, str] | None:
    names = capture_names(parts)
    if len(set(names)) < len(names) or not set(names).isdisjoint(RESERVED):
        return None
    for left, between, right in zip(parts, parts[1:], parts[2:], strict=False):
        is_loose = between.kind is TokenKind.LITERAL and "/" not in between.text
        if (
            is_loose
            and TokenKind.LITERAL not in (left.kind, right.kind)
            and TokenKind.CAPTURE in (left.kind, right.kind)
        ):
            return _shown(left), between.text, _shown(right)
    return None


def _shown(part: Token) -> str:
    return f"{{{part.text}}}" if part.kind is TokenKind.CAPTURE else part.text
