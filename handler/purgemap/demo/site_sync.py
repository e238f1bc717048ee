"""Synchronize a folder into a bucket: upload changed files, delete objects that are gone."""

import hashlib
import mimetypes
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeAlias

from purgemap.errors import PurgemapError

Content: TypeAlias = Path | bytes  # a file, or its content

# moto reads and lists keys as XML 1.0, which excludes these characters: https://www.w3.org/TR/xml/#charsets
_NOT_IN_XML = re.compile(r"[\x00-\x1f\ufffe\uffff]")

_THREADS = 8
_MAX_DELETIONS_PER_CALL = 1000  # S3's limit


def read_folder(folder: Path) -> dict[str, Content]:
    """Find a folder's files by key; raises PurgemapError for a name that cannot be uploaded."""
    if not folder.is_dir():
        raise PurgemapError(f"{folder}: not a folder; give a site's folder with --site")
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    if not files:
        raise PurgemapError(f"{folder}: the folder has no files; give a site's folder with --site")
    return {_key(folder, file): file for file in files}


def _key(folder: Path, file: Path) -> str:
    key = file.relative_to(folder).as_posix()
    try:
        key.encode()
    except UnicodeEncodeError:
        raise PurgemapError(f"{folder}: the name {key!r} is not UTF-8, which S3 requires; rename the file") from None
    if _NOT_IN_XML.search(key):
        raise PurgemapError(
            f"{folder}: the name {key!r} has a control character, which the demo cannot store; rename it"
        )
    return key


def list_bucket(s3: Any, bucket: str) -> dict[str, str]:
    """Read the ETag of every object of a bucket, by key."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return {item["Key"]: item["ETag"].strip('"') for page in pages for item in page.get("Contents", [])}


def sync(s3: Any, bucket: str, site: Mapping[str, Content], *, uploads_all: bool = False) -> None:
    """Make a bucket hold exactly the site's objects; `uploads_all` is whether it also uploads those that it has."""
    etags = list_bucket(s3, bucket)

    def upload(key: str) -> None:
        body = read_content(site[key])
        # The ETag of an object that was uploaded in one part is its MD5.
        if uploads_all or etags.get(key) != hashlib.md5(body, usedforsecurity=False).hexdigest():
            content_type = mimetypes.guess_type(key)[0] or "application/octet-stream"
            s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type)

    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(upload, site))
    _delete(s3, bucket, [key for key in etags if key not in site])


def read_content(content: Content) -> bytes:
    """Return a file's content, or the content itself; raises PurgemapError."""
    try:
        return content.read_bytes() if isinstance(content, Path) else content
    except OSError as error:
        raise PurgemapError(f"{content!s}: cannot be read: {error.strerror}") from None


def _delete(s3: Any, bucket: str, keys: list[str]) -> None:
    for start in range(0, len(keys), _MAX_DELETIONS_PER_CALL):
        objects = [{"Key": key} for key in keys[start : start + _MAX_DELETIONS_PER_CALL]]
        s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
