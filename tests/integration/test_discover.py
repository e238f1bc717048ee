"""`purgemap discover` on the embedded AWS: the real command over HTTP, judged by an independent oracle."""

import itertools
import json
import re
from pathlib import Path

import pytest
import yaml
from click.testing import Result
from moto.sts.responses import TokenResponse
from werkzeug.exceptions import Forbidden

from purgemap.cli.main import purgemap_command
from purgemap.demo.local_aws import LocalAws
from purgemap.demo.moto_patches.cloudfront import rename_distribution
from purgemap.errors import PurgemapError
from purgemap.operations import explain_change
from purgemap.routemap import load_map
from support.commands import invoke
from support.distributions import deny, distribution, origin
from support.documents import read_document
from support.estates import MEMBER, ROLE, create_estate

pytest_plugins = ["support.local_aws_fixtures"]


def run(*arguments: object) -> Result:
    result = invoke(purgemap_command, *arguments)
    assert result.exception is None, result.exception
    return result


def create(aws: LocalAws, bucket: str, *aliases: str, account: str = "123456789012") -> str:
    config = distribution([origin(bucket)], aliases=aliases)
    answer = aws.client("cloudfront", account).create_distribution(DistributionConfig=config)
    return str(answer["Distribution"]["Id"])


def test_discover_names_every_path_of_every_object(aws: LocalAws, tmp_path: Path) -> None:
    estate, file = create_estate(aws), tmp_path / "routes.yaml"
    assert len(estate.keys) == 40
    document = json.loads(run("discover", "--role-arn", ROLE, "--output", file, "--json").stdout)
    # 54 distributions, and 12 tenants of 6 others.
    assert (document["distributions"], document["buckets"]) == (66, 38)
    assert document["map"] == file.read_text()
    run("check", file)
    route_map = load_map(file)
    marked = {str(route_map.distribution(name).id) for name in marked_names(document["map"])}  # type: ignore[union-attr]
    assert len(marked) == 6
    for bucket, keys in estate.keys.items():
        for key in keys:
            sent = dict(explain_change(route_map, bucket, key, "created").invalidations)
            for id_ in estate.configs:
                items, expected = set(sent.get(id_, ())), estate.oracle(id_).items(bucket, key)
                assert items >= expected if id_ in marked else items == expected, (bucket, key, id_)


def marked_names(text: str) -> set[str]:
    """Return the distributions of the routes whose comment says that they send more than they have to."""
    routes = re.split(r"\n(?=  #|  - bucket)", text)
    marked = [route for before, route in itertools.pairwise(routes) if "# also sends" in before]
    return {name for route in marked for name in yaml.safe_load(route)[0]["distributions"]}


def test_explain_prints_the_paths_of_a_discovered_map(aws: LocalAws, tmp_path: Path) -> None:
    id_, file = create(aws, "acme-www", "www.example.com"), tmp_path / "routes.yaml"
    file.write_text(run("discover").stdout)
    document = json.loads(run("explain", "s3://acme-www/index.html", "--routes", file, "--json").stdout)
    assert document["invalidations"] == [{"distribution": id_, "items": ["/", "/index.html"]}]


def test_discover_prints_the_map_of_its_document(aws: LocalAws) -> None:
    configs = [
        distribution([origin("acme-sites", f"/sites/{name}")], aliases=[f"{name}.example.org"])
        for name in ("acme", "initech")
    ]
    for number, config in enumerate(configs, start=1):
        answer = aws.client("cloudfront").create_distribution(DistributionConfig=config)
        new = f"E{number}EXAMPLE{number}ABCD"
        rename_distribution(account_id="123456789012", old=answer["Distribution"]["Id"], new=new)
    assert f"```yaml\n{run('discover').stdout}```" in read_document("config/README.md")


def test_discover_never_overwrites_a_file(aws: LocalAws, tmp_path: Path) -> None:
    create(aws, "acme-www")
    file = tmp_path / "new" / "routes.yaml"
    run("discover", "--output", file)
    text = file.read_text()
    result = invoke(purgemap_command, "discover", "--output", file)
    assert isinstance(result.exception, PurgemapError)
    assert str(result.exception) == f"{file} exists and is not overwritten; name another file, or remove it"
    assert file.read_text() == text


def test_discover_prints_the_part_that_a_map_lacks(aws: LocalAws, tmp_path: Path) -> None:
    create(aws, "acme-www", "www.example.com")
    run("discover", "--output", tmp_path / "routes/old.yaml")
    id_ = create(aws, "acme-docs", "docs.example.com")
    run("discover", "--new", "--routes", tmp_path / "routes", "--output", tmp_path / "routes/new.yaml")
    part = yaml.safe_load((tmp_path / "routes/new.yaml").read_text())
    assert part["distributions"] == {"docs.example.com": {"id": id_}}
    assert part["routes"] == [{"bucket": "acme-docs", "distributions": ["docs.example.com"]}]
    assert run("check", tmp_path / "routes").return_value == 0
    nothing = run("discover", "--new", "--routes", tmp_path / "routes", "--output", tmp_path / "nothing.yaml")
    assert (nothing.stdout, nothing.stderr) == ("", "nothing found: the map lacks nothing\n")
    assert not (tmp_path / "nothing.yaml").exists()


def test_discover_finds_nothing_in_an_empty_account(aws: LocalAws, tmp_path: Path) -> None:
    assert aws
    result = run("discover", "--output", tmp_path / "routes.yaml")
    assert result.stderr == "nothing found: no S3 origin is known; to read other accounts, pass --role-arn\n"
    assert not (tmp_path / "routes.yaml").exists()
    assert json.loads(run("discover", "--json").stdout) == {
        "distributions": 0,
        "buckets": 0,
        "routes": [],
        "undecided": [],
        "map": "# purgemap discover: 0 distributions and 0 buckets of account 123456789012\nversion: 1\n",
    }


def test_discover_needs_no_permission_but_list(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    create(aws, "acme-www", "www.example.com")
    deny(monkeypatch, "cloudfront:get_distribution_config")
    result = run("discover", "--json")
    document = json.loads(result.stdout)
    (undecided,) = document["undecided"]
    assert "not read: needs cloudfront:GetDistributionConfig" in undecided["message"]
    assert "# not decided: the default root object is not read" in document["map"]
    assert undecided["message"] in result.stderr
    deny(monkeypatch, "cloudfront:list_distributions")
    document = json.loads(run("discover", "--json").stdout)
    assert (document["distributions"], document["routes"]) == (0, [])
    assert "needs cloudfront:ListDistributions" in document["undecided"][0]["message"]


def test_discover_names_accounts_that_it_cannot_enter(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    create(aws, "acme-www")

    def refuse(_response: object) -> tuple[int, dict[str, str], str]:
        raise Forbidden("<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>")

    monkeypatch.setattr(TokenResponse, "assume_role", refuse)
    document = json.loads(run("discover", "--role-arn", ROLE, "--json").stdout)
    assert document["distributions"] == 1
    (undecided,) = document["undecided"]
    assert undecided["where"] == f"account {MEMBER}"
    assert "a role can't be assumed: AssumeRole: AccessDenied" in undecided["message"]


@pytest.mark.parametrize("text", ["", "role/read", "arn:aws:iam::1:role/x", "arn:aws:iam::123456789012:user/x"])
def test_discover_refuses_what_is_not_a_role(text: str) -> None:
    result = invoke(purgemap_command, "discover", "--role-arn", text)
    assert "is not a role's ARN" in str(result.exception)
