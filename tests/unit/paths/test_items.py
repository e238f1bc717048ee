"""Items of keys and settings. Each row of the tables is a rule of CloudFront or a bug in a known service."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from purgemap.paths import items_for_target
from purgemap.routemap import Distribution, Settings
from purgemap.routing import Target
from support.oracles.cloudfront_rules import is_covered, spell, why_unusable

KEYS = st.text(min_size=1, max_size=60).filter(lambda key: max(key) < "\ud800" or max(key) > "\udfff")
ODD = st.text(alphabet="ab/.~+ %?#*'\"()[]é日😀\n\\&=", min_size=1, max_size=30)


def target(matched: str = "", captures: dict[str, str] | None = None, **settings: Any) -> Target:
    parsed = Settings(**settings)
    return Target("route", "acme-www", Distribution("E1EXAMPLE"), parsed, parsed.origin_path, matched, captures or {})


def items(key: str, matched: str = "", captures: dict[str, str] | None = None, **settings: Any) -> list[str]:
    return sorted(items_for_target(target(matched, captures, **settings), [key]).items)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("a.css", ["/a.css"]),
        ("index.html", ["/", "/index.html"]),
        ("blog/index.html", ["/blog/", "/blog/index.html"]),
        # s3deploy compares the end of the key without a slash, so /genindex.html stayed stale.
        ("docs/genindex.html", ["/docs/genindex.html"]),
        ("folder/", ["/folder/"]),
        ("/lead.html", ["//lead.html"]),
        ("red flower.jpg", ["/red%20flower.jpg", "/red+flower.jpg"]),
        ("a+b.js", ["/a%2Bb.js", "/a+b.js"]),
        ("100%.html", ["/100%25.html"]),
        ("a%20b.html", ["/a%2520b.html"]),
        ("why?.html", ["/why%3F.html"]),
        ("c#.html", ["/c%23.html"]),
        ("日本.html", ["/%E6%97%A5%E6%9C%AC.html"]),
        ("nbsp\u00a0.html", ["/nbsp%C2%A0.html"]),
        # urllib.parse.quote encodes these, and CloudFront then evicts nothing without an error.
        ("!$&'()*,;:@=-_.x", ["/!$&'()*,;:@=-_.x"]),
        ('[x]{y}|z^`"<>\\', ["/%5Bx%5D%7By%7D%7Cz%5E%60%22%3C%3E%5C"]),
        # CloudFront supports a ~ neither raw nor encoded.
        ("static/runtime~main.js", ["/static/runtime*"]),
        ("~jo/index.html", ["/*"]),
        ("a\u00e9~b", ["/a%C3%A9*"]),
        # CloudFront has no escape for a * at the end.
        ("50*", ["/50*"]),
        ("line\nbreak", ["/line%0Abreak"]),
    ],
)
def test_items_are_paths_that_viewers_can_have_cached(key: str, expected: list[str]) -> None:
    assert items(key) == expected


@pytest.mark.parametrize(
    ("key", "settings", "expected"),
    [
        ("www/index.html", {"origin_path": "/www"}, ["/", "/index.html"]),
        ("www/a/b.js", {"origin_path": "/www"}, ["/a/b.js"]),
        ("a/default.htm", {"index_documents": ("default.htm",)}, ["/a/", "/a/default.htm"]),
        ("a/index.html", {"index_documents": ()}, ["/a/index.html"]),
        ("about.html", {"clean_urls": True}, ["/about", "/about.html"]),
        ("blog/index.html", {"clean_urls": True}, ["/blog", "/blog/", "/blog/index.html"]),
        ("index.html", {"clean_urls": True}, ["/", "/index.html"]),
        ("js/app.js.br", {"strip_suffixes": (".br", ".gz")}, ["/js/app.js", "/js/app.js.br"]),
        ("js/app.js.gz", {"strip_suffixes": (".br", ".gz")}, ["/js/app.js", "/js/app.js.gz"]),
        ("js/app.js", {"strip_suffixes": (".br", ".gz")}, ["/js/app.js"]),
        ("a.js.gz", {"strip_suffixes": (".js.gz", ".gz")}, ["/a", "/a.js", "/a.js.gz"]),
        ("blog/index.html.br", {"strip_suffixes": (".br",)}, ["/blog/", "/blog/index.html", "/blog/index.html.br"]),
        (
            "about.html.br",
            {"strip_suffixes": (".br",), "clean_urls": True},
            ["/about", "/about.html", "/about.html.br"],
        ),
        # A name that is nothing but the suffix keeps it.
        (".br", {"strip_suffixes": (".br",)}, ["/.br"]),
        ("js/.br", {"strip_suffixes": (".br",)}, ["/js/.br"]),
        ("a b.js.br", {"strip_suffixes": (".br",)}, ["/a%20b.js", "/a%20b.js.br", "/a+b.js", "/a+b.js.br"]),
        ("x.js.br", {"strip_suffixes": (".br",), "query_strings": True}, ["/x.js", "/x.js*", "/x.js.br", "/x.js.br*"]),
        ("x.js.br", {"strip_suffixes": (".br",), "invalidate": ("/cdn{path}",)}, ["/cdn/x.js", "/cdn/x.js.br"]),
        (
            "index.html.br",
            {"strip_suffixes": (".br",), "clean_urls": True, "invalidate": ("/docs{path}",)},
            ["/docs", "/docs/", "/docs/index.html", "/docs/index.html.br"],
        ),
        ("x.jpg", {"query_strings": True}, ["/x.jpg", "/x.jpg*"]),
        ("LICENSE", {"query_strings": True}, ["/LICENSE", "/LICENSE?*"]),
        ("index.html", {"query_strings": True}, ["/", "/?*", "/index.html", "/index.html*"]),
        (
            "blog/index.html",
            {"query_strings": True, "clean_urls": True},
            ["/blog", "/blog/", "/blog/?*", "/blog/index.html", "/blog/index.html*", "/blog?*"],
        ),
        ("a~b.js", {"query_strings": True}, ["/a*"]),
        ("a/b.html", {"invalidate": ("{path}", "/sitemap.xml")}, ["/a/b.html", "/sitemap.xml"]),
        ("a/b c.html", {"invalidate": ("{dir}*",)}, ["/a/*"]),
        ("a/b.html", {"invalidate": ("{dir}/feed.xml",)}, ["/a/feed.xml"]),
        ("b.html", {"invalidate": ("{dir}*",)}, ["/*"]),
        ("a/b c", {"invalidate": ("/raw/{key}",)}, ["/raw/a/b%20c", "/raw/a/b+c"]),
        ("x", {"invalidate": ("/of/{bucket}/*",)}, ["/of/acme-www/*"]),
        ("img/a.jpg", {"invalidate": ("/resized{path}*",)}, ["/resized/img/a.jpg*"]),
        # The root page of a site below a folder has the folder's name as its clean URL.
        ("index.html", {"clean_urls": True, "invalidate": ("/docs{path}",)}, ["/docs", "/docs/", "/docs/index.html"]),
        (
            "blog/index.html",
            {"clean_urls": True, "invalidate": ("/d{path}",)},
            ["/d/blog", "/d/blog/", "/d/blog/index.html"],
        ),
        ("index.html", {"invalidate": ("/docs{path}",)}, ["/docs/", "/docs/index.html"]),
        ("about.html", {"clean_urls": True, "invalidate": ("/docs{path}",)}, ["/docs/about", "/docs/about.html"]),
        (
            "index.html",
            {"clean_urls": True, "invalidate": ("/docs{path}*",)},
            ["/docs", "/docs/*", "/docs/index.html*"],
        ),
        (
            "index.html",
            {"clean_urls": True, "invalidate": ("/docs{path}?v=1",)},
            ["/docs/?v=1", "/docs/index.html?v=1", "/docs?v=1"],
        ),
        (
            "index.html",
            {"clean_urls": True, "query_strings": True, "invalidate": ("/docs{path}",)},
            ["/docs", "/docs/", "/docs/?*", "/docs/index.html", "/docs/index.html*", "/docs?*"],
        ),
        ("index.html", {"clean_urls": True, "invalidate": ("{path}", "/docs{dir}")}, ["/", "/docs/", "/index.html"]),
        # P* is not trusted to evict P, whichever template has it.
        ("index.html", {"invalidate": ("/*",)}, ["/", "/*"]),
        ("blog/index.html", {"invalidate": ("{dir}*",)}, ["/blog/", "/blog/*"]),
        ("404.html", {"invalidate": ("/*",)}, ["/*"]),
        ("a b/index.html", {"invalidate": ("{dir}*",)}, ["/a%20b/", "/a%20b/*", "/a+b/", "/a+b/*"]),
    ],
)
def test_items_follow_the_settings(key: str, settings: dict[str, Any], expected: list[str]) -> None:
    assert items(key, **settings) == expected


def test_items_include_the_clean_url_of_a_folder_of_captures() -> None:
    settings: dict[str, Any] = {"clean_urls": True, "origin_path": "/www", "invalidate": ("/{lang}/x{path}",)}
    expected = ["/a%20b/x", "/a%20b/x/", "/a%20b/x/index.html", "/a+b/x", "/a+b/x/", "/a+b/x/index.html"]
    assert items("www/index.html", captures={"lang": "a b"}, **settings) == expected


def test_captures_are_encoded_in_paths_and_raw_in_tags() -> None:
    captures = {"site": "a&b c"}
    assert items("x", captures=captures, invalidate=("/{site}/feed",)) == ["/a&b%20c/feed", "/a&b+c/feed"]
    assert items("x", captures={"site": "a&b"}, invalidate=("#site-{site}",)) == ["#site-a&b"]


def test_tag_of_one_object_has_a_scope() -> None:
    result = items_for_target(target("blog/", invalidate=("#all", "#page-{key}")), ["blog/x"])
    assert result.items == {"#all": None, "#page-blog/x": "/blog/"}


def test_invalid_tag_becomes_a_wildcard_with_a_warning() -> None:
    result = items_for_target(target("blog/", {"site": "é"}, invalidate=("#site-{site}",)), ["blog/x"])
    assert sorted(result.items) == ["/blog/", "/blog/*"]
    assert "#site-é" in result.warnings[0]


@pytest.mark.parametrize(
    ("key", "matched", "settings", "scopes"),
    [
        ("blog/a.html", "blog/", {}, {"/blog/a.html": "/blog/"}),
        ("a.html", "", {}, {"/a.html": "/"}),
        ("latest/a/b", "latest/a/", {"origin_path": "/latest"}, {"/a/b": "/a/"}),
        ("latest/a", "late", {"origin_path": "/latest"}, {"/a": "/"}),
        ("a+b/c", "a+b/", {}, {"/a+b/c": "/a+b/", "/a%2Bb/c": "/a%2Bb/"}),
        ("x~y/a", "x~y/", {}, {"/x*": "/x"}),
        ("blog/a", "blog/", {"invalidate": ("/sitemap.xml",)}, {"/sitemap.xml": None}),
        ("blog/a", "blog/", {"invalidate": ("/cdn{path}",)}, {"/cdn/blog/a": "/cdn/blog/"}),
        ("blog/a", "blog/", {"invalidate": ("/{key}",), "origin_path": "/blog"}, {"/blog/a": "/blog/"}),
    ],
)
def test_scope_is_the_matched_prefix_as_a_viewer_path(
    key: str, matched: str, settings: dict[str, Any], scopes: dict[str, str | None]
) -> None:
    assert items_for_target(target(matched, **settings), [key]).items == scopes


ALL_SETTINGS = st.fixed_dictionaries(
    {
        "clean_urls": st.booleans(),
        "strip_suffixes": st.sampled_from([(), (".br", ".b")]),
        "query_strings": st.booleans(),
        "invalidate": st.sampled_from(
            [("{path}",), ("{path}", "{dir}*"), ("/*",), ("/x{path}", "/{key}", "{path}.gz")]
        ),
    }
)


@given(KEYS | ODD, ALL_SETTINGS)
@example("a" * 1_024, {"query_strings": True})
@example("日" * 341, {"invalidate": ("/{key}{key}",)})
def test_items_are_accepted_by_cloudfront(key: str, settings: dict[str, Any]) -> None:
    assert {item: why for item in items(key, **settings) if (why := why_unusable(item))} == {}


@given(KEYS | ODD, st.booleans(), st.booleans())
def test_items_cover_every_encoding_of_a_key(key: str, clean_urls: bool, query_strings: bool) -> None:  # noqa: FBT001
    sent_items = set(items(key, clean_urls=clean_urls, query_strings=query_strings))
    paths = {"/" + key}
    folder, _, name = ("/" + key).rpartition("/")
    if name == "index.html":
        paths |= {folder + "/"} | ({folder} if clean_urls and folder else set())
    elif clean_urls and name.endswith(".html"):
        paths.add("/" + key.removesuffix(".html"))
    viewer_urls = {
        spell(path, plus=plus, space=space) for path in paths for plus in ["+", "%2B"] for space in ("%20", "+")
    }
    assert {url for url in viewer_urls if not is_covered(url, sent_items)} == set()
    if query_strings:
        assert {url for url in viewer_urls if not is_covered(url + "?v=1", sent_items)} == set()


@given(st.sets(KEYS, min_size=1, max_size=8))
def test_items_of_keys_together_are_those_of_each_key(keys: set[str]) -> None:
    assert set(items_for_target(target(), keys).items) == {item for key in keys for item in items(key)}


# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html
CLOUDFRONT_MAX_PATH_CHARACTERS = 4_000


def long_target(**settings: Any) -> Target:
    """Build a target with a capture of 200 characters."""
    return Target("site", "bucket", Distribution("E1EXAMPLE"), Settings(**settings), "", "", {"site": "x" * 200})


@pytest.mark.parametrize(
    ("template", "items"),
    [
        ("/x{path}", ["/x/a.js", "/x/a.js*"]),
        ("/{key}/", ["/a.js/"]),
        ("/all{dir}", ["/all/"]),
        ("/{bucket}", ["/bucket"]),
    ],
)
def test_items_add_query_wildcard_after_object(template: str, items: list[str]) -> None:
    assert sorted(items_for_target(long_target(invalidate=(template,), query_strings=True), ["a.js"]).items) == items


def test_items_keep_path_of_maximum_length() -> None:
    template = "/" + "y" * (CLOUDFRONT_MAX_PATH_CHARACTERS - len("//a")) + "{path}"
    (item,) = items_for_target(long_target(invalidate=(template,)), ["a"]).items
    assert (len(item), item[-2:]) == (CLOUDFRONT_MAX_PATH_CHARACTERS, "/a")


def test_items_replace_longer_path_by_wildcard() -> None:
    template = "/" + "y" * (CLOUDFRONT_MAX_PATH_CHARACTERS - len("//a")) + "{path}"
    (item,) = items_for_target(long_target(invalidate=(template,)), ["ab"]).items
    assert (len(item) <= CLOUDFRONT_MAX_PATH_CHARACTERS, item[-1]) == (True, "*")
