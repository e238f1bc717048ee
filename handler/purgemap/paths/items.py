"""The keys that a target wants → the items that CloudFront must be told, each with its scope.

An item is a viewer path as CloudFront spells it, a wildcard (a path that ends in `*`) or a `#tag`. Its scope is the
path above which the planner's wildcards may not rise; None keeps the item as it is.

The rules are CloudFront's:
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html
"""

import re
import string
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from purgemap.jobs import add_item
from purgemap.routemap import Token, TokenKind, tokenize
from purgemap.routing import Target

MAX_ITEM_LENGTH = 4_000

# "URL-encode … non-ASCII characters and the unsafe characters of RFC 1738; don't URL-encode any other characters,
# or CloudFront won't invalidate the old version". `?` joins them, since raw it would begin the query string.
# A `~` stays for `_usable` to handle.
_RAW = frozenset(string.ascii_letters + string.digits + "_.-~/!$&'()*+,;:@=")

# How each byte of a text is written: by a table, since quote() takes several times as long.
_SPELLED = tuple(chr(byte) if chr(byte) in _RAW else f"%{byte:02X}" for byte in range(256))

# Keys that are their own spelling: nothing to encode, no second spelling, no wildcard at the end.
_PLAIN = re.compile(r"[A-Za-z0-9!$&'(),;:@=\-_./]+")

# Keys whose spellings differ in nothing but escapes and how a space is written: no wildcard at the end of any, no
# second spelling of a `+`, and not so long that an item could be too long (a character has up to four escapes).
_TAME = re.compile(r"[^~+*]{1,300}")

# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-by-tags.html
_TAG = re.compile(r"#[!-+\--~]{1,256}")

_ESCAPE_RUN = re.compile(r"(?:%[0-9A-Fa-f]{2})+\Z")
_OF_OBJECT = ("path", "dir", "key")
_OWN_PATH = ("{path}",)
_PATH = Token(TokenKind.CAPTURE, "path")

Items = dict[str, str | None]


class TargetItems(NamedTuple):
    """What a target asks for: items with their scopes, and what a person should hear of."""

    items: Items
    warnings: list[str]


class ViewerPath(NamedTuple):
    """One viewer path of an object, not yet encoded, and what it is."""

    path: str
    reason: str


class _Style(NamedTuple):
    """How a viewer spelled the two characters that have two spellings in the URL of an S3 object."""

    plus: str
    space: str


_USUAL_STYLE = _Style("+", "%20")


class _Template(NamedTuple):
    """A template of `invalidate`: its parts, and how many of them come before the first that names the object.

    `mounts_site`: it puts the whole site below a folder, as `/docs{path}` does.
    """

    parts: tuple[Token, ...]
    fixed: int
    is_tag: bool
    names_path: bool
    mounts_site: bool
    ends_with_object: bool


class _Plain(NamedTuple):
    """How plain keys become items: by how much their start is cut, the items' scope, how an index document ends."""

    cut: int
    scope: str
    endings: tuple[str, ...]


def items_for_target(target: Target, keys: Collection[str]) -> TargetItems:
    """Return the items of a target's changed keys."""
    plain = _plain(target)
    items, others = _plain_items(plain, keys) if plain else ({}, keys)
    if others and target.settings.invalidate == _OWN_PATH:
        others = _add_tame(items, target, others)
    asked = TargetItems(items, [])
    for key in others:
        _add_key(asked, target, key)
    return asked


def viewer_paths(target: Target, key: str) -> tuple[ViewerPath, ...]:
    """List the viewer paths of an object: its own, without a suffix, of an index document, of clean URLs."""
    return tuple(_spellings(target, "/" + key[len(target.origin_path) :]))


def _spellings(target: Target, path: str) -> Iterator[ViewerPath]:
    yield ViewerPath(path, "the object's own path")
    yield from _page_spellings(target, path)
    for suffix in target.settings.strip_suffixes:
        plain = path.removesuffix(suffix)
        if plain != path and not plain.endswith("/"):
            yield ViewerPath(plain, f"without its suffix {suffix}")
            yield from _page_spellings(target, plain)


def _page_spellings(target: Target, path: str) -> Iterator[ViewerPath]:
    folder, _, name = path.rpartition("/")
    if name in target.settings.index_documents:
        yield ViewerPath(folder + "/", f"{name} is an index document")
        if target.settings.clean_urls and folder:
            yield ViewerPath(folder, f"clean URL of a folder's {name}")
    elif target.settings.clean_urls and name.endswith(".html"):
        yield ViewerPath(path.removesuffix(".html"), "clean URL")


def encoded_viewer_paths(found: Iterable[ViewerPath]) -> Iterator[str]:
    """Encode spellings in every style that viewers may have written them in; a `~` stays as viewers write it."""
    return (_encode(spelling.path, style) for spelling in found for style in _styles(spelling.path))


@lru_cache(maxsize=10_000)
def _plain(target: Target) -> _Plain | None:
    """Say what becomes of a target's plain keys; None where it wants more than their own path and an index's folder."""
    settings = target.settings
    if settings.invalidate != _OWN_PATH or settings.query_strings or settings.clean_urls or settings.strip_suffixes:
        return None
    return _Plain(len(target.origin_path), _scope_path(target), tuple(f"/{name}" for name in settings.index_documents))


def _plain_items(plain: _Plain, keys: Collection[str]) -> tuple[Items, Collection[str]]:
    """Do what `_add_key` does, for the keys that nearly every batch is made of; returns the others, too."""
    cut, scope, endings = plain
    taken = list(filter(_PLAIN.fullmatch, keys))
    paths = ["/" + key[cut:] for key in taken]
    items: Items = dict.fromkeys(paths, scope)
    for ending in endings:
        for path in paths:
            if path.endswith(ending):
                items[path[: 1 - len(ending)]] = scope
    return items, () if len(taken) == len(keys) else set(keys).difference(taken)


def _add_tame(items: Items, target: Target, keys: Iterable[str]) -> list[str]:
    """Do what `_add_key` does, in a tenth of the time, for every tame key; returns the others."""
    cut, scope = len(target.origin_path), _scope_path(target)
    wild = []
    for key in keys:
        if not _TAME.fullmatch(key):
            wild.append(key)
            continue
        for path, _ in _spellings(target, "/" + key[cut:]):
            item = _escape(path)
            _add_path(items, target, item, scope)
            if " " in path:
                _add_path(items, target, item.replace("%20", "+"), scope.replace("%20", "+"))
    return wild


def _add_path(items: Items, target: Target, item: str, scope: str) -> None:
    add_item(items, item, scope)
    if target.settings.query_strings:
        add_item(items, _with_query(item), scope)


def _add_key(asked: TargetItems, target: Target, key: str) -> None:
    found = viewer_paths(target, key)
    wanted: Items = {}
    for text in target.settings.invalidate:
        template = _template(text)
        for spelling in found if template.names_path else found[:1]:
            _add_filled(TargetItems(wanted, asked.warnings), target, template, key, spelling.path)
        folder = _template(text.removesuffix("*"))
        if folder.mounts_site and target.settings.clean_urls and _is_root_page(found):
            _add_filled(TargetItems(wanted, asked.warnings), target, folder, key, "")
    # `P*` is not trusted to evict `P` itself: `/dev/*` was seen to leave `/dev/` stale. So where the object has a
    # spelling P of its own, P goes beside P*, whoever asked for the wildcard.
    stems = {item[:-1] for item in wanted if item.endswith("*")}.intersection(encoded_viewer_paths(found))
    for item, scope in (*wanted.items(), *((stem, None) for stem in stems)):
        add_item(asked.items, item, scope)


def _is_root_page(found: Iterable[ViewerPath]) -> bool:
    return any(spelling.path == "/" for spelling in found)


def _add_filled(asked: TargetItems, target: Target, template: _Template, key: str, path: str) -> None:
    """Fill one template for one spelling, in every style that viewers may have written it in."""
    folder = path[: path.rfind("/") + 1]
    values = {**target.captures, "bucket": target.bucket, "key": key, "path": path, "dir": folder}
    if template.is_tag:
        names_object = template.fixed < len(template.parts)
        return _add_tag(asked, target, _join(template.parts, values, None), names_object=names_object)
    for style in _styles("".join(values[part.text] for part in template.parts if part.kind is TokenKind.CAPTURE)):
        scope = _scope(target, template, values, style)
        item = _usable(_join(template.parts, values, style))
        add_item(asked.items, item, scope)
        if target.settings.query_strings and template.ends_with_object and not item.endswith("*"):
            add_item(asked.items, _with_query(item), scope)
    return None


def _add_tag(asked: TargetItems, target: Target, tag: str, *, names_object: bool) -> None:
    scope = _scope_path(target)
    if _TAG.fullmatch(tag):
        # There are as many tags that name an object as objects, so these have a wildcard to fall back on.
        add_item(asked.items, tag, scope if names_object else None)
        return
    # Whatever the tag stood for must not stay cached, and only the route's own part of the site may go.
    add_item(asked.items, scope, scope)
    add_item(asked.items, scope + "*", scope)
    asked.warnings.append(f"route {target.route}: {tag!r} is not a cache tag CloudFront takes: {scope}* goes instead")


def _with_query(item: str) -> str:
    """Return the wildcard over an item's query strings.

    A file goes as AWS documents it (`/x.jpg*`); where no extension ends the name that would evict what lies below
    or beside it, so the wildcard begins with the query's `?`.
    """
    name = item.rpartition("/")[2]
    return f"{item}*" if "." in name[1:-1] else f"{item}?*"


def _usable(item: str) -> str:
    """Make an item that CloudFront accepts and acts on: a wildcard where it has to be one.

    "Don't use the ~ character in your path. CloudFront doesn't support this character for invalidations, whether
    it's URL-encoded or not": only a wildcard that stops before it reaches such an object.
    """
    before, tilde, _ = item.partition("~")
    if tilde:
        return before + "*"
    return item if len(item) <= MAX_ITEM_LENGTH else whole_characters(item[: MAX_ITEM_LENGTH - 1]) + "*"


def whole_characters(stem: str) -> str:
    """Cut a stem back so that it ends neither inside a `%XX` escape nor inside a character of several bytes."""
    percent = stem.rfind("%", -2)
    if percent >= 0:
        stem = stem[:percent]
    run = _ESCAPE_RUN.search(stem)
    if run is None:
        return stem
    full_match = unquote_to_bytes(run[0]).decode("utf-8", "ignore").encode()
    return stem[: run.start() + 3 * len(full_match)]


def _scope_path(target: Target) -> str:
    """Return the matched prefix as a viewer path, up to a `~`, which no wildcard can hold."""
    return _viewer_scope(target, _USUAL_STYLE)


def _scope(target: Target, template: _Template, values: Mapping[str, str], style: _Style) -> str | None:
    if template.fixed == len(template.parts):
        return None
    before = _join(template.parts[: template.fixed], values, style)
    if template.parts[template.fixed].text == "key":
        inside = _encode(target.matched, style)
    else:
        inside = _viewer_scope(target, style)
    return (before + inside).partition("~")[0]


def _viewer_scope(target: Target, style: _Style) -> str:
    scope = "/" + target.matched[len(target.origin_path) :]
    return scope if _PLAIN.fullmatch(scope) else _encode(scope, style).partition("~")[0]


def _join(parts: Iterable[Token], values: Mapping[str, str], style: _Style | None) -> str:
    """Join a template's parts: literals as written, values encoded in a style, or as they are for None."""
    return "".join(
        part.text
        if part.kind is not TokenKind.CAPTURE
        else _encode(values[part.text], style)
        if style
        else values[part.text]
        for part in parts
    )


def _encode(text: str, style: _Style) -> str:
    """Encode a value as CloudFront wants it, but for the `~`."""
    return _escape(text).replace("+", style.plus).replace("%20", style.space)


def _escape(text: str) -> str:
    return text.encode().decode("latin-1").translate(_SPELLED)


def _styles(text: str) -> tuple[_Style, ...]:
    """List how viewers may have spelled a text.

    A viewer of an S3 origin has to write a key's `+` as `%2B`, since S3 reads a raw `+` as a space: so a `+` may be
    cached under either spelling, and a space under `%20` or `+`.
    """
    pluses = ("+", "%2B") if "+" in text else ("+",)
    spaces = ("%20", "+") if " " in text else ("%20",)
    return tuple(_Style(plus, space) for plus in pluses for space in spaces)


@lru_cache(maxsize=4096)
def _template(text: str) -> _Template:
    parts = _without_double_slash(tokenize(text))
    of_object = [part.kind is TokenKind.CAPTURE and part.text in _OF_OBJECT for part in parts]
    fixed = of_object.index(True) if any(of_object) else len(parts)
    return _Template(
        parts,
        fixed=fixed,
        is_tag=text.startswith("#"),
        names_path=_PATH in parts,
        mounts_site=fixed > 0 and parts[fixed : fixed + 1] == (_PATH,) and _is_query(parts[fixed + 1 :]),
        ends_with_object=of_object[-1] and parts[-1].text != "dir",
    )


def _is_query(parts: tuple[Token, ...]) -> bool:
    return not parts or parts[0].text.startswith("?")


def _without_double_slash(parts: tuple[Token, ...]) -> tuple[Token, ...]:
    """`{dir}` ends in its slash, so `{dir}*` and `{dir}/*` mean the same."""
    return tuple(
        part._replace(text=part.text.removeprefix("/"))
        if place and parts[place - 1] == (TokenKind.CAPTURE, "dir")
        else part
        for place, part in enumerate(parts)
    )
