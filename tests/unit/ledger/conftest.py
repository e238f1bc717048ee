"""A site of the ledger."""

import pytest

from conftest import LoadMap
from support.ledger_site import MAP, LedgerSite


@pytest.fixture
def site(map_from_yaml: LoadMap) -> LedgerSite:
    return LedgerSite(map_from_yaml(MAP))
