"""Read the failures that `aws s3` prints: the S3 URIs that a transfer may have changed although it failed."""

import re
from collections.abc import Iterator

from purgemap.errors import PurgemapError
from purgemap.events import CREATED, DELETED
from purgemap.operations.inputs.transfer_names import all_pairs, check_name, check_target, last_name
from purgemap.text import S3_SCHEME

# Only a refusal of S3, the local disk or missing credentials leave an object surely as it was. After an error of S3's
# own, a retry, a broken connection or an error that is not known here, it may have changed.
# NoSuchUpload answers the retry of a CompleteMultipartUpload that succeeded.
# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
_OWN_ERROR = r"Internal|Service|SlowDown|RequestTimeout|Unknown|5\d\d|NoSuchUpload"
_REFUSAL = re.compile(rf" An error occurred \((?!{_OWN_ERROR})(?!.*max retries)")
_LOCAL_ERROR = re.compile(
    r" (?:\[Errno \d+\] (?!Connection|Broken|.*[Tt]imed out)|Parameter validation failed|Unable to locate credentials|"
    r"Partial credentials found|File does not exist)"
)
# How the errors of botocore and Python begin, which follow the names.
_ERROR = re.compile(
    r" (?=An? (?:\w+ )?error |An HTTP |Could not |Connection |Connect timeout |Read timeout |Unable to |\[|\(|\"|'|"
    r"Parameter validation |SSL |HTTP|Failed to |Proxy |Response |Need to |Contents of |seek\()"
)


def read_failure(kind: str, names: str) -> Iterator[tuple[str, str]]:
    """Yield the S3 URIs, with events, that may have changed. Raises PurgemapError where a name's end is in doubt.

    A move writes its target before it deletes its source, and may fail at either.
    """
    is_in_doubt = not _REFUSAL.search(names) and not _LOCAL_ERROR.search(names)
    if kind == "download" or not (is_in_doubt or kind == "move"):
        return
    if kind == "delete":
        yield _name_before_error(names), DELETED
        return
    source, target = _part(kind, names)
    if target.startswith(S3_SCHEME):
        yield target, CREATED
    if kind == "move" and source.startswith(S3_SCHEME) and is_in_doubt:
        yield check_name(source), DELETED


def _part(kind: str, names: str) -> tuple[str, str]:
    pairs = all_pairs(kind, names)
    check_target(f"{kind} failed", names, pairs)
    for source, rest in pairs:
        name = f"/{last_name(source)}"
        if f"{rest} ".find(f"{name} ") >= 0:
            return source, check_name(rest[: f"{rest} ".find(f"{name} ")] + name)
    source, rest = pairs[0]
    return source, _name_before_error(rest)


def _name_before_error(text: str) -> str:
    error = _ERROR.search(text)
    if not error:
        raise PurgemapError(f"{text!r} does not show where the object's name ends; replace the line by s3://BUCKET/KEY")
    return check_name(text[: error.start()])
