"""The map of some accounts: names, roles, tenants, captures, doubts; and the part that a map lacks."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from purgemap.aws.inspection import AccountConfigs, CloudFrontTenant, NotRead
from purgemap.operations.check import check_map
from purgemap.operations.discovery import Discovery, discover_map
from purgemap.operations.preview import preview_change
from purgemap.routemap.load import load_map
from support.discovered import account_configs, items_of
from support.distributions import behavior, distribution, origin

E1, E2, E3, E4 = (f"E{number}EXAMPLE{number}ABCD" for number in range(1, 5))
MEMBER = "222222222222"
ACCESS_POINT = "point-1.s3-accesspoint.us-east-1.amazonaws.com"
READER = f"arn:aws:iam::{MEMBER}:role/operators/read"


def discover(configs: dict[str, Any], *accounts: AccountConfigs, **settings: Any) -> Discovery:
    return discover_map([account_configs(configs, **settings), *accounts])


def parsed(discovery: Discovery) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(discovery.text)
    return document


def names(discovery: Discovery) -> dict[str, str]:
    return {entry.get("id") or entry["tenant"]: name for name, entry in parsed(discovery)["distributions"].items()}


def site(bucket: str, *aliases: str, **settings: Any) -> dict[str, Any]:
    return distribution([origin(bucket, settings.pop("path", ""))], aliases=aliases, **settings)


def test_names_are_aliases_and_cloudfronts_own_domains() -> None:
    configs = {
        E1: site("acme-1", "*.example.com", "www.example.com"),
        E2: site("acme-2", "*.example.org"),
        E3: site("acme-3"),
        E4: site("acme-4", "Straße.de"),
    }
    assert names(discover(configs)) == {
        E1: "www.example.com",
        E2: "wildcard.example.org",
        E3: f"{E3.lower()}.cloudfront.net",
        E4: "stra-e.de",
    }


def test_equal_names_have_their_ids() -> None:
    configs = {E1: site("acme-1", "www.example.com"), E2: site("acme-2", "www.example.com")}
    expected = {E1: f"www.example.com-{E1.lower()}", E2: f"www.example.com-{E2.lower()}"}
    assert names(discover(configs)) == names(discover(dict(reversed(configs.items())))) == expected


@pytest.mark.parametrize(
    "comment",
    ["two\nlines: [", '"quoted" # and more', "\x1b[31mred\x00", "emoji 😀 and \u202e", "x" * 128, "- a: b", "'"],
)
def test_comment_of_a_distribution_stays_a_comment(comment: str, tmp_path: Path) -> None:
    discovery = discover({E1: site("acme-www", "www.example.com", Comment=comment)})
    assert parsed(discovery)["distributions"] == {"www.example.com": {"id": E1}}
    assert all(line.isprintable() for line in discovery.text.splitlines())
    assert items_of(discovery, tmp_path)("acme-www", "a.css") == {E1: ("/a.css",)}


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/a b", "a b/x"),
        ("/a%20b", "a b/x"),
        ("/{site}", "{site}/x"),
        ('/"\\', '"\\/x'),
        ("/true", "true/x"),
        ("/#", "#/x"),
        ("/é\u2028", "é\u2028/x"),
    ],
)
def test_origin_path_is_that_of_the_keys(path: str, key: str, tmp_path: Path) -> None:
    items = items_of(discover({E1: site("acme-www", "www.example.com", path=path)}), tmp_path)
    assert items("acme-www", key) == {E1: ("/x",)}
    assert items("acme-www", key.replace("/", "other/", 1)) == {}


@pytest.mark.parametrize("bucket", ["123456789012", "true", "null", "1e5", "0x1f", "on-off", "12.5", "www.acme.com"])
def test_bucket_stays_a_text_in_yaml(bucket: str, tmp_path: Path) -> None:
    items = items_of(discover({E1: site(bucket, f"{bucket}.example.com")}), tmp_path)
    assert items(bucket, "x.css") == {E1: ("/x.css",)}


def test_several_distributions_of_a_bucket_share_a_route(tmp_path: Path) -> None:
    discovery = discover({E1: site("acme-www", "a.example.com"), E2: site("acme-www", "b.example.com")})
    assert discovery.routes == ({"bucket": "acme-www", "distributions": ["a.example.com", "b.example.com"]},)
    assert items_of(discovery, tmp_path)("acme-www", "x.css") == {E1: ("/x.css",), E2: ("/x.css",)}


def test_regular_names_become_a_capture(tmp_path: Path) -> None:
    configs = {
        id_: site("acme-sites", f"{name}.example.com", path=f"/sites/{name}")
        for id_, name in {E1: "acme", E2: "initech", E3: "hooli"}.items()
    }
    discovery = discover(configs)
    assert discovery.routes == (
        {
            "bucket": "acme-sites",
            "prefix": "sites/{site}/",
            "distributions": ["{site}.example.com"],
            "origin_path": "/sites/{site}",
        },
    )
    items = items_of(discovery, tmp_path)
    assert items("acme-sites", "sites/hooli/index.html") == {E3: ("/", "/index.html")}
    assert items("acme-sites", "sites/other/index.html") == {}


def test_capture_never_names_another_distribution(tmp_path: Path) -> None:
    configs = {
        E1: site("acme-sites", "acme.example.com", path="/sites/acme"),
        E2: site("acme-sites", "initech.example.com", path="/sites/initech", error_pages={404: "/404.html"}),
        E3: site("acme-shop", "shop.example.com"),
    }
    discovery = discover(configs)
    assert names(discovery) == {
        E1: "acme.example.com-sites",
        E2: "initech.example.com-sites",
        E3: "shop.example.com",
    }
    assert "  # aliases: acme.example.com\n" in discovery.text
    assert [route["distributions"] for route in discovery.routes[1:]] == [
        ["initech.example.com-sites"],
        ["{site}.example.com-sites"],
    ]
    items = items_of(discovery, tmp_path)
    assert items("acme-sites", "sites/acme/a.css") == {E1: ("/a.css",)}
    assert items("acme-sites", "sites/shop/a.css") == {}


def test_names_of_the_existing_map_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "old.yaml"
    file.write_text(
        f"version: 1\ndistributions: {{www.example.com: {{id: {E4}}}, acme.example.com: {{id: {E1}}}}}\n"
        "routes: [{bucket: other, distributions: [www.example.com, acme.example.com]}]\n"
    )
    configs = {
        id_: site("acme-sites", f"{name}.example.com", path=f"/sites/{name}")
        for id_, name in {E1: "acme", E2: "initech", E3: "hooli"}.items()
    }
    part = discover_map([account_configs(configs)], load_map(file))
    assert names(part) == {E2: "initech.example.com-sites", E3: "hooli.example.com-sites"}
    assert [route["distributions"] for route in part.routes] == [["acme.example.com"], ["{site}.example.com-sites"]]


def test_distributions_of_other_accounts_have_their_role() -> None:
    member = account_configs({E2: site("acme-2", "b.example.com")}, account=MEMBER, role_arn=READER)
    discovery = discover({E1: site("acme-1", "a.example.com")}, member)
    role_arn = f"arn:aws:iam::{MEMBER}:role/purgemap"
    assert parsed(discovery)["distributions"]["b.example.com"] == {"id": E2, "role_arn": role_arn}
    (finding,) = discovery.undecided
    assert (finding.where, role_arn in finding.message) == (f"account {MEMBER}", True)


def test_tenants_replace_their_distribution(tmp_path: Path) -> None:
    tenants = (
        CloudFrontTenant("dt_1", "1", "shop", ("shop.example.com",), E1, is_enabled=True),
        CloudFrontTenant("dt_2", "1", "off", ("off.example.com",), E1, is_enabled=False),
        CloudFrontTenant("dt_3", "1", "other", ("other.example.com",), E2, is_enabled=True),
        CloudFrontTenant("dt_4", "1", "no-domain", (), E1, is_enabled=True),
    )
    configs = {E1: site("acme-1", ConnectionMode="tenant-only"), E2: site("acme-2", "direct.example.com")}
    discovery = discover(configs, tenants=tenants)
    assert names(discovery) == {"dt_1": "shop.example.com", "dt_4": "no-domain", E2: "direct.example.com"}
    assert set(items_of(discovery, tmp_path)("acme-1", "x")) == {"tenant:dt_1", "tenant:dt_4"}


def tenant(name: str, parameters: Mapping[str, str] | NotRead) -> CloudFrontTenant:
    domains = (f"{name}.example.com",)
    return CloudFrontTenant(f"dt_{name}", "1", name, domains, E1, is_enabled=True, parameters=parameters)


def test_parameters_of_tenants_lead_to_their_folders(tmp_path: Path) -> None:
    definition = {"Name": "customer", "Definition": {"StringSchema": {"DefaultValue": "initech"}}}
    settings = {"ConnectionMode": "tenant-only", "TenantConfig": {"ParameterDefinitions": [definition]}}
    tenants = (tenant("acme", {"customer": "acme"}), tenant("initech", {}))
    discovery = discover({E1: site("acme-1", path="/sites/{{customer}}", **settings)}, tenants=tenants)
    assert [route["distributions"] for route in discovery.routes] == [["{site}.example.com"]]
    items = items_of(discovery, tmp_path)
    assert items("acme-1", "sites/acme/x") == {"tenant:dt_acme": ("/x",)}
    assert items("acme-1", "sites/initech/x") == {"tenant:dt_initech": ("/x",)}


def test_parameter_of_a_domain_names_the_bucket() -> None:
    config = site("{{bucket}}", ConnectionMode="tenant-only")
    discovery = discover({E1: config}, tenants=(tenant("acme", {"bucket": "acme-www"}),))
    assert discovery.routes == ({"bucket": "acme-www", "distributions": ["acme.example.com"]},)


@pytest.mark.parametrize("parameters", [{}, {"other": "x"}, NotRead("needs cloudfront:GetDistributionTenant")])
def test_unknown_parameters_are_undecided(parameters: Mapping[str, str] | NotRead) -> None:
    config = site("acme-1", path="/{{customer}}", ConnectionMode="tenant-only")
    discovery = discover({E1: config}, tenants=(tenant("acme", parameters),))
    assert discovery.routes == ()
    assert "{{customer}}, which holds a parameter of the tenants" in discovery.undecided[0].message
    is_read = not isinstance(parameters, NotRead)
    assert is_read or "not read: needs cloudfront:GetDistributionTenant" in discovery.undecided[1].message


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        (site("acme-www", Enabled=False), "disabled"),
        (distribution([origin("x", domain="api.example.com")]), "no S3 origin"),
        (
            distribution([origin("x", domain="point-1.s3-accesspoint.us-east-1.amazonaws.com")]),
            "leads to a known bucket",
        ),
        (site("acme-www", path="/a+b"), "leads to a known bucket"),
        (site("acme-www", ConnectionMode="tenant-only"), "no enabled tenant"),
    ],
)
def test_distribution_without_routes_is_left_out(config: dict[str, Any], reason: str) -> None:
    discovery = discover({E1: config, E2: site("acme-2")})
    (finding,) = discovery.left_out
    assert E1 in finding.where
    assert finding.message.endswith(reason)
    line = "1 distribution without an S3 origin left out" if reason == "no S3 origin" else f"left out: {finding}"
    assert f"# {line}" in discovery.text.splitlines()
    assert (discovery.distributions, discovery.buckets) == (1, 1)


def test_no_distributions_make_an_empty_map() -> None:
    discovery = discover({})
    assert (discovery.routes, parsed(discovery)) == ((), {"version": 1})


def test_unreadable_account_is_a_finding() -> None:
    reason = NotRead("needs cloudfront:ListDistributions", "cloudfront:ListDistributions")
    unread = AccountConfigs(MEMBER, READER, reason, reason, {}, {})
    discovery = discover({E1: site("acme-www")}, unread)
    assert str(discovery.undecided[0]) == (
        f"account {MEMBER}: its distributions are not read: needs cloudfront:ListDistributions"
    )
    assert f"# {discovery.undecided[0]}" in discovery.text


def test_unreadable_values_are_assumed_to_be_used(tmp_path: Path) -> None:
    config = distribution(
        [origin("acme-www")],
        [behavior(policy="policy", functions=[("viewer-request", "arn:f:function/f"), ("viewer-response", "arn:r")])],
        aliases=["www.example.com"],
    )
    reason = NotRead("needs cloudfront:GetFunction", "cloudfront:GetFunction")
    discovery = discover({E1: config}, functions={"arn:f:function/f": reason}, policies={"policy": reason})
    assert len(discovery.undecided) == 2
    assert discovery.text.count("# not decided: ") == 2
    assert set(items_of(discovery, tmp_path)("acme-www", "about.html")[E1]) == {
        *("/about", "/about.html", "/about.html*", "/about?*"),
    }


def test_unreadable_website_is_undecided(tmp_path: Path) -> None:
    config = distribution([origin("", domain="acme-web.s3-website-us-east-1.amazonaws.com")], DefaultRootObject="")
    reason = NotRead("needs s3:GetBucketWebsite", "s3:GetBucketWebsite")
    discovery = discover({E1: config}, websites={"acme-web": reason})
    assert "the website of acme-web is not read: needs s3:GetBucketWebsite" in discovery.undecided[0].message
    items = items_of(discovery, tmp_path)
    assert items("acme-web", "blog/index.html") == {E1: ("/blog", "/blog/", "/blog/index.html")}


def test_edge_function_is_undecided() -> None:
    edge = [("origin-request", "arn:aws:lambda:us-east-1:1:function:rewrite:3")]
    config = distribution([origin("acme-www")], [behavior(functions=edge)])
    discovery = discover({E1: config})
    assert (
        discovery.undecided[0].message
        == "the Lambda@Edge function rewrite:3 may rewrite URLs; the map assumes clean URLs"
    )
    assert discovery.routes[0]["clean_urls"] is True


def test_new_part_has_only_what_the_map_lacks(tmp_path: Path) -> None:
    old = {E1: site("acme-1", "a.example.com"), E2: site("acme-2", "b.example.com")}
    new = {
        E1: site("acme-1", "a.example.com", error_pages={404: "/404.html"}),
        E2: old[E2],
        E3: site("acme-3", "a.example.com"),
    }
    (tmp_path / "routes").mkdir()
    (tmp_path / "routes/old.yaml").write_text(discover(old).text)
    part = discover_map([account_configs(new)], load_map(tmp_path / "routes"))
    assert part.routes == (
        {"bucket": "acme-1", "distributions": ["a.example.com"], "include": ["/404.html"], "invalidate": ["/*"]},
        {"bucket": "acme-3", "distributions": [f"a.example.com-{E3.lower()}"]},
    )
    (tmp_path / "routes/new.yaml").write_text(part.text)
    assert check_map(tmp_path / "routes").problems == ()
    assert discover_map([account_configs(new)], load_map(tmp_path / "routes")).routes == ()


def test_new_site_of_a_capture_needs_its_name_only(tmp_path: Path) -> None:
    (tmp_path / "old.yaml").write_text(
        "version: 1\n"
        f"distributions: {{acme: {{id: {E1}}}}}\n"
        "routes:\n"
        "- {bucket: acme-sites, prefix: 'sites/{site}/', origin_path: '/sites/{site}', distributions: ['{site}']}\n"
    )
    configs = {
        E1: site("acme-sites", "acme.example.com", path="/sites/acme"),
        E2: site("acme-sites", "hooli.example.com", path="/sites/hooli"),
    }
    part = discover_map([account_configs(configs)], load_map(tmp_path / "old.yaml"))
    assert (names(part), part.routes, part.distributions) == ({E2: "hooli"}, (), 1)
    (tmp_path / "new.yaml").write_text(part.text)
    assert check_map(tmp_path).problems == ()
    assert preview_change(load_map(tmp_path), "acme-sites", "sites/hooli/a.css", "created") == {E2: ("/a.css",)}


def test_new_part_inherits_nothing_from_the_map(tmp_path: Path) -> None:
    file = tmp_path / "old.yaml"
    file.write_text(
        "version: 1\n"
        "defaults: {clean_urls: true, exclude: ['*.map']}\n"
        f"distributions: {{www: {{id: {E1}, origin_path: /www, role_arn: '{READER}'}}}}\n"
        f"routes:\n- {{bucket: acme-1, distributions: [www]}}\n- {{bucket: acme-2, distributions: [{E4}]}}\n"
    )
    member = account_configs(
        {E1: site("acme-3", "www.example.com"), E2: site("acme-4", "b.example.com"), E4: site("acme-5")},
        account=MEMBER,
        role_arn=READER,
    )
    part = discover_map([account_configs({}), member], load_map(file))
    assert parsed(part)["distributions"] == {
        "b.example.com": {"id": E2, "role_arn": READER},
        f"{E4.lower()}.cloudfront.net": {"id": E4},
    }
    own_settings = {"origin_path": "", "exclude": [], "clean_urls": False}
    assert part.routes[0] == {"bucket": "acme-3", "distributions": ["www"], **own_settings}
    other = tmp_path / "new.yaml"
    other.write_text(part.text)
    route_map = load_map((str(file), str(other)))
    assert route_map.distributions_by_id[E4].role_arn is None
