"""Warn of patterns that match nothing, or not what they seem to match."""

import re
from collections.abc import Iterator

from purgemap.routemap.parse.model import RouteConfig
from purgemap.routemap.patterns import Token, TokenKind, capture_names
from purgemap.routemap.problems import Problem, quote
from purgemap.routemap.rules.context import RESERVED_CAPTURES, RuleContext
from purgemap.text import S3_SCHEME

# A bracket that holds a word, as file names of Next.js and SvelteKit have it: [slug], [...all], [[...slug]], [post-id].
_WORD_SET = re.compile(r"(?<!\\)\[+(?:\.\.\.)?(?P<word>[A-Za-z_][A-Za-z0-9_]+(?:-[A-Za-z0-9_]{2,})*)\]+")
_MAX_SET_LENGTH = 3
_PARENT_FOLDER = re.compile(r"(?:^|/)\.\./")
_SAME_FOLDER = re.compile(r"(?:^|(?<=/))\./")
_ESCAPED_LETTER = re.compile(r"\\[A-Za-z0-9]")
_MATCH_EVERYTHING = frozenset({"*", "**", "/**"})
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
_MAX_KEY_BYTES = 1024


def globs_have_no_words_in_brackets(context: RuleContext) -> Iterator[Problem]:
    """Warn of a word in brackets, which a glob reads as a set of characters."""
    for location, glob in context.globs():
        word = next(filter(_is_name, _WORD_SET.finditer(glob)), None)
        if word:
            escaped = _WORD_SET.sub(lambda match: re.sub(r"([][])", r"\\\1", match[0]), glob)
            yield location.warning(f"{word[0]} is a set of characters in a glob; to match the name, write '{escaped}'")


def _is_name(match: re.Match[str]) -> bool:
    # A set of few letters beside other text, such as *.[jt]s, is not a name.
    before, after = match.string[: match.start()], match.string[match.end() :]
    is_whole = before[-1:] in {"", "/"} and after[:1] in {"", "/", "."}
    return len(match["word"]) > _MAX_SET_LENGTH or is_whole or "..." in match[0]


def globs_match_some_key(context: RuleContext) -> Iterator[Problem]:
    """Warn of a glob that no key matches."""
    for location, glob in context.globs():
        message = _glob_warning(glob)
        if message:
            yield location.warning(message)
    for route in context.config.routes:
        for name in ("include", "exclude"):
            for index, glob in enumerate(route.options.get(name) or ()):
                message = None if glob is None or _glob_warning(glob) else _repeated_prefix(context, glob, route)
                if message:
                    yield (route.location / name / index).warning(message)


def _path_warning(text: str, anchor: str) -> str | None:
    """Return the warning of a glob or prefix that hardly any key has; `anchor` is its start at the top, if any."""
    if text != text.strip(" "):
        return f"{quote(text)} starts or ends with a space, which is rare in keys; write {quote(text.strip())}"
    if _PARENT_FOLDER.search(text):
        return f"{text}: keys have no folder named ..; write the key as S3 lists it"
    if _SAME_FOLDER.search(text):
        return f"{text}: keys have no folder named .; write {quote(anchor + _SAME_FOLDER.sub('', text))}"
    if "//" in text:
        return f"{text} has two slashes in a row, which is rare in keys; write {quote(re.sub('/+', '/', text))}"
    return None


def _glob_warning(glob: str) -> str | None:
    warning = _path_warning(glob, "/" if glob.startswith("./") else "")
    if warning:
        return warning
    if glob.endswith("/") and not glob.endswith("**/"):
        return f"{glob} ends with a slash, so it matches no file; write {quote(glob.lstrip('/') + '**')}"
    if _ESCAPED_LETTER.search(glob):
        plain = re.sub(r"\\(?=[A-Za-z0-9])", "/", glob)
        return f"{glob}: a backslash escapes the next character; to separate folders, write {quote(plain)}"
    return None


def _repeated_prefix(context: RuleContext, glob: str, route: RouteConfig) -> str | None:
    # Globs are matched with the key after the prefix.
    tokens = context.tokens(route.prefix)
    literal = tokens[0].literal if tokens else ""
    folder = literal[: literal.rfind("/") + 1]
    if not folder or not glob.removeprefix("/").startswith(folder):
        return None
    rest = f"/{glob.removeprefix('/').removeprefix(folder)}"
    cure = f"write {quote(rest)}" if len(tokens or ()) == 1 and folder == literal else "remove the prefix"
    return f"{glob} is matched with what follows the prefix {route.prefix}; {cure}"


def filters_admit_some_key(context: RuleContext) -> Iterator[Problem]:
    """Warn of an exclude list that leaves nothing of include."""
    for location, options in context.config.option_sets():
        # Equal texts only: whether one glob covers another is not decided here.
        include = {glob for glob in options.get("include") or () if glob}
        exclude = {glob for glob in options.get("exclude") or () if glob}
        if exclude & _MATCH_EVERYTHING or (include and include <= exclude):
            message = "excludes every key, so nothing is ever invalidated; remove a glob"
            yield (location / "exclude").warning(message)


def prefixes_match_some_key(context: RuleContext) -> Iterator[Problem]:
    """Warn of a prefix that no key has."""
    for route in context.config.routes:
        prefix = route.prefix or ""
        message = _path_warning(prefix, "")
        if prefix.startswith(S3_SCHEME):
            key = prefix.removeprefix(S3_SCHEME).partition("/")[2]
            message = f"no key starts with {S3_SCHEME} and a bucket; write {quote(key)}"
        elif message is None and len(prefix.encode()) > _MAX_KEY_BYTES:
            message = f"longer than any key, which has at most {_MAX_KEY_BYTES:,} bytes; shorten the prefix"
        if message:
            yield (route.location / "prefix").warning(message)


def index_documents_are_names(context: RuleContext) -> Iterator[Problem]:
    """Warn of a wildcard in an index document, which is a name."""
    for location, name in context.config.option_texts("index_documents"):
        if "*" in name or "{" in name:
            yield location.warning(f"{name} is a name here, not a pattern; write each file name, such as index.html")


def captures_split_in_one_way(context: RuleContext) -> Iterator[Problem]:
    """Warn of two wildcards or captures in one segment: a key may split between them in several ways."""
    cures = {"bucket": "separate them by text that {} never holds", "prefix": "separate them by a slash"}
    for route in context.config.routes:
        for setting, text in (("bucket", route.bucket), ("prefix", route.prefix)):
            pair = _ambiguous_pair(context.tokens(text) or ())
            if pair:
                left, between, right = pair
                splits = f"{left}{between}{right} splits at the first {quote(between)}"
                example = f"of a{between}b{between}c, {left} takes a"
                yield (route.location / setting).warning(f"{splits}: {example}; {cures[setting].format(left)}")


def _ambiguous_pair(tokens: tuple[Token, ...]) -> tuple[str, str, str] | None:
    # Repeated and reserved names are errors already.
    names = capture_names(tokens)
    if len(set(names)) < len(names) or not set(names).isdisjoint(RESERVED_CAPTURES):
        return None
    for left, between, right in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if (
            between.kind is TokenKind.LITERAL
            and "/" not in between.text
            and TokenKind.LITERAL not in (left.kind, right.kind)
            and TokenKind.CAPTURE in (left.kind, right.kind)
        ):
            return left.pattern, between.text, right.pattern
    return None
