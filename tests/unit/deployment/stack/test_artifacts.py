"""Artifacts: the bucket for them, their addresses, and the deployed map."""

from typing import Any

import pytest

from purgemap.deployment.stack.artifacts import ensure_artifact_bucket, load_deployed_map, object_url
from purgemap.deployment.stack.stack import Stack
from purgemap.errors import PurgemapError
from support.doubles.artifacts import ForeignBucket, OtherVersionBucket


def test_artifact_bucket_of_another_account_is_refused() -> None:
    s3: Any = ForeignBucket()
    with pytest.raises(PurgemapError, match="belongs to somebody else, or you have no permission"):
        ensure_artifact_bucket(s3, "123456789012", "eu-west-1")


def test_deployed_map_of_another_version_is_refused() -> None:
    stack = Stack("stack", "CREATE_COMPLETE", {"CodeBucket": "b", "CodeKey": "k"}, {})
    with pytest.raises(PurgemapError, match="another version of purgemap compiled it"):
        load_deployed_map(OtherVersionBucket(), stack)


def test_object_url_fits_cloudformation_in_every_partition() -> None:
    assert object_url("eu-west-1", "a.b", "k.yaml") == "https://s3.eu-west-1.amazonaws.com/a.b/k.yaml"
    assert object_url("cn-north-1", "b", "k.yaml") == "https://s3.cn-north-1.amazonaws.com.cn/b/k.yaml"
