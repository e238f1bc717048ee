"""Match globs by plain regular expressions, without regard to backtracking."""

import re

_SET = re.compile(r"\[([!^]?)(\]?[^\]]*)\]")


def glob_matches(glob: str, rest: str) -> bool:
    """Match the rest of a key, or its file name if the glob has no slash."""
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
    character_set = _SET.match(glob)
    if character_set:
        negated = "^" if character_set[1] else ""
        return f"(?!/)[{negated}{re.escape(character_set[2])}]", glob[character_set.end() :]
    return {"*": "[^/]*", "?": "[^/]"}.get(glob[0], re.escape(glob[0])), glob[1:]
