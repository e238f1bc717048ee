"""Upload the function's zip and the template, and read the deployed map back from its zip."""

import base64
import hashlib
import io
import json
import zipfile
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from purgemap.aws import error_code
from purgemap.deployment.package import ROUTES_FILE
from purgemap.deployment.stack.clients import Clients
from purgemap.deployment.stack.stack import Stack
from purgemap.errors import PurgemapError
from purgemap.routemap import READABLE_VERSIONS, RouteMap, empty_map

_MISSING = {"404", "NoSuchKey", "NoSuchBucket", "NotFound"}


def ensure_artifact_bucket(s3: Any, account: str, region: str) -> str:
    """Return purgemap's artifact bucket of an account and region; creates it if it does not exist.

    Raises PurgemapError for a bucket of another account.
    """
    bucket = f"purgemap-artifacts-{account}-{region}"
    try:
        # The name can be guessed, so another account may own the bucket.
        s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=account)
    except ClientError as error:
        if error_code(error) not in _MISSING:
            raise PurgemapError(
                f"the bucket {bucket} belongs to somebody else, or you have no permission for it; name a bucket of "
                "yours with --artifact-bucket"
            ) from error
        _create_bucket(s3, bucket, region)
    return bucket


def _create_bucket(s3: Any, bucket: str, region: str) -> None:
    # us-east-1 is the one region that must not be named: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
    location = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=bucket, ObjectOwnership="BucketOwnerEnforced", **location)
    blocks = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=dict.fromkeys(blocks, True))
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})


def upload_artifacts(clients: Clients, bucket: str, archive: bytes, template: str) -> tuple[str, str]:
    """Upload the zip and the template; returns the zip's key and the template's URL."""
    code_key = _upload(clients.s3, bucket, archive, "zip")
    return code_key, object_url(clients.region, bucket, _upload(clients.s3, bucket, template.encode(), "yaml"))


def _upload(s3: Any, bucket: str, data: bytes, extension: str) -> str:
    """Upload an artifact under its digest, unless it exists; returns the key."""
    # CloudFormation detects new code only by a new key, and a rollback needs the code under the old one.
    key = f"purgemap/{hashlib.sha256(data).hexdigest()}.{extension}"
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        # Without permission to list the bucket, S3 answers 403 for a missing object.
        if error_code(error) not in _MISSING | {"403"}:
            raise
        s3.put_object(Bucket=bucket, Key=key, Body=data)
    return key


def object_url(region: str, bucket: str, key: str) -> str:
    """Build an object's URL as CloudFormation requires it."""
    # The bucket is part of the path: a TLS certificate does not match a host with a dotted bucket name.
    return f"https://s3.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}/{bucket}/{key}"


class DeployedZip(NamedTuple):
    """The map in a stack's zip, and the zip's SHA-256 digest in base 64, as Lambda has it."""

    route_map: RouteMap
    sha256: str


class UnreadableZipError(PurgemapError):
    """A stack's zip that can't be read back; the message is the reason."""


def read_deployed_zip(s3: Any, stack: Stack) -> DeployedZip:
    """Read the zip of a stack back; raises UnreadableZipError."""
    bucket, key = (stack.parameters.get(name, "") for name in ("CodeBucket", "CodeKey"))
    try:
        archive = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        document = json.loads(zipfile.ZipFile(io.BytesIO(archive)).read(ROUTES_FILE))
    except (ClientError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise UnreadableZipError(f"s3://{bucket}/{key}: {error}") from error
    if document.get("compiled") not in READABLE_VERSIONS:
        raise UnreadableZipError("another version of purgemap compiled it")
    return DeployedZip(RouteMap(document), base64.b64encode(hashlib.sha256(archive).digest()).decode())


def load_deployed_map(s3: Any, stack: Stack | None) -> RouteMap:
    """Load the map of a stack from its zip; the empty map for no stack. Raises PurgemapError."""
    if stack is None or not stack.parameters.get("CodeBucket"):
        return empty_map()
    try:
        return read_deployed_zip(s3, stack).route_map
    except UnreadableZipError as error:
        raise PurgemapError(
            f"--refresh compares with the map that is deployed, and that can't be read back ({error}); deploy without "
            "--refresh, and invalidate the added sites by hand"
        ) from error
