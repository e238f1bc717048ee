"""Fixtures of boto3's clients for the CloudFront double: a test module names this one in `pytest_plugins`."""

from types import SimpleNamespace

import boto3
import pytest
from botocore.config import Config

from support.double_over_http import Client, Session


@pytest.fixture(scope="module")
def connect() -> Session:
    """Create clients of one session, which reads CloudFront's model once."""
    session = boto3.Session(region_name="us-east-1")

    def client(url: str, key_id: str = "central", *, attempts: int = 2, read_timeout: float = 3_600) -> Client:
        retries = {"mode": "standard", "total_max_attempts": attempts}
        return session.client(
            "cloudfront",
            endpoint_url=url,
            aws_access_key_id=key_id,
            aws_secret_access_key="secret",
            config=Config(retries=retries, read_timeout=read_timeout),
        )

    return client


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let botocore retry at once, and only botocore."""
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))
