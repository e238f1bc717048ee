"""Each object of random distributions is sent under the paths that lead to it, judged by an independent oracle."""

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from purgemap.aws.inspection import WebsiteConfig
from purgemap.operations.discovery import discover_map
from support.discovered import APPEND_CODE, HEADER_CODE, account_configs, items_of
from support.distributions import Settings, behavior, distribution, origin
from support.oracles.viewer_requests import ADDS_HEADERS, APPENDS_PAGES, ViewerRequests

APPEND, HEADERS = "arn:aws:cloudfront::111111111111:function/append", "arn:aws:cloudfront::111111111111:function/head"
KINDS = {APPEND: APPENDS_PAGES, HEADERS: ADDS_HEADERS}
CODES = {APPEND: APPEND_CODE, HEADERS: HEADER_CODE}
POLICIES = {"with-queries": True, "without": False}
WEBSITES = {
    "acme-pages": WebsiteConfig("index.html", ""),
    "acme-media": WebsiteConfig("home.html", "404.html"),
    "www.acme.com": WebsiteConfig("index.html", "errors/404.html"),
}
ID = "E2EXAMPLE1ABCD"

BUCKETS = ["acme-pages", "acme-media", "www.acme.com"]
PATHS = ["", "/www", "/sites/acme"]
PATTERNS = [
    *("*", "/*", "media/*", "/assets/*", "/assets/img/*", "/blog/*", "/www/*", "/assets*", "/blog*"),
    *("*.jpg", "*.css", "/assets/*.css", "*.html", "/img/*/big", "*/private/*", "/index.html", "/about", "/blog/"),
    *("/b?og/*", "/blog/ind*", "/", "*/"),
]
RESTS = [
    *("index.html", "about.html", "about", "home.html", "404.html", "favicon.ico", "a.jpg", "site.css", "x/y/z.js"),
    *("blog/index.html", "blog/post.html", "blog/2024/index.html", "blog.html", "blog", "media/a.jpg"),
    *("media/index.html", "assets/index.html", "assets/site.css", "assets/img/a.jpg", "assets/img/index.html"),
    *("assets.html", "assets-2/a.css", "img/1/big", "img/1/2/big", "img/big", "private/a.html", "x/private/a.jpg"),
    *("www/index.html", "errors/404.html"),
]
KEYS = ["wwwother/index.html", *(prefix + rest for prefix in ("", "www/", "sites/acme/") for rest in RESTS)]


@st.composite
def configs(draw: st.DrawFn) -> Settings:
    buckets = draw(st.lists(st.sampled_from(BUCKETS), min_size=1, max_size=3))
    origins = [_origin(draw, number, bucket) for number, bucket in enumerate(buckets)]
    ids = [each["Id"] for each in origins]
    groups = {"group": ids[:2]} if len(ids) > 1 and draw(st.booleans()) else {}
    targets = st.sampled_from([*ids, *groups])
    patterns = draw(st.lists(st.sampled_from(PATTERNS), max_size=4, unique=True))
    behaviors = [_behavior(draw, draw(targets), pattern) for pattern in (*patterns, "")]
    root = draw(st.sampled_from(["index.html", "", "home.html", "blog/post.html"]))
    pages = draw(st.sampled_from([{}, {}, {404: "/404.html"}, {403: "/index.html", 404: "/errors/404.html"}]))
    return distribution(origins, behaviors, groups=groups, error_pages=pages, DefaultRootObject=root)


def _origin(draw: st.DrawFn, number: int, bucket: str) -> Settings:
    domains = ["", "", f"{bucket}.s3-website-us-east-1.amazonaws.com"]
    return origin(bucket, draw(st.sampled_from(PATHS)), id_=f"origin-{number}", domain=draw(st.sampled_from(domains)))


def _behavior(draw: st.DrawFn, target: str, pattern: str) -> Settings:
    arns = draw(st.sampled_from([[], [], [APPEND], [HEADERS]]))
    return behavior(
        target,
        pattern,
        functions=[("viewer-request", arn) for arn in arns],
        query_strings=draw(st.sampled_from([False, False, True])),
        policy=draw(st.sampled_from(["", *POLICIES])),
    )


def is_sent(item: str, sent: tuple[str, ...]) -> bool:
    # `P*` is not trusted to cover P.
    return item in sent or any(
        other.endswith("*") and item != other[:-1] and item.startswith(other[:-1]) for other in sent
    )


@given(configs())
def test_discovery_sends_each_path_that_leads_to_an_object(config: dict[str, Any]) -> None:
    settings = {"functions": CODES, "policies": POLICIES, "websites": WEBSITES}
    discovery = discover_map([account_configs({ID: config}, **settings)])
    oracle = ViewerRequests(config, KINDS, [name for name, is_in_key in POLICIES.items() if is_in_key], WEBSITES)
    with tempfile.TemporaryDirectory() as folder:
        items = items_of(discovery, Path(folder))
        buckets = {each["DomainName"].partition(".s3")[0] for each in config["Origins"]["Items"]}
        for bucket in buckets:
            for key in KEYS:
                expected, sent = oracle.items(bucket, key), items(bucket, key).get(ID, ())
                missing = {item for item in expected if not is_sent(item, tuple(sent))}
                assert not missing, (bucket, key, missing, discovery.text)
                if "also sends" not in discovery.text:
                    assert set(sent) == expected, (bucket, key, sent, expected, discovery.text)


SITE_KEYS = [
    f"{folder}{name}/{file}"
    for folder in ("", "sites/", "apps/", "sites/acme/")
    for name in ("acme", "initech", "www", "shop", "acme.example.com")
    for file in ("index.html", "404.html", "a.css")
]


@st.composite
def estates(draw: st.DrawFn) -> dict[str, Settings]:
    aliases = st.sampled_from(
        ["acme.example.com", "initech.example.com", "www.example.com", "shop.example.com", "acme.io"]
    )
    names = st.sampled_from(["acme", "initech", "www", "acme.example.com"])
    paths = st.one_of(st.just(""), st.builds("/{}/{}".format, st.sampled_from(["sites", "apps"]), names))
    configs = {}
    for number in range(draw(st.integers(2, 6))):
        origins = [origin(draw(st.sampled_from(["acme-shared", "acme-other"])), draw(paths))]
        pages = draw(st.sampled_from([{}, {404: "/404.html"}]))
        configs[f"E{number}EXAMPLE1ABCD"] = distribution(origins, aliases=[draw(aliases)], error_pages=pages)
    return configs


@given(estates())
def test_discovery_sends_an_object_to_its_distributions_only(configs: dict[str, Any]) -> None:
    discovery = discover_map([account_configs(configs)])
    oracles = {id_: ViewerRequests(config, {}, [], {}) for id_, config in configs.items()}
    with tempfile.TemporaryDirectory() as folder:
        items = items_of(discovery, Path(folder))
        for bucket in ("acme-shared", "acme-other"):
            for key in SITE_KEYS:
                expected = {id_: oracle.items(bucket, key) for id_, oracle in oracles.items()}
                sent = {id_: set(each) for id_, each in items(bucket, key).items()}
                assert sent == {id_: each for id_, each in expected.items() if each}, (bucket, key, discovery.text)
