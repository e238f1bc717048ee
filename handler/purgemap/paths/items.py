"""Keys of a target → its invalidation items, each with its scope.

An item is an encoded viewer path, a wildcard (a path that ends in `*`) or a `#tag`. Its scope is the path above which
the planner's wildcards may not rise; None keeps the item as it is.
"""

import re
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import NamedTuple

from purgemap.jobs import add_item
from purgemap.paths.encoding import encoding_variants, escape, to_valid_item
from purgemap.paths.templates import Template, parse_template
from purgemap.paths.viewer_paths import encode_viewer_paths, list_viewer_paths, viewer_scope
from purgemap.routing import Target

# Keys that encoding does not change, without a second encoding and without a wildcard at the end.
_NEEDS_NO_ENCODING = re.compile(r"[A-Za-z0-9!$&'(),;:@=\-_./]+")

# Keys with one encoding of each viewer path, apart from spaces. None ends in a wildcard, and none is so long that an
# item could be too long: a character has up to four escapes.
_HAS_ONE_ENCODING = re.compile(r"[^~+*]{1,300}")

# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-by-tags.html
_TAG = re.compile(r"#[!-+\--~]{1,256}")

_OWN_PATH = ("{path}",)

Items = dict[str, str | None]


class TargetItems(NamedTuple):
    """The items of a target with their scopes, and warnings for a person."""

    items: Items
    warnings: list[str]


class _FastPath(NamedTuple):
    """The values by which keys that need no encoding become items."""

    origin_path_length: int
    scope: str
    index_endings: tuple[str, ...]  # "/index.html"


def items_for_target(target: Target, keys: Collection[str]) -> TargetItems:
    """Return the items of a target's changed keys."""
    fast_path = _fast_path(target)
    items, remaining = _unencoded_items(fast_path, keys) if fast_path else ({}, keys)
    if remaining and target.settings.invalidate == _OWN_PATH:
        remaining = _add_own_paths(items, target, remaining)
    result = TargetItems(items, [])
    for key in remaining:
        _add_key(result, target, key)
    return result


@lru_cache(maxsize=10_000)
def _fast_path(target: Target) -> _FastPath | None:
    """Return the fast path of a target; None unless its items are keys' own paths and index documents' folders."""
    settings = target.settings
    if settings.invalidate != _OWN_PATH or settings.query_strings or settings.clean_urls or settings.strip_suffixes:
        return None
    endings = tuple(f"/{name}" for name in settings.index_documents)
    return _FastPath(len(target.origin_path), viewer_scope(target), endings)


# Three tiers, each with the result of `_add_key`. Nearly every batch is made of the first tier's keys: 0.4 µs each.
# The second takes 3 to 12 µs, the third 15 to 50 µs.


def _unencoded_items(fast_path: _FastPath, keys: Collection[str]) -> tuple[Items, Collection[str]]:
    """Return the items of the keys that need no encoding, and the remaining keys."""
    origin_path_length, scope, index_endings = fast_path
    matching = list(filter(_NEEDS_NO_ENCODING.fullmatch, keys))
    paths = ["/" + key[origin_path_length:] for key in matching]
    items: Items = dict.fromkeys(paths, scope)
    for ending in index_endings:
        for path in paths:
            if path.endswith(ending):
                items[path[: 1 - len(ending)]] = scope
    return items, () if len(matching) == len(keys) else set(keys).difference(matching)


def _add_own_paths(items: Items, target: Target, keys: Iterable[str]) -> list[str]:
    """Add the items of the keys with one encoding; return the remaining keys."""
    scope = viewer_scope(target)
    remaining = []
    for key in keys:
        if not _HAS_ONE_ENCODING.fullmatch(key):
            remaining.append(key)
            continue
        for path, _ in list_viewer_paths(target, key):
            item = escape(path)
            _add_path(items, target, item, scope)
            if " " in path:
                _add_path(items, target, item.replace("%20", "+"), scope.replace("%20", "+"))
    return remaining


def _add_path(items: Items, target: Target, item: str, scope: str | None, *, ends_with_object: bool = True) -> None:
    add_item(items, item, scope)
    if target.settings.query_strings and ends_with_object and not item.endswith("*"):
        add_item(items, _query_wildcard(item), scope)


def _add_key(result: TargetItems, target: Target, key: str) -> None:
    paths = list_viewer_paths(target, key)
    key_items = TargetItems({}, result.warnings)
    for text in target.settings.invalidate:
        template = parse_template(text)
        for path, _ in paths if template.uses_path else paths[:1]:
            _add_filled(key_items, target, template, key, path)
        folder = parse_template(text.removesuffix("*"))
        if folder.mounts_site and target.settings.clean_urls and any(path == "/" for path, _ in paths):
            # The root page of a site below /docs also has the clean URL /docs.
            _add_filled(key_items, target, folder, key, "")
    for item, scope in key_items.items.items():
        add_item(result.items, item, scope)
    # `P*` is not trusted to evict `P`: `/dev/*` was seen to leave `/dev/` stale. A viewer path P of the object is sent
    # beside P*, whichever template has the wildcard.
    stems = {item[:-1] for item in key_items.items if item.endswith("*")}
    for stem in stems.intersection(encode_viewer_paths(paths)):
        add_item(result.items, stem, None)


def _add_filled(result: TargetItems, target: Target, template: Template, key: str, path: str) -> None:
    """Fill one template for one viewer path, in every variant in which viewers may have encoded it."""
    folder = path[: path.rfind("/") + 1]
    values = {**target.captures, "bucket": target.bucket, "key": key, "path": path, "dir": folder}
    if template.is_tag:
        _add_tag(result, target, template, template.fill(values))
        return
    for variant in encoding_variants(template.captured_text(values)):
        item = to_valid_item(template.fill(values, variant.encode))
        scope = template.scope(target, values, variant)
        _add_path(result.items, target, item, scope, ends_with_object=template.ends_with_object)


def _add_tag(result: TargetItems, target: Target, template: Template, tag: str) -> None:
    scope = viewer_scope(target)
    if _TAG.fullmatch(tag):
        # There can be as many tags that name an object as objects, so the planner may replace these by a wildcard.
        add_item(result.items, tag, scope if template.static_parts < len(template.parts) else None)
        return
    # Objects with the tag must not stay cached, and only the route's own part of the site may be evicted.
    add_item(result.items, scope, scope)
    add_item(result.items, scope + "*", scope)
    result.warnings.append(
        f"route {target.route}: {tag!r} is not a valid CloudFront cache tag; {scope}* is invalidated instead"
    )


def _query_wildcard(item: str) -> str:
    """Return the wildcard over an item's query strings."""
    # AWS documents `/x.jpg*` for a file. Without an extension that would also evict other pages that start like the
    # item, so the wildcard begins with the `?` of the query.
    name = item.rpartition("/")[2]
    return f"{item}*" if "." in name[1:-1] else f"{item}?*"
