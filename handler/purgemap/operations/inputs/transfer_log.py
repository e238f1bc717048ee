"""Parse the lines that `aws s3` prints into the S3 URIs that each result has changed."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from purgemap.errors import PurgemapError
from purgemap.events import CREATED, DELETED
from purgemap.operations.inputs.line_prefixes import RESULT
from purgemap.operations.inputs.transfer_failures import parse_failure
from purgemap.operations.inputs.transfer_names import (
    LineEnd,
    check_name,
    check_target,
    lacks_name_end,
    possible_names,
    possible_targets,
    split_names,
)
from purgemap.text import S3_SCHEME

# https://github.com/aws/aws-cli/blob/develop/awscli/customizations/s3/results.py prints these lines.
_RESULT = re.compile(RESULT)
_OTHER_RESULT = re.compile(r"(?:upload|copy|move|delete|download)(?: failed)?: ")
_DRY_RUN = "(dryrun) "
_PROGRESS = r"(?>Completed \d[^:]{1,99}?file\(s\) remaining(?: \(calculating\.\.\.\))?)"
_ONLY_PROGRESS = re.compile(rf"(?:{_PROGRESS}\s*+)++\Z")
_ANY_PROGRESS = re.compile(_PROGRESS)
# A progress has no colon. In text copied from a terminal a result may begin anywhere within it.
_BEFORE_RESULT = re.compile(rf"Completed \d[^:]*?(?={RESULT}|\(dryrun\) )")
_AWS_CLI_ERROR = re.compile(r"fatal error: |warning: |cancelled: ctrl-c")


class TransferResult(NamedTuple):
    """The changes of a line, as pairs of S3 URI and event; `is_error` if it reports an error that changed nothing."""

    uris: list[tuple[str, str]]
    is_error: bool = False
    is_dry_run: bool = False


def is_result(text: str) -> bool:
    """Return whether a text begins like a line of `aws s3`."""
    printed = _strip_progress(text).removeprefix(_DRY_RUN)
    return bool(_RESULT.match(printed) or _AWS_CLI_ERROR.match(printed) or _ONLY_PROGRESS.match(text))


def is_progress(text: str) -> bool:
    """Return whether a text is only progress."""
    return bool(_ONLY_PROGRESS.match(text))


def has_open_name(text: str) -> bool:
    """Return whether a result lacks the end of a name, which continues after a carriage return."""
    match = _RESULT.match(_strip_progress(text).removeprefix(_DRY_RUN))
    return bool(match and match["kind"] != "delete" and lacks_name_end(match.string[match.end() :]))


def parse_result(text: str, end: LineEnd) -> TransferResult | None:
    """Parse a line of `aws s3`; None for any other text. Raises PurgemapError for names that are not certain."""
    text = _strip_progress(text)
    if _ONLY_PROGRESS.match(text):
        return TransferResult([])
    if _AWS_CLI_ERROR.match(text):
        return TransferResult([], is_error=True)
    printed = text.removeprefix(_DRY_RUN)
    match = _RESULT.match(printed)
    if not match:
        return None
    names = printed[match.end() :]
    _check_single_result(names)
    uris = parse_failure(match["kind"], names) if match["failed"] else _changed_uris(match["kind"], names, end)
    changed = list(dict.fromkeys(uris))
    return TransferResult(changed, is_error=bool(match["failed"]) and not changed, is_dry_run=printed != text)


def _strip_progress(text: str) -> str:
    progress = _BEFORE_RESULT.match(text)
    return text[progress.end() :] if progress else text


def _check_single_result(names: str) -> None:
    other = _OTHER_RESULT.search(names) or _ANY_PROGRESS.search(names)
    if other:
        raise PurgemapError(
            f"{names!r} holds {other[0].strip()!r}, as if lines were joined; write each on its own line, "
            "or name the object by a line s3://BUCKET/KEY"
        )


def _changed_uris(kind: str, names: str, end: LineEnd) -> Iterator[tuple[str, str]]:
    """Yield the S3 URIs that a transfer has changed, none for a download."""
    if kind == "delete":
        check_target(kind, names, [names] if names.startswith(S3_SCHEME) else [])
        yield from ((uri, DELETED) for uri in possible_names(names, end))
        return
    for source, target in split_names(kind, names):
        if target.startswith(S3_SCHEME) and kind != "download":
            yield from ((uri, CREATED) for uri in possible_targets(source, target, end))
        if kind == "move" and source.startswith(S3_SCHEME):
            yield check_name(source), DELETED
