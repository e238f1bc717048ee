"""An object's s3:// URI → its bucket and its key."""

from purgemap.errors import PurgemapError

SCHEME = "s3://"


def parse_s3_uri(uri: str) -> tuple[str, str]:
    """Split s3://BUCKET/KEY, whose key is taken as it stands, never decoded; raises PurgemapError."""
    bucket, _, key = uri.removeprefix(SCHEME).partition("/")
    if not uri.startswith(SCHEME) or not bucket or not key:
        raise PurgemapError(f"{uri!r} is not s3://BUCKET/KEY")
    try:
        uri.encode()
    except UnicodeEncodeError:
        raise PurgemapError(f"{uri!r} is not UTF-8: S3 has no such object") from None
    return bucket, key
