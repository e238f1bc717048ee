"""An estate of distributions like real ones: over two accounts, with the shapes that public configurations have."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from purgemap.demo.local_aws import LocalAws
from support.discovered import APPEND_CODE, HEADER_CODE
from support.distributions import Settings, behavior, cache_policy, distribution, origin
from support.oracles.viewer_requests import ADDS_HEADERS, APPENDS_PAGES, ViewerRequests

OWN, MEMBER = "123456789012", "222222222222"
ROLE = f"arn:aws:iam::{MEMBER}:role/read"

_PAGES = ("index.html", "about.html", "blog/index.html", "blog/first/index.html", "blog/first.html", "404.html")
_FILES = ("css/site.css", "js/app.js", "media/cat.jpg", "media/index.html", "assets/img/logo.png", "docs/index.html")
_KEYS = (
    *_PAGES,
    *_FILES,
    "docs/guide/index.html",
    "docs/api.json",
    "img/1/big",
    "favicon.ico",
    "feed.xml",
    "robots.txt",
)


@dataclass
class Estate:
    """The configurations by distribution or tenant id, with the kinds of functions, and the keys of each bucket."""

    configs: dict[str, Settings] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    policies: list[str] = field(default_factory=list)
    keys: dict[str, tuple[str, ...]] = field(default_factory=dict)
    websites: dict[str, tuple[str, str]] = field(default_factory=dict)

    def oracle(self, id_: str) -> ViewerRequests:
        """Return the judge of a distribution."""
        return ViewerRequests(self.configs[id_], self.kinds, self.policies, self.websites)


def create_estate(aws: LocalAws) -> Estate:
    """Create 60 distributions, a third of them in the second account. Of the 40 buckets two have no distribution."""
    estate = Estate()
    for name in ("acme-logs", "acme-backup"):
        _bucket(estate, name)
    for account, configs in ((OWN, _shapes(aws, estate, OWN, 40)), (MEMBER, _shapes(aws, estate, MEMBER, 20))):
        cloudfront = aws.client("cloudfront", account)
        for config in configs:
            answer = cloudfront.create_distribution(DistributionConfig=config)
            id_ = answer["Distribution"]["Id"]
            if config.get("ConnectionMode") != "tenant-only":
                estate.configs[id_] = config
                continue
            for name in ("north", "south"):
                domains = [{"Domain": f"{name}.{account}.example.net"}]
                tenant = cloudfront.create_distribution_tenant(DistributionId=id_, Name=name, Domains=domains)
                estate.configs[f"tenant:{tenant['DistributionTenant']['Id']}"] = config
    for bucket, (index, error) in estate.websites.items():
        # Websites of the second account's distributions, too, may be in the first account.
        s3 = aws.client("s3")
        s3.create_bucket(Bucket=bucket)
        website = {"IndexDocument": {"Suffix": index}, "ErrorDocument": {"Key": error}}
        s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration=website)
    return estate


def _shapes(aws: LocalAws, estate: Estate, account: str, count: int) -> Iterator[Settings]:
    functions = _create_functions(aws, estate, account)
    policies = [_create_policy(aws, estate, account, kind) for kind in ("none", "all", "whitelist")]
    for number, build in zip(range(count), itertools.cycle(_SHAPES), strict=False):
        yield build(estate, f"{account[0]}{number:02}", functions, policies[number % 3])


def _create_functions(aws: LocalAws, estate: Estate, account: str) -> Mapping[str, str]:
    arns = {}
    for kind, code in {APPENDS_PAGES: APPEND_CODE, ADDS_HEADERS: HEADER_CODE}.items():
        config = {"Comment": kind, "Runtime": "cloudfront-js-2.0"}
        created = aws.client("cloudfront", account).create_function(
            Name=kind.replace(" ", "-"), FunctionConfig=config, FunctionCode=code.encode()
        )
        arns[kind] = created["FunctionSummary"]["FunctionMetadata"]["FunctionARN"]
        estate.kinds[arns[kind]] = kind
    return arns


def _create_policy(aws: LocalAws, estate: Estate, account: str, query_strings: str) -> str:
    config = cache_policy(query_strings)
    id_ = str(aws.client("cloudfront", account).create_cache_policy(CachePolicyConfig=config)["CachePolicy"]["Id"])
    if query_strings != "none":
        estate.policies.append(id_)
    return id_


def _bucket(estate: Estate, name: str, *folders: str) -> str:
    known = estate.keys.get(name, ())
    estate.keys[name] = tuple(dict.fromkeys([*known, *(folder + key for folder in folders or ("",) for key in _KEYS)]))
    return name


def _plain(estate: Estate, number: str, _functions: Any, policy: str) -> Settings:
    bucket = _bucket(estate, f"acme-plain-{number[0]}")
    return distribution([origin(bucket)], [behavior(policy=policy)], aliases=[f"www{number}.example.com"])


def _site(estate: Estate, number: str, _functions: Any, _policy: str) -> Settings:
    bucket = _bucket(estate, f"acme-sites-{number[0]}", f"sites/{number}/", f"sites/{number}x/")
    return distribution([origin(bucket, f"/sites/{number}")], aliases=[f"{number}.sites.example.com"])


def _website(estate: Estate, number: str, _functions: Any, _policy: str) -> Settings:
    bucket = _bucket(estate, f"old.{number[0]}.acme.com")
    estate.websites[bucket] = ("index.html", "404.html")
    domain = f"{bucket}.s3-website-us-east-1.amazonaws.com"
    return distribution([origin(bucket, domain=domain)], aliases=[f"old{number}.example.com"], DefaultRootObject="")


def _clean(estate: Estate, number: str, functions: Mapping[str, str], policy: str) -> Settings:
    rewrites = [("viewer-request", functions[APPENDS_PAGES])]
    bucket = _bucket(estate, f"acme-{number}")
    return distribution(
        [origin(bucket)], [behavior(functions=rewrites, policy=policy)], aliases=[f"c{number}.example.com"]
    )


def _two_origins(estate: Estate, number: str, functions: Mapping[str, str], _policy: str) -> Settings:
    pages, media = _bucket(estate, f"acme-{number}"), _bucket(estate, f"acme-media-{number[0]}")
    api = origin("", id_="api", domain="api.example.com")
    headers = [("viewer-request", functions[ADDS_HEADERS]), ("viewer-response", functions[ADDS_HEADERS])]
    behaviors = [
        behavior("api", "/api/*"),
        behavior("media", "media/*", query_strings=True),
        behavior("media", "*.png"),
        behavior("media", "img/*/big"),
        behavior("pages", functions=headers),
    ]
    origins = [origin(pages, id_="pages"), origin(media, id_="media"), api]
    return distribution(origins, behaviors, aliases=[f"shop{number}.example.com"])


def _failover(estate: Estate, number: str, _functions: Any, policy: str) -> Settings:
    one, two = _bucket(estate, f"acme-{number}"), _bucket(estate, f"acme-replica-{number[0]}")
    origins = [origin(one, id_="one"), origin(two, id_="two")]
    groups = {"both": ["one", "two"]}
    return distribution(origins, [behavior("both", policy=policy)], groups=groups, aliases=[f"ha{number}.example.com"])


def _single_page(estate: Estate, number: str, _functions: Any, _policy: str) -> Settings:
    pages = {403: "/index.html", 404: "/index.html"}
    bucket = _bucket(estate, f"acme-sites-{number[0]}", f"apps/{number}/")
    return distribution([origin(bucket, f"/apps/{number}")], error_pages=pages, aliases=[f"app{number}.example.com"])


def _docs(estate: Estate, number: str, functions: Mapping[str, str], _policy: str) -> Settings:
    pages, docs = _bucket(estate, f"acme-{number}"), _bucket(estate, f"acme-docs-{number[0]}", "", "v2/")
    rewrites = [("viewer-request", functions[APPENDS_PAGES])]
    origins = [origin(pages, id_="pages"), origin(docs, "/v2", id_="docs")]
    behaviors = [behavior("docs", "/docs/*", functions=rewrites), behavior("pages")]
    return distribution(origins, behaviors, error_pages={404: "/404.html"}, DefaultRootObject="about.html")


def _tenants(estate: Estate, number: str, _functions: Any, policy: str) -> Settings:
    bucket = _bucket(estate, f"acme-tenants-{number[0]}")
    return distribution([origin(bucket)], [behavior(policy=policy)], ConnectionMode="tenant-only")


_SHAPES = (_plain, _site, _website, _clean, _two_origins, _site, _failover, _single_page, _docs, _tenants)
