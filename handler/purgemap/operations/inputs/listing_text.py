"""The text of a listing, as AWS's tools print it → the keys of each bucket."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote_plus

from purgemap.errors import PurgemapError
from purgemap.events import ObjectChange
from purgemap.operations.inputs.json_events import is_json
from purgemap.text import S3_SCHEME, parse_s3_uri

# `aws s3 ls` pads a size to ten characters; the key begins after one space, and may begin with more of them.
# https://github.com/aws/aws-cli/blob/develop/awscli/customizations/s3/subcommands.py
_DATE = r"\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)? "
_LS_LINE = re.compile(rf"(?:{_DATE}| +PRE ).*", re.DOTALL)
_LS_FOLDER = re.compile(r" +PRE .*", re.DOTALL)
_LS_OBJECT = re.compile(rf"{_DATE}(?P<size> *\d+) (?P<key>.+)", re.DOTALL)
_LS_HUMAN = re.compile(rf"{_DATE}(?P<size> *[\d.]+ (?:Bytes?|[KMGTPE]iB)) (?P<key>.+)", re.DOTALL)
_LS_SUMMARY = re.compile(r"Total Objects: \d+| +Total Size: .*")
_LS_SIZE_WIDTH = 10

_FOREIGN_LINES = (
    (
        re.compile(r".*\t", re.DOTALL),
        'holds a tab: with --query "Contents[].[Key]" --output text there is one key a line',
    ),
    (re.compile(r".*\0", re.DOTALL), "holds a NUL character, as UTF-16 does"),
    (re.compile(r"\s*<(?:\?xml|ListBucketResult|ListVersionsResult)\b"), "is XML"),
    (re.compile(r'"[^"]*","'), "is CSV"),
)

# Keys of the JSON that `aws s3api` prints beside objects; an empty bucket's has only these.
_EMPTY_BUCKET = {"RequestCharged", "Prefix", "KeyCount", "MaxKeys", "Name", "Marker", "EncodingType", "IsTruncated"}

# What S3 leaves of a key with EncodingType url: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
_ENCODED_KEY = re.compile(r"(?:[A-Za-z0-9._~*/+-]|%[0-9A-Fa-f]{2})*")

_INSTEAD = "make it with `aws s3api list-objects-v2 --bucket BUCKET`"


def parse_listing(text: str, bucket: str | None, changes: Iterable[ObjectChange] = ()) -> dict[str, list[str]]:
    """Parse a listing into keys by bucket; `bucket` is the one of keys that name none.

    A listing has s3:// URIs or keys, one a line, lines of `aws s3 ls --recursive`, or the JSON of `aws s3api`
    list-objects, list-objects-v2 or list-object-versions. Only JSON can state that a bucket is empty: an empty text is
    also what a failed command leaves. Raises PurgemapError for anything else, for keys without a bucket, and for a
    listing that was made with a prefix which a change lies outside of.
    """
    start = text.lstrip()[:1]
    if start == "{" or (start == "[" and is_json(text)):  # a key may begin with a bracket, too
        answer = _parse_answer(text)
        of_bucket = _text(answer, "Name") or _named(bucket)
        _check_prefix(answer, (change.key for change in changes if change.bucket == of_bucket))
        return {of_bucket: _answer_keys(answer)}
    lines = [
        (number, line.removesuffix("\r").removeprefix("\ufeff")) for number, line in enumerate(text.split("\n"), 1)
    ]
    lines = [(number, line) for number, line in lines if line]
    # A key may look like one of these lines, as ` PRE (Phasers).html` does; `aws s3 ls` prints hardly any others.
    objects = sum(bool(_LS_LINE.fullmatch(line)) for _, line in lines)
    others = sum(not _LS_LINE.fullmatch(line) and not _LS_SUMMARY.fullmatch(line) for _, line in lines)
    if objects > others:
        return {_named(bucket): _ls_keys(lines)}
    keys_by_bucket: dict[str, list[str]] = defaultdict(list)
    for number, line in lines:
        of_bucket, key = _parse_line(line, number, bucket)
        keys_by_bucket[of_bucket].append(key)
    return dict(keys_by_bucket)


def _parse_line(line: str, number: int, bucket: str | None) -> tuple[str, str]:
    for pattern, what in _FOREIGN_LINES:
        if pattern.match(line):
            raise PurgemapError(f"line {number} of the listing {what}; {_INSTEAD}")
    if not line.startswith(S3_SCHEME):
        return _named(bucket), line
    try:
        return parse_s3_uri(line)
    except PurgemapError as error:
        raise PurgemapError(f"line {number}: {error}") from None


def _named(bucket: str | None) -> str:
    if bucket is None:
        raise PurgemapError("the listing names no bucket, and the changes are not all in one; name it with --bucket")
    return bucket


def _ls_keys(lines: Sequence[tuple[int, str]]) -> list[str]:
    """Parse the output of `aws s3 ls --recursive`, which alone prints whole keys."""
    keys = []
    for number, line in lines:
        key = _ls_key(line)
        if key is not None:
            keys.append(key)
        elif _LS_FOLDER.fullmatch(line):
            raise PurgemapError(f"line {number} of the listing is a folder of `aws s3 ls`: list with --recursive")
        elif not _LS_SUMMARY.fullmatch(line):
            raise PurgemapError(f"line {number} of the listing is not an object of `aws s3 ls --recursive`; {_INSTEAD}")
    # Without --recursive `aws s3 ls` prints names without their folder, so never a slash.
    if not any("/" in key for key in keys):
        raise PurgemapError(f"the listing's lines of `aws s3 ls` may be names without their folder; {_INSTEAD}")
    return keys


def _ls_key(line: str) -> str | None:
    exact, human = _LS_OBJECT.fullmatch(line), _LS_HUMAN.fullmatch(line)
    if exact and (human is None or len(exact["size"]) >= _LS_SIZE_WIDTH):
        return exact["key"]
    return human["key"] if human else None


def _parse_answer(text: str) -> Mapping[str, Any]:
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _not_a_listing(str(error)) from None
    if not isinstance(answer, dict):
        raise _not_a_listing("it is a list; leave --query away")
    if not answer.keys() & {"Contents", "Versions", "DeleteMarkers"} and not answer.keys() & _EMPTY_BUCKET:
        raise _not_a_listing("it has no Contents")
    if answer.get("IsTruncated") or answer.get("NextToken"):
        # What comes after the cut would count as not there.
        raise PurgemapError("the listing is cut short: make it without --max-items and --no-paginate")
    if answer.get("CommonPrefixes"):
        raise PurgemapError("the listing leaves out what is in folders: make it without --delimiter")
    return answer


def _text(answer: Mapping[str, Any], name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str | None):
        raise _not_a_listing(f"its {name} is not text")
    return value or ""


def _check_prefix(answer: Mapping[str, Any], keys: Iterable[str]) -> None:
    prefix = _text(answer, "Prefix")
    for key in keys:
        if not key.startswith((prefix, unquote_plus(prefix))):
            raise PurgemapError(f"the listing is made with --prefix, and {key!r} changed outside it; make it without")


def _answer_keys(answer: Mapping[str, Any]) -> list[str]:
    versions = _entries(answer, "Versions")
    if not all(isinstance(version.get("IsLatest"), bool) for version in versions):
        raise _not_a_listing("an entry of its Versions has no IsLatest")
    keys = [_key(entry, "Contents") for entry in _entries(answer, "Contents")]
    keys += [_key(version, "Versions") for version in versions if version["IsLatest"]]
    return list(_decoded(keys)) if answer.get("EncodingType") == "url" else keys


def _entries(answer: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    entries = answer.get(name, [])
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


def _decoded(keys: Iterable[str]) -> Iterator[str]:
    """Decode keys, unless the AWS CLI has done so: without --encoding-type it decodes them and keeps the field."""
    keys = list(keys)
    is_encoded = all(_ENCODED_KEY.fullmatch(key) for key in keys)
    return (unquote_plus(key) if is_encoded else key for key in keys)


def _not_a_listing(reason: str) -> PurgemapError:
    return PurgemapError(f"the listing is not JSON of `aws s3api list-objects-v2`: {reason}")
