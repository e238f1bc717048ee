"""Parse a line of a list of keys, as `git diff --name-only` or `find` print it; reject what other tools print."""

import re

from purgemap.errors import PurgemapError

_TIME = r"\d\d:\d\d[\d.,:+Z-]*\]?(?:\s|\Z)"
_DATE = r"\d{1,4}[-/.](?:\d\d?|[A-Z][a-z]{2})[-/.]\d{1,4}[T ,] ?"
_MONTH = r"[A-Z][a-z]{2} +\d{1,2} "

_LEVELS = r"(?:INFO|NOTICE|DEBUG|ERROR|WARN(?:ING)?|Pipeline|Container)"
_DONE = r"(?:Done|Finished|Successfully|(?:Upload|Sync|Delet|Skipp|Remov|Invalidat|Copy)(?:ed|ing)|Copied)"

# Lines that are in lists of keys by mistake. A real key that matches can be named by its URI.
_NOT_KEYS = [
    (re.compile(pattern), reason)
    for pattern, reason in (
        (r".*\r", "holds a carriage return"),
        (r".*\x1b", "holds a terminal's escape"),
        (r"(?i).*(?<!\w)(?:upload|copy|move|delete|download)(?: failed)?:(?:\s|\Z)", "holds a result behind a prefix"),
        (r"(?i).*s3://", "holds s3:// behind something else"),
        (r".*[a-zA-Z0-9]://", "holds a URL"),
        (r"arn:aws", "is an ARN"),
        (r"\(dryrun\)", "is a line of a dry run"),
        (rf"\[?(?:(?:[A-Z][a-z]{{2}},? )?{_MONTH}|{_DATE})?{_TIME}", "begins with a time, as logs do"),
        (r" *PRE .*/\Z", "is a line of `aws s3 ls`"),
        (r"(?:make|remove)_bucket: ", "names a bucket"),
        (r"Completed \d", "holds a progress"),
        (r".*\t", "holds a tab, as tables and `git diff --name-status` do"),
        (r"\s", "begins with a space"),
        (r".*\\", "holds a backslash; keys have / between folders"),
        (r"/", "begins with /; name it as it is below the bucket"),
        (r"\.\.?/*\Z|(?:\.\.?|~)/", "is a path outside of a bucket"),
        (r"[ACDMRTUXB] {2,}\S|[RC]\d{3} +\S|(?:\?\?|!!|[ACDMRTU]{2}) \S", "is a line of `git status`"),
        (r"diff --git |index [0-9a-f]{7,}\.\.|@@ |\+\+\+ |--- |commit [0-9a-f]{7,}\Z", "is a line of a patch"),
        (r"[-dlbcps](?:[r-][w-][xsStT-]){3}[.+@]? |total \d+\Z", "is a line of `ls -l`"),
        (r".*[├└│]", "is a line of `tree`"),
        (r"[-*•] ", "begins with a list's mark"),
        (r"(?:\++|[$#%>]|[\w.-]+@.{1,99}[$#%]|aws|s3cmd|s5cmd|gsutil|rclone) ", "begins with a shell's command"),
        (r"#\d+ |(?:##\[|::)\w+", "is a line of a build's log"),
        (r".* (?:->|=>|\|) ", "holds an arrow or a column"),
        (rf"(?:<\d>)?\[?{_LEVELS}\b\]? *:? ", "is a line of a log"),
        (r"sending incremental file list|sent [\d.,]+\w* bytes|total size is |deleting ", "is a line of `rsync`"),
        (r"(?:Transferred|Checks|Elapsed time|Errors|Total(?: Objects| Size)?): |\d+ files? ", "is a tool's summary"),
        (rf"(?:Success|{_DONE})[.!:]*(?:\s|\Z)", "is a tool's summary"),
        (r".*(?:\*\*\*|\[(?:MASKED|secure|REDACTED)\])", "is masked"),
        (r".*\ufffd", "holds a character that could not be printed"),
    )
]

# https://git-scm.com/docs/git-config#Documentation/git-config.txt-corequotePath
_QUOTED = re.compile(r'"(?=.*\\)((?:[^"\\]|\\(?:[abfnrtv"\\]|[0-3][0-7]{2}))*)"\Z')
_ESCAPED = re.compile(rb"\\([0-7]{3}|.)")
_CONTROLS = dict(zip(b"abtnvfr", b"\a\b\t\n\v\f\r", strict=True))
_OCTAL_DIGITS = 3
# `git diff --name-status -z` ends the status with a NUL too, so it looks like a name.
_STATUS = re.compile(r"(?:[ACDMRTUXB]|[RC]\d{1,3})\Z")


def parse_key(text: str) -> str:
    """Return the key of a line, unquoted and without `./`; raises PurgemapError if the line may be something else."""
    if text.startswith('"'):
        return _unquote(text)
    key = text.removeprefix("./")
    _check_key(key or text)
    return key


def parse_nul_ended_key(text: str) -> str:
    """Return the key of a name that `git diff -z` or `find -print0` printed; it may hold any character."""
    key = text.removeprefix("./")
    if _STATUS.match(key):
        raise PurgemapError(f"{key!r} is a status of `git diff --name-status`; use `git diff --name-only -z`")
    # Tabs, line ends and backslashes are real here: nothing was quoted.
    _check_key(re.sub(r"[\t\r\n\\]", "_", key) or text)
    return key


def _check_key(text: str) -> None:
    """Raise PurgemapError for a text that looks like the output of another tool."""
    for pattern, reason in _NOT_KEYS:
        if pattern.match(text):
            raise PurgemapError(
                f"{text!r} {reason}: keep only results of `aws s3`, or only keys; "
                "if this is a key, write s3://BUCKET/KEY or a JSON event"
            )


def _unquote(text: str) -> str:
    quoted = _QUOTED.match(text)
    if not quoted:
        raise PurgemapError(f"{text!r} begins with a quotation mark, but git did not quote it; write s3://BUCKET/KEY")
    try:
        return _ESCAPED.sub(_unescape, quoted[1].encode()).decode()
    except UnicodeError:
        raise PurgemapError(f"{text!r} is not UTF-8: S3 has no such object") from None


def _unescape(escaped: re.Match[bytes]) -> bytes:
    code = escaped[1]
    return bytes([int(code, 8)]) if len(code) == _OCTAL_DIGITS else bytes([_CONTROLS.get(code[0], code[0])])
