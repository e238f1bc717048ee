"""`purgemap init --discover` on the embedded AWS: the map of an account in an empty folder."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from purgemap.cli.check import check
from purgemap.cli.init import init
from purgemap.demo.local_aws import LocalAws, start_local_aws
from purgemap.errors import PurgemapError
from support.commands import invoke
from support.distributions import distribution, origin

NEEDED_ROLE = "the function needs the role arn:aws:iam::222222222222:role/purgemap; the member stack creates it"


@pytest.fixture
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalAws]:
    monkeypatch.chdir(tmp_path)
    with start_local_aws() as running:
        yield running


def create_distribution(aws: LocalAws, *buckets: str, account: str = "123456789012") -> None:
    config = distribution([origin(bucket) for bucket in buckets], aliases=[f"{buckets[0]}.example.com"])
    aws.client("cloudfront", account).create_distribution(DistributionConfig=config)


def test_init_writes_the_map_of_the_account(aws: LocalAws) -> None:
    create_distribution(aws, "acme-www")
    create_distribution(aws, "acme-docs", account="222222222222")
    role = "arn:aws:iam::222222222222:role/reader"
    result = invoke(init, "--discover", "--role-arn", role, "--json")
    assert json.loads(result.stdout) == {
        "map": "config/routes.yaml",
        "schema": "config/routes.schema.json",
        "distributions": 2,
        "buckets": 2,
        "undecided": [{"where": "account 222222222222", "message": NEEDED_ROLE}],
        "next": ["purgemap check", f"purgemap doctor --role-arn {role}", "purgemap deploy --enable-notifications"],
    }
    text = Path("config/routes.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=routes.schema.json\n# purgemap discover: 2 distributions")
    assert invoke(check).output == "config/routes.yaml: 2 routes, 2 distributions, 0 tests: fine\n"


def test_init_writes_pipelines_for_the_discovered_map(aws: LocalAws) -> None:
    create_distribution(aws, "acme-www")
    document = json.loads(invoke(init, "--discover", "--github", "--source", "0.1.0", "--json").stdout)
    assert (document["distributions"], document["schema"]) == (1, "config/routes.schema.json")
    assert all(Path(file).is_file() for file in document["pipelines"])
    assert "acme-www" in Path("config/routes.yaml").read_text()
    again = invoke(init, "--discover", "--github", "--source", "0.1.0")
    assert str(again.exception).startswith("config/routes.yaml exists and is not overwritten")


@pytest.mark.usefixtures("aws")
def test_init_without_distributions_writes_nothing() -> None:
    result = invoke(init, "--discover")
    assert isinstance(result.exception, PurgemapError)
    assert str(result.exception) == (
        "no route was discovered (there are no distributions); without --discover, init writes an example to edit"
    )
    assert list(Path().iterdir()) == []
