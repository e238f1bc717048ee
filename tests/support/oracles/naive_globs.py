"""Globs by regular expressions written plainly, which may backtrack as they like."""

import re

_SET = re.compile(r"\[([!^]?)(\]?[^\]]*)\]")


def glob_matches(glob: str, rest: str) -> bool:
    """Match the rest of a key, or its file name where the glob has no slash."""
    subject = rest if "/" in glob else rest.rpartition("/")[2]
    return re.fullmatch(_regex(glob.removeprefix("/")), subject, re.DOTALL) is not None


def _regex(glob: str) -> str:
    if not glob:
        return ""
    if glob.startswith("**"):
        return _spans(glob, starts_segment=True)
    head, tail = _atom(glob)
    return head + (_spans(tail, starts_segment=glob[0] == "/") if tail.startswith("**") else _regex(tail))


def _spans(glob: str, *, starts_segment: bool) -> str:
    tail = glob.lstrip("*")
    if tail.startswith("/") and starts_segment:
        tail = tail[1:]
        return "(?:.*/)?" + (_spans(tail, starts_segment=True) if tail.startswith("**") else _regex(tail))
    return ".*" + _regex(tail)


def _atom(glob: str) -> tuple[str, str]:
    if glob[0] == "\\":
        return re.escape(glob[1]), glob[2:]
    found = _SET.match(glob)
    if found:
        negated = "^" if found[1] else ""
        return f"(?!/)[{negated}{re.escape(found[2])}]", glob[found.end() :]
    return {"*": "[^/]*", "?": "[^/]"}.get(glob[0], re.escape(glob[0])), glob[1:]
