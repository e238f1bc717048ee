"""Parse the lines that `aws s3` prints into the S3 URIs that each result has changed."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from purgemap.errors import PurgemapError
from purgemap.events import CREATED, DELETED
from purgemap.operations.inputs.line_prefixes import RESULT
from purgemap.operations.inputs.transfer_names import (
    LineEnd,
    base_name,
    check_name,
    check_target,
    lacks_name_end,
    possible_names,
    possible_pairs,
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

# Only an error of the request, the local disk or the credentials leaves an object unchanged for certain. After a server
# error, a retry, a broken connection or an unknown error it may have changed.
# S3 returns NoSuchUpload for the retry of a CompleteMultipartUpload that succeeded.
# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
_SERVER_ERROR = r"Internal|Service|SlowDown|RequestTimeout|Unknown|5\d\d|NoSuchUpload"
_REQUEST_ERROR = re.compile(rf" An error occurred \((?!{_SERVER_ERROR})(?!.*max retries)")
_LOCAL_ERROR = re.compile(
    r" (?:\[Errno \d+\] (?!Connection|Broken|.*[Tt]imed out)|Parameter validation failed|Unable to locate credentials|"
    r"Partial credentials found|File does not exist)"
)
# How errors of botocore and Python begin. The line has them after the names.
_ERROR = re.compile(
    r" (?=An? (?:\w+ )?error |An HTTP |Could not |Connection |Connect timeout |Read timeout |Unable to |\[|\(|\"|'|"
    r"Parameter validation |SSL |HTTP|Failed to |Proxy |Response |Need to |Contents of |seek\()"
)


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
    uris = _possibly_changed_uris(match["kind"], names) if match["failed"] else _changed_uris(match["kind"], names, end)
    changed = list(dict.fromkeys(uris))
    return TransferResult(changed, is_error=bool(match["failed"]) and not changed, is_dry_run=printed != text)


def _strip_progress(text: str) -> str:
    progress = _BEFORE_RESULT.match(text)
    return text[progress.end() :] if progress else text


def _check_single_result(names: str) -> None:
    second = _OTHER_RESULT.search(names) or _ANY_PROGRESS.search(names)
    if second:
        raise PurgemapError(
            f"{names!r} holds {second[0].strip()!r}, as if lines were joined; write each on its own line, "
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


def _possibly_changed_uris(kind: str, names: str) -> Iterator[tuple[str, str]]:
    """Yield the S3 URIs that a failed transfer may have changed; raises PurgemapError if a name's end is uncertain."""
    may_have_changed = not _REQUEST_ERROR.search(names) and not _LOCAL_ERROR.search(names)
    if kind == "download" or not (may_have_changed or kind == "move"):
        return
    if kind == "delete":
        yield _name_before_error(names), DELETED
        return
    # A move writes its target before it deletes its source, and may fail at either.
    source, target = _split_failed_names(kind, names)
    if target.startswith(S3_SCHEME):
        yield target, CREATED
    if kind == "move" and source.startswith(S3_SCHEME) and may_have_changed:
        yield check_name(source), DELETED


def _split_failed_names(kind: str, names: str) -> tuple[str, str]:
    pairs = possible_pairs(kind, names)
    check_target(f"{kind} failed", names, pairs)
    for source, target_and_error in pairs:
        name = f"/{base_name(source)}"
        end = f"{target_and_error} ".find(f"{name} ")
        if end >= 0:
            return source, check_name(target_and_error[:end] + name)
    source, target_and_error = pairs[0]
    return source, _name_before_error(target_and_error)


def _name_before_error(text: str) -> str:
    error = _ERROR.search(text)
    if not error:
        raise PurgemapError(f"{text!r} does not show where the object's name ends; replace the line by s3://BUCKET/KEY")
    return check_name(text[: error.start()])
