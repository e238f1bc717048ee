"""Parse the failures that `aws s3` prints: the S3 URIs that a failed transfer may still have changed."""

import re
from collections.abc import Iterator

from purgemap.errors import PurgemapError
from purgemap.events import CREATED, DELETED
from purgemap.operations.inputs.transfer_names import base_name, check_name, check_target, possible_pairs
from purgemap.text import S3_SCHEME

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


def parse_failure(kind: str, names: str) -> Iterator[tuple[str, str]]:
    """Yield the S3 URIs, with events, that may have changed; raises PurgemapError if a name's end is uncertain."""
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
    for source, rest in pairs:
        name = f"/{base_name(source)}"
        if f"{rest} ".find(f"{name} ") >= 0:
            return source, check_name(rest[: f"{rest} ".find(f"{name} ")] + name)
    source, rest = pairs[0]
    return source, _name_before_error(rest)


def _name_before_error(text: str) -> str:
    error = _ERROR.search(text)
    if not error:
        raise PurgemapError(f"{text!r} does not show where the object's name ends; replace the line by s3://BUCKET/KEY")
    return check_name(text[: error.start()])
