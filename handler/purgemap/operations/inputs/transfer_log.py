"""Read the lines that `aws s3` prints: the S3 URIs that each result has changed.

https://github.com/aws/aws-cli/blob/develop/awscli/customizations/s3/results.py prints them.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from purgemap.errors import PurgemapError
from purgemap.events import CREATED, DELETED
from purgemap.operations.inputs.line_prefixes import RESULT
from purgemap.operations.inputs.transfer_failures import read_failure
from purgemap.operations.inputs.transfer_names import (
    LineEnd,
    check_name,
    check_target,
    is_cut_by_return,
    spell_name,
    spell_target,
    split_names,
)
from purgemap.text import S3_SCHEME

_RESULT = re.compile(RESULT)
_OTHER_RESULT = re.compile(r"(?:upload|copy|move|delete|download)(?: failed)?: ")
_DRY_RUN = "(dryrun) "
_PROGRESS = r"(?>Completed \d[^:]{1,99}?file\(s\) remaining(?: \(calculating\.\.\.\))?)"
_ONLY_PROGRESS = re.compile(rf"(?:{_PROGRESS}\s*+)++\Z")
_ANY_PROGRESS = re.compile(_PROGRESS)
# A progress has no colon. In a copy of a terminal a result may begin anywhere within it.
_BEFORE_RESULT = re.compile(rf"Completed \d[^:]*?(?={RESULT}|\(dryrun\) )")
_TROUBLE = re.compile(r"fatal error: |warning: |cancelled: ctrl-c")


class Result(NamedTuple):
    """The meaning of a line: pairs of an S3 URI and its event, or an error after which nothing has changed."""

    uris: list[tuple[str, str]]
    is_trouble: bool = False
    is_dry_run: bool = False


def is_result(text: str) -> bool:
    """Return whether a text begins as a line of `aws s3`."""
    printed = _before_result_removed(text).removeprefix(_DRY_RUN)
    return bool(_RESULT.match(printed) or _TROUBLE.match(printed) or _ONLY_PROGRESS.match(text))


def is_progress(text: str) -> bool:
    """Return whether a text is only a progress, or several."""
    return bool(_ONLY_PROGRESS.match(text))


def is_open(text: str) -> bool:
    """Return whether a result lacks the end of a name, which then goes on after a carriage return."""
    match = _RESULT.match(_before_result_removed(text).removeprefix(_DRY_RUN))
    return bool(match and match["kind"] != "delete" and is_cut_by_return(match.string[match.end() :]))


def read_result(text: str, end: LineEnd) -> Result | None:
    """Read a line of `aws s3`; None for any other text. Raises PurgemapError."""
    text = _before_result_removed(text)
    if _ONLY_PROGRESS.match(text):
        return Result([])
    if _TROUBLE.match(text):
        return Result([], is_trouble=True)
    printed = text.removeprefix(_DRY_RUN)
    match = _RESULT.match(printed)
    if not match:
        return None
    names = printed[match.end() :]
    _check_alone(names)
    uris = read_failure(match["kind"], names) if match["failed"] else _changes(match["kind"], names, end)
    changes = list(dict.fromkeys(uris))
    return Result(changes, is_trouble=bool(match["failed"]) and not changes, is_dry_run=printed != text)


def _before_result_removed(text: str) -> str:
    progress = _BEFORE_RESULT.match(text)
    return text[progress.end() :] if progress else text


def _check_alone(names: str) -> None:
    other = _OTHER_RESULT.search(names) or _ANY_PROGRESS.search(names)
    if other:
        raise PurgemapError(
            f"{names!r} holds {other[0].strip()!r}, as if lines were joined; write each on its own line, "
            "or name the object by a line s3://BUCKET/KEY"
        )


def _changes(kind: str, names: str, end: LineEnd) -> Iterator[tuple[str, str]]:
    """Yield the S3 URIs that a transfer has changed; nothing for a download."""
    if kind == "delete":
        check_target(kind, names, [names] if names.startswith(S3_SCHEME) else [])
        yield from ((uri, DELETED) for uri in spell_name(names, end))
        return
    for source, target in split_names(kind, names):
        if target.startswith(S3_SCHEME) and kind != "download":
            yield from ((uri, CREATED) for uri in spell_target(source, target, end))
        if kind == "move" and source.startswith(S3_SCHEME):
            yield check_name(source), DELETED
