"""The embedded AWS as fixtures: a test module names this one in `pytest_plugins`."""

from collections.abc import Iterator

import pytest

from embedded_site import Site
from purgemap.embedded.aws import EmbeddedAws, embedded_aws


@pytest.fixture
def aws() -> Iterator[EmbeddedAws]:
    with embedded_aws() as running:
        yield running


@pytest.fixture
def site(aws: EmbeddedAws) -> Site:
    return Site(aws)
