"""Whole deploys with a ledger: an upload that changes nothing is free, and the table replaces a listing."""

import pytest

from conftest import LoadMap
from purgemap.planning import collateral, plan
from support.generated_deploys import Deploy, generated_deploys
from support.ids import E1
from support.ledger_site import BUCKET, LedgerSite

MAP = f"{{version: 1, routes: [{{name: all, bucket: {BUCKET}, distributions: [{E1}], skip_unchanged: true}}]}}"

DEPLOYS = generated_deploys()
every_deploy = pytest.mark.parametrize("deploy", DEPLOYS, ids=[deploy.name for deploy in DEPLOYS])


def uploaded_site(map_from_yaml: LoadMap, deploy: Deploy) -> LedgerSite:
    """Upload all objects of a deploy's site, each of which is recorded."""
    site = LedgerSite(map_from_yaml(MAP))
    result = site.process(*[site.upload(key, "before") for key in (*deploy.changed, *deploy.unchanged)])
    assert result.ledger is not None
    assert result.ledger.recorded == len(deploy.changed) + len(deploy.unchanged)
    return site


@pytest.mark.parametrize("deploy", DEPLOYS[:8:3], ids=[deploy.name for deploy in DEPLOYS[:8:3]])
def test_unchanged_upload_of_whole_site_only_reads(deploy: Deploy, map_from_yaml: LoadMap) -> None:
    site = uploaded_site(map_from_yaml, deploy)
    keys = [*deploy.changed, *deploy.unchanged]
    site.process(*[site.upload(key, "before") for key in keys])
    ids = [(BUCKET, key) for key in keys]
    assert site.cloudfront.calls == []
    # The tracking is read again after five minutes.
    calls = [(name, sorted(read)) for name, read in site.table.calls if name != "read_tracking"]
    assert calls == [("read", sorted(ids))]
    assert sorted(id_ for call in site.heads.calls for id_ in call) == sorted(ids)


@every_deploy
def test_ledger_evicts_what_a_listing_would(deploy: Deploy, map_from_yaml: LoadMap) -> None:
    site, listing = uploaded_site(map_from_yaml, deploy), deploy.listing()
    site.process(*[site.upload(key, "after" if key in deploy.changed else "before") for key in deploy.changed])
    sent = [item for _, items, _ in site.cloudfront.calls for item in items]
    planned = plan(deploy.scopes(), max_paths=150, max_wildcards=10, listing=listing)
    assert collateral(sent, listing) == collateral([item for request in planned for item in request], listing)
