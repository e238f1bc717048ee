"""CloudFront's path patterns of cache behaviors, and the globs of the map that select the same keys.

`*` matches any text, slashes included, and `?` one character; a leading slash is optional:
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesCacheBehavior.html#DownloadDistValuesPathPattern
"""

import re
from functools import lru_cache

_EVERYTHING = frozenset({"*", "/*"})
_WILDCARD = re.compile(r"[*?]")
_SPECIAL_IN_GLOBS = re.compile(r"[\[\\]")
_FILE_EXTENSION = re.compile(r".*\.[A-Za-z0-9]+")


def normalize(pattern: str) -> str:
    """Write a pattern with its leading slash; one that starts with a star stays as it is."""
    pattern = re.sub(r"\*+", "*", pattern)
    return pattern if pattern.startswith(("/", "*")) else f"/{pattern}"


def matches_everything(pattern: str) -> bool:
    """Return whether a pattern matches every path."""
    return pattern in _EVERYTHING


def is_literal(pattern: str) -> bool:
    """Return whether a pattern matches one path only."""
    return not _WILDCARD.search(pattern)


def folder_of(pattern: str) -> str | None:
    """Return `assets/` for `/assets/*`: the folder whose paths the pattern matches; None for another pattern."""
    folder = pattern.removeprefix("/").removesuffix("*")
    return folder if pattern == f"/{folder}*" and folder.endswith("/") and is_literal(folder) else None


def ends_with_extension(pattern: str) -> bool:
    """Return whether a pattern matches files of one extension only, such as `*.jpg`."""
    return _FILE_EXTENSION.fullmatch(pattern.rpartition("/")[2]) is not None


@lru_cache(maxsize=65_536)
def intersects(one: str, other: str) -> bool:
    """Return whether two patterns match a common path."""
    # `reached[column]`: the rest of `one` from this row and the rest of `other` from this column have a common text.
    row = [not _without_stars(other[column:]) for column in range(len(other) + 1)]
    for left in reversed(one):
        below, row = row, [False] * len(row)
        for column in range(len(other), -1, -1):
            right = other[column : column + 1]
            if left == "*":
                row[column] = below[column] or (bool(right) and row[column + 1])
            elif right == "*":
                row[column] = row[column + 1] or below[column]
            else:
                row[column] = bool(right) and (left == right or "?" in {left, right}) and below[column + 1]
    return row[0]


def _without_stars(pattern: str) -> str:
    return pattern.replace("*", "")


def include_glob(pattern: str) -> str:
    """Return the glob of the keys, without origin path, that a pattern matches."""
    # Whether `*/x` also matches `/x` is not documented. An include takes it, an exclude does not.
    return "**/" + _to_glob(pattern[2:]) if pattern.startswith("*/") else exclude_glob(pattern)


def exclude_glob(pattern: str) -> str:
    """Return the glob of the keys that a pattern matches in any reading of it."""
    if pattern.startswith("*") and "/" not in pattern and "*" not in pattern[1:]:
        return f"*{_to_glob(pattern[1:])}"  # a file name's end, at any depth
    return "/" + _to_glob(pattern.removeprefix("/"))


def escape_glob(text: str) -> str:
    """Return the glob, without an anchor, that matches a text only."""
    return re.sub(r"[*?\[\\]", r"\\\g<0>", text)


def _to_glob(pattern: str) -> str:
    # `**` spans folders as CloudFront's star does. But `**/` at a folder's start also matches no folder at all, unless
    # a backslash keeps the two apart.
    text = _SPECIAL_IN_GLOBS.sub(r"\\\g<0>", pattern).replace("*", "**")
    return re.sub(r"(^|/)\*\*/", r"\1**\\/", text)
