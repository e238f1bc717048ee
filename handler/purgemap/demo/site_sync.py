"""A folder → a bucket that holds the same: only what changed goes up, what went is deleted."""

import hashlib
import mimetypes
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeAlias

from purgemap.errors import PurgemapError

Content: TypeAlias = Path | bytes  # a file, or what stands in its place

# moto reads and lists keys as XML 1.0, which has no place for these: https://www.w3.org/TR/xml/#charsets
_NOT_IN_XML = re.compile(r"[\x00-\x1f\ufffe\uffff]")

_THREADS = 8
_DELETE_AT_ONCE = 1000  # S3's limit of one call


def read_folder(folder: Path) -> dict[str, Content]:
    """Find the files of a folder, each under the key that it gets; raises PurgemapError for what can't be uploaded."""
    if not folder.is_dir():
        raise PurgemapError(f"{folder}: no folder is there; give a site's folder with --site")
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    if not files:
        raise PurgemapError(f"{folder}: it holds no files; give a site's folder with --site")
    return {_key(folder, file): file for file in files}


def _key(folder: Path, file: Path) -> str:
    key = file.relative_to(folder).as_posix()
    try:
        key.encode()
    except UnicodeEncodeError:
        raise PurgemapError(f"{folder}: the name {key!r} isn't UTF-8, and S3 takes no other; rename the file") from None
    if _NOT_IN_XML.search(key):
        raise PurgemapError(
            f"{folder}: the name {key!r} has a control character, which the demo cannot store; rename it"
        )
    return key


def list_bucket(s3: Any, bucket: str) -> dict[str, str]:
    """Read the ETag of every object of a bucket, by key."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return {item["Key"]: item["ETag"].strip('"') for page in pages for item in page.get("Contents", [])}


def sync(s3: Any, bucket: str, wanted: Mapping[str, Content]) -> None:
    """Make a bucket hold what is wanted."""
    present = list_bucket(s3, bucket)

    def upload(key: str) -> None:
        body = read_content(wanted[key])
        if present.get(key) != hashlib.md5(body, usedforsecurity=False).hexdigest():
            kind = mimetypes.guess_type(key)[0] or "application/octet-stream"
            s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=kind)

    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(upload, wanted))
    _delete(s3, bucket, [key for key in present if key not in wanted])


def read_content(content: Content) -> bytes:
    """Read a file, or return what is given in its place; raises PurgemapError."""
    try:
        return content.read_bytes() if isinstance(content, Path) else content
    except OSError as error:
        raise PurgemapError(f"{content!s}: cannot be read: {error.strerror}") from None


def _delete(s3: Any, bucket: str, keys: list[str]) -> None:
    for start in range(0, len(keys), _DELETE_AT_ONCE):
        objects = [{"Key": key} for key in keys[start : start + _DELETE_AT_ONCE]]
        s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
