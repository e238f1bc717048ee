"""Parse a listing of buckets, as AWS's tools print it, into keys by bucket."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote_plus

from purgemap.errors import PurgemapError
from purgemap.events import ObjectChange
from purgemap.operations.inputs.json_events import is_json
from purgemap.text import S3_SCHEME, parse_s3_uri

# `aws s3 ls` pads a size to ten characters. The key begins after one space, and may itself begin with spaces.
# https://github.com/aws/aws-cli/blob/develop/awscli/customizations/s3/subcommands.py
_DATE = r"\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)? "
_LS_LINE = re.compile(rf"(?:{_DATE}| +PRE ).*", re.DOTALL)
_LS_FOLDER = re.compile(r" +PRE .*", re.DOTALL)
_LS_OBJECT = re.compile(rf"{_DATE}(?P<size> *\d+) (?P<key>.+)", re.DOTALL)
_LS_HUMAN_READABLE = re.compile(rf"{_DATE}(?P<size> *[\d.]+ (?:Bytes?|[KMGTPE]iB)) (?P<key>.+)", re.DOTALL)
_LS_SUMMARY = re.compile(r"Total Objects: \d+| +Total Size: .*")
_LS_SIZE_WIDTH = 10

_TAB = 'holds a tab: with --query "Contents[].[Key]" --output text there is one key a line'
_FOREIGN_LINES = (
    (re.compile(r".*\t", re.DOTALL), _TAB),
    (re.compile(r".*\0", re.DOTALL), "holds a NUL character, as UTF-16 does"),
    (re.compile(r"\s*<(?:\?xml|ListBucketResult|ListVersionsResult)\b"), "is XML"),
    (re.compile(r'"[^"]*","'), "is CSV"),
)

# Members of the JSON that `aws s3api` prints beside objects. For an empty bucket it has no others.
_EMPTY_BUCKET = {"RequestCharged", "Prefix", "KeyCount", "MaxKeys", "Name", "Marker", "EncodingType", "IsTruncated"}

# The characters of a key under EncodingType url: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
_ENCODED_KEY = re.compile(r"(?:[A-Za-z0-9._~*/+-]|%[0-9A-Fa-f]{2})*")

_HINT = "make it with `aws s3api list-objects-v2 --bucket BUCKET`"


def parse_listing(text: str, bucket: str | None, changes: Iterable[ObjectChange] = ()) -> dict[str, Sequence[str]]:
    """Parse a listing into keys by bucket; keys without a bucket are in `bucket`.

    A listing has s3:// URIs or keys, one a line, lines of `aws s3 ls --recursive`, or the JSON of `aws s3api`
    list-objects, list-objects-v2 or list-object-versions. Raises PurgemapError for anything else, for keys without a
    bucket, and for a listing whose prefix excludes a change.
    """
    start = text.lstrip()[:1]
    if start == "{" or (start == "[" and is_json(text)):  # a key may begin with a bracket, too
        document = _parse_json(text)
        listed_bucket = _text(document, "Name") or _require(bucket)
        _check_prefix(document, (change.key for change in changes if change.bucket == listed_bucket))
        return {listed_bucket: _document_keys(document)}
    stripped_lines = (line.removesuffix("\r").removeprefix("\ufeff") for line in text.split("\n"))
    lines = [(number, line) for number, line in enumerate(stripped_lines, 1) if line]
    # A key may look like a line of `aws s3 ls`, as ` PRE (Phasers).html` does, so the lines are counted.
    ls_lines = sum(bool(_LS_LINE.fullmatch(line)) for _, line in lines)
    other_lines = sum(not _LS_LINE.fullmatch(line) and not _LS_SUMMARY.fullmatch(line) for _, line in lines)
    if ls_lines > other_lines:
        return {_require(bucket): _ls_keys(lines)}
    # An empty text lists no bucket: a failed command leaves one too. Only JSON can list an empty bucket.
    keys_by_bucket: dict[str, list[str]] = defaultdict(list)
    for number, line in lines:
        listed_bucket, key = _parse_line(line, number, bucket)
        keys_by_bucket[listed_bucket].append(key)
    return dict(keys_by_bucket)


def _parse_line(line: str, number: int, bucket: str | None) -> tuple[str, str]:
    for pattern, reason in _FOREIGN_LINES:
        if pattern.match(line):
            raise PurgemapError(f"line {number} of the listing {reason}; {_HINT}")
    if not line.startswith(S3_SCHEME):
        return _require(bucket), line
    try:
        return parse_s3_uri(line)
    except PurgemapError as error:
        raise PurgemapError(f"line {number}: {error}") from None


def _require(bucket: str | None) -> str:
    if bucket is None:
        raise PurgemapError("the listing names no bucket, and the changes are not all in one; name it with --bucket")
    return bucket


def _ls_keys(lines: Sequence[tuple[int, str]]) -> list[str]:
    """Parse the output of `aws s3 ls --recursive`."""
    keys = []
    for number, line in lines:
        key = _ls_key(line)
        if key is not None:
            keys.append(key)
        elif _LS_FOLDER.fullmatch(line):
            raise PurgemapError(f"line {number} of the listing is a folder of `aws s3 ls`: list with --recursive")
        elif not _LS_SUMMARY.fullmatch(line):
            raise PurgemapError(f"line {number} of the listing is not an object of `aws s3 ls --recursive`; {_HINT}")
    # Without --recursive `aws s3 ls` prints the names in one folder, which have no slash.
    if not any("/" in key for key in keys):
        raise PurgemapError(f"the listing's lines of `aws s3 ls` may be names without their folder; {_HINT}")
    return keys


def _ls_key(line: str) -> str | None:
    exact, readable = _LS_OBJECT.fullmatch(line), _LS_HUMAN_READABLE.fullmatch(line)
    if exact and (readable is None or len(exact["size"]) >= _LS_SIZE_WIDTH):
        return exact["key"]
    return readable["key"] if readable else None


def _parse_json(text: str) -> Mapping[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _not_a_listing(str(error)) from None
    if not isinstance(document, dict):
        raise _not_a_listing("it is a list; remove --query")
    if not document.keys() & {"Contents", "Versions", "DeleteMarkers"} and not document.keys() & _EMPTY_BUCKET:
        raise _not_a_listing("it has no Contents")
    if document.get("IsTruncated") or document.get("NextToken"):
        # The objects that are not listed would count as absent, and wildcards over them as free.
        raise PurgemapError("the listing is cut short: make it without --max-items and --no-paginate")
    if document.get("CommonPrefixes"):
        raise PurgemapError("the listing leaves out the objects in folders: make it without --delimiter")
    return document


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str | None):
        raise _not_a_listing(f"its {name} is not text")
    return value or ""


def _check_prefix(document: Mapping[str, Any], keys: Iterable[str]) -> None:
    prefix = _text(document, "Prefix")
    for key in keys:
        if not key.startswith((prefix, unquote_plus(prefix))):
            raise PurgemapError(f"the listing is made with --prefix, and {key!r} changed outside it; make it without")


def _document_keys(document: Mapping[str, Any]) -> Sequence[str]:
    versions = _entries(document, "Versions")
    if not all(isinstance(version.get("IsLatest"), bool) for version in versions):
        raise _not_a_listing("an entry of its Versions has no IsLatest")
    keys = [_key(entry, "Contents") for entry in _entries(document, "Contents")]
    keys += [_key(version, "Versions") for version in versions if version["IsLatest"]]
    return _decode_keys(keys) if document.get("EncodingType") == "url" else keys


def _entries(document: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    entries = document.get(name, [])
    if not isinstance(entries, list):
        raise _not_a_listing(f"its {name} are not a list")
    if not all(isinstance(entry, dict) for entry in entries):
        raise _not_a_listing(f"an entry of its {name} has no Key")
    return entries


def _key(entry: Mapping[str, Any], name: str) -> str:
    key = entry.get("Key")
    if not isinstance(key, str):
        raise _not_a_listing(f"an entry of its {name} has no Key")
    try:
        key.encode()
    except UnicodeEncodeError:
        raise _not_a_listing(f"its Key {key!r} is not Unicode text") from None
    return key


def _decode_keys(keys: Sequence[str]) -> Sequence[str]:
    # Without --encoding-type the AWS CLI decodes the keys and keeps the field.
    is_encoded = all(_ENCODED_KEY.fullmatch(key) for key in keys)
    return [unquote_plus(key) for key in keys] if is_encoded else keys


def _not_a_listing(reason: str) -> PurgemapError:
    return PurgemapError(f"the listing is not JSON of `aws s3api list-objects-v2`: {reason}")
