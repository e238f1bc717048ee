"""S3 clients with a bucket that `purgemap deploy` cannot use."""

import io
import zipfile
from typing import Any

from botocore.exceptions import ClientError


class ForeignBucket:
    """The artifact bucket's name, taken by another account."""

    def head_bucket(self, **request: Any) -> Any:
        assert request["ExpectedBucketOwner"] == "123456789012"
        raise ClientError({"Error": {"Code": "403", "Message": "Forbidden"}}, "HeadBucket")


class OtherVersionBucket:
    """A bucket whose zips another version of purgemap built."""

    def get_object(self, **_: Any) -> Any:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("routes.json", '{"compiled": 0}')
        packed.seek(0)
        return {"Body": packed}
