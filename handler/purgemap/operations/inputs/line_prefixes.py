"""Strip the timestamps, columns and colours that CI systems and terminals print around lines of `aws s3`."""

import re

# CSI (colours, erased lines), OSC and APC (Buildkite's timestamps), character sets, and the two-character escapes.
# https://ecma-international.org/publications-and-standards/standards/ecma-48/
_ESCAPE = r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]_P^][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/][0-~]|[@-Z\\^_])"
_ESCAPES = re.compile(_ESCAPE)
_LAST_ESCAPES = re.compile(rf"(?:{_ESCAPE})+\Z")
_TIME = r"\d\d:\d\d:\d\d(?:[.,]\d+)?"
_ZONE = r"(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?"
_DATE_TIME = rf"\d{{4}}-\d\d-\d\d[T ]{_TIME}{_ZONE}"

# `gh run view --log` prints the job, the step, and a time.
_COLUMNS = r"[^\t]{1,500}+\t[^\t]{1,500}+\t\ufeff?"

_PREFIXES = (
    rf"\[?{_DATE_TIME}\]? +(?:\d\d[OE] )?",  # GitHub, Azure, Jenkins, `docker logs -t`; GitLab's stream after it
    rf"\[?\d{{4}}/\d\d/\d\d {_TIME}\]? +",  # CodeBuild
    rf"\[?{_TIME}\]?\s+",  # Jenkins
    rf"(?:[A-Z][a-z]{{2}} )?[A-Z][a-z]{{2}} [ \d]\d {_TIME} (?:\d{{4}} )?",  # `ts`, `date`
    r"#\d+ \d+\.\d+ ",  # BuildKit
    r"[\w.-]+ *\| ",  # Docker Compose
    r"\[(?!dry)[\w./:-]+\] ",  # Drone, `kubectl logs --prefix`, concurrently
    r"[\w.\[\]\"-]+ \(local-exec\): ",  # Terraform
    r"[\s\ufeff]++",
)
RESULT = r"(?P<kind>upload|copy|move|delete|download)(?P<failed> failed)?: "
_PRINTED = rf"\(dryrun\) |{RESULT}|Completed \d|fatal error: |warning: |cancelled: ctrl-c"
# Possessive: with backtracking, the time would double with each further prefix.
_PREFIXED = re.compile(rf"(?:{_COLUMNS}(?={_DATE_TIME} ))?(?:{'|'.join(_PREFIXES)})*+(?={_PRINTED})")
_RESULT_START = re.compile(rf"(?:\(dryrun\) )?{RESULT}")

_ONLY_TIME = re.compile(rf"(?:{_COLUMNS})?\[?{_DATE_TIME}\]?(?: \d\d[OE])?\s*\Z")
# GitLab and Travis fold their logs by lines of their own.
_FOLDING = re.compile(r"(?:section_(?:start|end):\d+:|travis_(?:fold|time):(?:start|end):)\S*\Z")
# A shell repeats a command (`set -x`, GitLab). Its results follow, unless it is silent or redirected.
_COMMAND = re.compile(r"(?:\++|\$|>|%|#|[\w.-]+@[\w.-]+[^$#%>]{0,99}[$#%>]) aws s3 (?:sync|cp|mv|rm) [^|>&;]+\Z")
_SILENT = re.compile(r" --(?:quiet|only-show-errors)\b")


def strip_prefix(text: str) -> str:
    """Return the line of `aws s3` in a text, or the text itself if it holds none for certain."""
    plain = _ESCAPES.sub("", text)
    prefix = _PREFIXED.match(plain)
    if not prefix:
        return text
    printed = plain[prefix.end() :]
    start = _RESULT_START.match(printed)
    names = printed[start.end() :] if start else ""
    # An escape sequence within a name may belong to it.
    return printed if _LAST_ESCAPES.sub("", text).endswith(names) else text


def is_without_result(text: str) -> bool:
    """Return whether a line only folds a log, holds a time, or repeats a command whose results follow."""
    plain = _ESCAPES.sub("", text)
    is_command = _COMMAND.match(plain) and not _SILENT.search(plain)
    return bool(is_command or _FOLDING.match(plain) or _ONLY_TIME.match(plain))
