"""Fixtures of the embedded AWS: a test module names this one in `pytest_plugins`."""

from collections.abc import Iterator

import pytest

from purgemap.demo.local_aws import LocalAws, start_local_aws
from support.local_site import Site


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    with start_local_aws() as running:
        yield running


@pytest.fixture
def site(aws: LocalAws) -> Site:
    return Site(aws)
