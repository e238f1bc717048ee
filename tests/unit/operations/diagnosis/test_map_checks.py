"""The checks of `purgemap doctor` that compare a map with distributions and buckets, on values."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from purgemap.aws.inspection import AccountConfigs, CloudFrontTenant, NotRead, WebsiteConfig
from purgemap.aws.inspection.cloudfront_answers import parse_distribution
from purgemap.operations import load_checked_map
from purgemap.operations.diagnosis import CODES, DoctorFinding, diagnose_map
from purgemap.routemap import load_map
from purgemap.routemap.parse.schema import load_schema
from support.distributions import behavior, distribution, origin
from support.ids import E1, E2
from support.inspections import OTHER, OWN, account, inspection

Diagnose = Callable[..., tuple[DoctorFinding, ...]]

SITE = f"routes: [{{bucket: site, distributions: [{E1}]}}]"
REWRITE = [behavior(functions=[("viewer-request", "arn:aws:cloudfront::111111111111:function/rewrite")])]


@pytest.fixture
def diagnose(tmp_path: Path) -> Diagnose:
    """Diagnose the text of a map beside configurations by id; `settings` are those of `account`."""

    def run(
        text: str, configs: Mapping[str, Mapping[str, Any]], *, missing: str = "", **settings: Any
    ) -> tuple[DoctorFinding, ...]:
        file = tmp_path / "routes.yaml"
        file.write_text(f"version: 1\n{text}\n")
        checked = load_checked_map(str(file))
        state = inspection([account(configs, **settings)], missing=missing)
        return diagnose_map(checked.route_map, state, checked.silenced)

    return run


def test_schema_lists_every_warning() -> None:
    ignore = load_schema()["$defs"]["x_doctor"]["properties"]["ignore"]
    assert ignore["items"]["enum"] == sorted(code for code, severity in CODES.items() if severity == "warning")


def codes(findings: tuple[DoctorFinding, ...]) -> list[str]:
    return [finding.code for finding in findings]


@pytest.mark.parametrize(
    "text",
    [
        f"{SITE}\nx-doctor: {{ignore: [url-rewritten]}}",
        f"routes: [{{bucket: site, distributions: [{E1}], x-doctor: {{ignore: [url-rewritten]}}}}]",
        f"distributions: {{www: {{id: {E1}, x-doctor: {{ignore: [url-rewritten]}}}}}}\n{SITE.replace(E1, 'www')}",
    ],
    ids=["map", "route", "distribution"],
)
def test_map_silences_warning_at_each_place(diagnose: Diagnose, text: str) -> None:
    configs = {E1: distribution([origin("site")], REWRITE)}
    assert codes(diagnose(SITE, configs)) == ["url-rewritten"]
    assert diagnose(text, configs) == ()


def test_map_silences_one_route_and_not_another(diagnose: Diagnose) -> None:
    text = (
        f"routes: [{{bucket: site, distributions: [{E1}], prefix: a/, x-doctor: {{ignore: [url-rewritten]}}}}, "
        f"{{bucket: site, distributions: [{E1}], prefix: b/}}]"
    )
    (finding,) = diagnose(text, {E1: distribution([origin("site")], REWRITE)})
    assert finding.fix == "write into the route site/b/: clean_urls: true"


def test_rewrite_on_response_is_no_finding(diagnose: Diagnose) -> None:
    function = ("viewer-response", "arn:aws:cloudfront::111111111111:function/headers")
    assert diagnose(SITE, {E1: distribution([origin("site")], [behavior(functions=[function])])}) == ()


def test_rewrite_before_another_origin_is_no_finding(diagnose: Diagnose) -> None:
    api = origin("", id_="api", domain="api.example.com")
    rewrite = behavior("api", "/api/*", functions=[("viewer-request", "arn:aws:lambda:r:1:function:f:1")])
    assert diagnose(SITE, {E1: distribution([origin("site"), api], [rewrite, behavior()])}) == ()


@pytest.mark.parametrize("item", ["/*", "#site"])
def test_rewrite_is_covered_by_wildcard_and_tag(diagnose: Diagnose, item: str) -> None:
    text = f"routes: [{{bucket: site, distributions: [{E1}], invalidate: ['{item}']}}]"
    config = distribution([origin("site")], REWRITE, CacheTagConfig={"HeaderName": "x-amz-meta-cache-tag"})
    assert diagnose(text, {E1: config}) == ()


def test_query_strings_are_covered_by_wildcard(diagnose: Diagnose) -> None:
    configs = {E1: distribution([origin("site")], [behavior(query_strings=True)])}
    assert codes(diagnose(SITE, configs)) == ["query-strings-in-cache-key"]
    assert diagnose(f"routes: [{{bucket: site, distributions: [{E1}], invalidate: ['{{path}}*']}}]", configs) == ()


def test_query_strings_of_unread_policy_are_not_checked(diagnose: Diagnose) -> None:
    policies = {"policy": NotRead("needs cloudfront:GetCachePolicy", "cloudfront:GetCachePolicy")}
    (finding,) = diagnose(SITE, {E1: distribution([origin("site")], [behavior(policy="policy")])}, policies=policies)
    assert finding.severity == "not-checked"
    assert finding.fix == "allow cloudfront:GetCachePolicy"


def test_root_object_in_folder_needs_route(diagnose: Diagnose) -> None:
    configs = {E1: distribution([origin("site")], DefaultRootObject="app/index.html")}
    (finding,) = diagnose(SITE, configs)
    assert finding.code == "default-root-object"
    route = f'{{bucket: site, distributions: [{E1}], include: [/app/index.html], invalidate: ["/"]}}'
    assert finding.fix == f"write into routes: - {route}".replace('"/"', '"/"')
    assert (
        diagnose(f"{SITE[:-1]}, {route}]", {E1: distribution([origin("site")], DefaultRootObject="app/index.html")})
        == ()
    )


def test_index_document_of_website_is_one_of_the_map(diagnose: Diagnose) -> None:
    configs = {E1: distribution([origin("", domain="site.s3-website-us-east-1.amazonaws.com")], DefaultRootObject="")}
    website = WebsiteConfig("home.html", "")
    (finding,) = diagnose(SITE, configs, websites={"site": website, "another": website})
    assert finding.code == "default-root-object"
    assert finding.fix == "write into the route site/: index_documents: [index.html, home.html]"
    assert diagnose(f"{SITE}\ndefaults: {{index_documents: [home.html]}}", configs, websites={"site": website}) == ()


@pytest.mark.parametrize(("permission", "findings"), [("s3:GetBucketWebsite", ["not-checked"]), ("", [])])
def test_website_that_cannot_be_read_needs_permission(diagnose: Diagnose, permission: str, findings: list[str]) -> None:
    configs = {E1: distribution([origin("", domain="site.s3-website-us-east-1.amazonaws.com")])}
    assert codes(diagnose(SITE, configs, websites={"site": NotRead("a reason", permission)})) == findings


def test_root_object_of_another_bucket_is_no_finding(diagnose: Diagnose) -> None:
    text = f"{SITE[:-1]}, {{bucket: home, distributions: [{E1}], index_documents: [home.html]}}]"
    origins = [origin("site", id_="files"), origin("home")]
    config = distribution(origins, [behavior("files", "/files/*"), behavior()], DefaultRootObject="home.html")
    assert diagnose(text, {E1: config}) == ()


def test_error_page_belongs_to_the_behavior_of_its_path(diagnose: Diagnose) -> None:
    text = f"""routes:
      - {{bucket: site, distributions: [{E1}]}}
      - {{bucket: errors, distributions: [{E1}]}}
      - {{bucket: errors, distributions: [{E1}], include: [/errors/404.html], invalidate: ["/*"]}}"""
    origins, pages = [origin("site"), origin("errors", id_="errors")], {404: "/errors/404.html"}
    behaviors = [behavior("errors", "errors/*"), behavior()]
    assert diagnose(text, {E1: distribution(origins, behaviors, error_pages=pages)}) == ()
    (finding,) = diagnose(text, {E1: distribution(origins, error_pages=pages)})
    assert finding.code == "error-page-cached"
    assert "bucket: site" in finding.fix


def test_misspelt_bucket_is_one_finding(diagnose: Diagnose) -> None:
    text = f"routes: [{{bucket: acme-sitte, distributions: [{E1}]}}]"
    (finding,) = diagnose(text, {E1: distribution([origin("acme-site")])}, missing="acme-sitte")
    assert (finding.code, finding.fix) == ("bucket-missing", "write acme-site in place of acme-sitte")


def test_wrong_bucket_of_route_is_one_finding(diagnose: Diagnose) -> None:
    (finding,) = diagnose(SITE, {E1: distribution([origin("acme-www")])})
    assert (finding.code, finding.fix) == ("bucket-not-an-origin", "write into the route site/: bucket: acme-www")


def test_wrong_bucket_of_shared_route_is_removed(diagnose: Diagnose) -> None:
    text = f"routes: [{{bucket: site, distributions: [{E1}, {E2}]}}]"
    findings = diagnose(text, {E1: distribution([origin("acme-www")]), E2: distribution([origin("site")])})
    assert {finding.code: finding.fix for finding in findings} == {
        "bucket-not-an-origin": f"remove {E1} from the route site/",
        "origin-unrouted": f"write into routes: - {{bucket: acme-www, distributions: [{E1}]}}",
    }


def test_access_point_may_be_any_bucket(diagnose: Diagnose) -> None:
    point = origin("", domain="site-111111111111.s3-accesspoint.us-east-1.amazonaws.com")
    assert diagnose(SITE, {E1: distribution([point])}) == ()


def test_website_is_an_origin_with_its_bucket(diagnose: Diagnose) -> None:
    website = origin("", domain="site.s3-website-us-east-1.amazonaws.com")
    assert diagnose(SITE, {E1: distribution([website])}) == ()


def test_patterns_match_the_origins_of_captured_distributions(diagnose: Diagnose) -> None:
    text = f"""distributions: {{acme: {{id: {E1}}}, initech: {{id: {E2}}}}}
routes: [{{bucket: "web-*", prefix: "{{site}}/", origin_path: "/{{site}}", distributions: ["{{site}}"]}}]"""
    configs = {E1: distribution([origin("web-1", "/acme")]), E2: distribution([origin("web-1", "/initech")])}
    assert diagnose(text, configs) == ()
    (finding,) = diagnose(text, {**configs, E2: distribution([origin("web-1", "/hooli")])})
    assert (finding.code, finding.where) == ("origin-path-differs", f"initech ({E2})")


def test_second_origin_path_of_bucket_needs_route(diagnose: Diagnose) -> None:
    config = distribution([origin("site"), origin("site", "/v2", id_="v2")])
    (finding,) = diagnose(SITE, {E1: config})
    assert finding.code == "origin-unrouted"
    assert finding.fix == f"write into routes: - {{bucket: site, distributions: [{E1}], origin_path: /v2}}"


def test_origin_path_is_written_into_the_route_of_its_bucket(diagnose: Diagnose) -> None:
    text = f"""distributions: {{www: {{id: {E1}}}}}
routes: [{{bucket: site, distributions: [www]}}, {{bucket: docs, distributions: [www]}}]"""
    (finding,) = diagnose(text, {E1: distribution([origin("site"), origin("docs", "/v2", id_="docs")])})
    assert (finding.code, finding.fix) == ("origin-path-differs", "write into the route docs/: origin_path: /v2")


def test_option_of_shared_route_is_written_at_new_name(diagnose: Diagnose) -> None:
    text = f"routes: [{{bucket: site, distributions: [{E1}, {E2}]}}]"
    rewriting = distribution([origin("site")], REWRITE, aliases=["www.example.com"])
    (finding,) = diagnose(text, {E1: rewriting, E2: distribution([origin("site")])})
    assert finding.fix == f"write into distributions: www.example.com: {{id: {E1}, clean_urls: true}}"


def test_option_of_route_is_corrected_in_route(diagnose: Diagnose) -> None:
    route = "{name: all, bucket: site, distributions: [www], clean_urls: false}"
    text = f"distributions: {{www: {{id: {E1}}}}}\nroutes: [{route}]"
    (finding,) = diagnose(text, {E1: distribution([origin("site")], REWRITE)})
    assert finding.fix == "write into the route all: clean_urls: true"


def test_route_names_tenant_with_its_kind(diagnose: Diagnose) -> None:
    text = "routes: [{bucket: site, distributions: [{tenant: dt_1}]}]"
    tenants = [CloudFrontTenant("dt_1", OWN, "brand", (), E1, is_enabled=True)]
    config = distribution([origin("site"), origin("more", id_="more")], ConnectionMode="tenant-only")
    (finding,) = diagnose(text, {E1: config}, tenants=tenants)
    assert finding.fix == "write into routes: - {bucket: more, distributions: [{tenant: dt_1}]}"


PARAMETERS = (
    "distributions: {brand: {tenant: dt_1}}\nroutes: [{bucket: site, distributions: [brand], origin_path: /acme}]"
)
BRAND = CloudFrontTenant("dt_1", OWN, "brand", (), E1, is_enabled=True, parameters={"customer": "acme"})


def test_tenant_has_the_values_of_its_parameters(diagnose: Diagnose) -> None:
    configs = {E1: distribution([origin("site", "/{{customer}}")], ConnectionMode="tenant-only")}
    assert diagnose(PARAMETERS, configs, tenants=[BRAND]) == ()
    (finding,) = diagnose(PARAMETERS, configs, tenants=[BRAND._replace(parameters={"customer": "hooli"})])
    assert (finding.code, finding.fix) == ("origin-path-differs", "write into the route site/: origin_path: /hooli")


def test_tenant_with_unread_parameters_is_not_checked(diagnose: Diagnose) -> None:
    configs = {E1: distribution([origin("site", "/{{customer}}")], ConnectionMode="tenant-only")}
    unread = NotRead("needs cloudfront:GetDistributionTenant", "cloudfront:GetDistributionTenant")
    (finding,) = diagnose(PARAMETERS, configs, tenants=[BRAND._replace(parameters=unread)])
    assert finding.fix == "allow cloudfront:GetDistributionTenant"


def test_disabled_tenant_is_enabled_by_command(diagnose: Diagnose) -> None:
    configs = {E1: distribution([origin("site", "/acme")], ConnectionMode="tenant-only")}
    (finding,) = diagnose(PARAMETERS, configs, tenants=[BRAND._replace(is_enabled=False)])
    assert finding.code == "distribution-disabled"
    assert finding.fix.startswith("aws cloudfront update-distribution-tenant --id dt_1 --if-match ")


def test_account_without_role_is_not_checked(diagnose: Diagnose) -> None:
    role = f"arn:aws:iam::{OTHER}:role/purgemap"
    text = f"routes: [{{bucket: site, distributions: [{{id: {E1}, role_arn: '{role}'}}]}}]"
    (finding,) = diagnose(text, {})
    assert finding.severity == "not-checked"
    assert finding.fix == f"pass --role-arn arn:aws:iam::{OTHER}:role/ROLE"


def test_id_twice_suggests_the_distribution_with_the_alias(diagnose: Diagnose) -> None:
    text = f"""distributions: {{docs: {{id: {E1}}}, www: {{id: {E1}}}}}
routes: [{{bucket: site, prefix: a/, distributions: [www]}}, {{bucket: site, prefix: b/, distributions: [docs]}}]"""
    configs = {E1: distribution([origin("site")]), E2: distribution([origin("site")], aliases=["docs.example.com"])}
    (finding,) = diagnose(text, configs)
    assert (finding.code, finding.fix) == ("id-twice", f"write into distributions.docs: id: {E2}")


def test_names_that_captures_need_are_no_finding(diagnose: Diagnose) -> None:
    text = f"""distributions: {{acme: {{id: {E1}}}, initech: {{id: {E1}}}}}
routes: [{{bucket: site, prefix: "{{site}}/", distributions: ["{{site}}"]}}]"""
    assert diagnose(text, {E1: distribution([origin("site")])}) == ()


def test_missing_permission_is_one_finding_for_all_distributions(tmp_path: Path) -> None:
    file, ids = tmp_path / "routes.yaml", [f"E{number:013}" for number in range(500)]
    file.write_text(f"version: 1\nroutes: [{{bucket: site, distributions: [{', '.join(ids)}]}}]")
    unread = NotRead("needs cloudfront:GetDistributionConfig", "cloudfront:GetDistributionConfig")
    configs = [parse_distribution({"Id": id_, **distribution([origin("site")])}, unread, OWN) for id_ in ids]
    state = inspection([AccountConfigs(OWN, "", tuple(configs), (), {}, {})])
    (finding,) = diagnose_map(load_map(file), state)
    assert finding.where == f"{', '.join(ids[:5])} and 495 more"
    assert finding.fix == "allow cloudfront:GetDistributionConfig"
