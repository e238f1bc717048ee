"""The viewer paths of an object in the CloudFront double: spellings, query strings, folders, clean URLs."""

from hypothesis import given
from hypothesis import strategies as st

from support.cached_site import CachedSite, stale_after
from support.doubles.cloudfront import MISSING, Site


def test_origin_decodes_a_raw_plus_as_a_space() -> None:
    cached = CachedSite()
    spaced, plus = cached.put("a b"), cached.put("a+b")
    assert cached.view("/a+b", "/a%20b", "/a%2Bb") == [spaced, spaced, plus]


def test_spelling_is_evicted_by_its_own_item_only() -> None:
    assert stale_after("/a%20b", keys=["a b"], spellings=["/a%20b", "/a+b"]) == ["/a+b"]


def test_query_string_is_cached_apart_if_in_the_cache_key() -> None:
    cached = CachedSite(Site(id="E1", bucket="site", query_strings=True))
    cached.put("x.jpg")
    cached.view("/x.jpg", "/x.jpg?a=1", "/x.jpg?a=2")
    cached.put("x.jpg")
    cached.invalidate("/x.jpg", "/x.jpg?a=1")
    assert cached.stale() == ["/x.jpg?a=2"]
    cached.invalidate("/x.jpg*")
    assert cached.stale() == []
    assert stale_after("/x.jpg", keys=["x.jpg"], spellings=["/x.jpg?a=1"]) == []


def test_origin_path_is_prepended_to_the_viewers_path() -> None:
    cached = CachedSite(Site(id="E1", bucket="site", origin_path="/www"))
    version = cached.put("www/a.txt")
    cached.put("a.txt")
    assert cached.view("/a.txt", "/www/a.txt") == [version, MISSING]


def test_index_document_answers_for_its_folder() -> None:
    cached = CachedSite()
    root, blog = cached.put("index.html"), cached.put("blog/index.html")
    assert cached.view("/", "/blog/", "/blog") == [root, blog, MISSING]


def test_clean_urls_lead_to_pages_and_folders() -> None:
    cached = CachedSite(Site(id="E1", bucket="site", clean_urls=True))
    blog, about = cached.put("blog/index.html"), cached.put("about.html")
    assert cached.view("/blog", "/about", "/blog/index") == [blog, about, MISSING]


def test_clean_url_is_answered_by_the_first_existing_key() -> None:
    cached = CachedSite(Site(id="E1", bucket="site", clean_urls=True))
    cached.put("a/index.html")
    cached.view("/a")
    cached.put("a.html")
    assert cached.stale() == ["/a"]


KEYS = st.text(st.sampled_from("ab/.+~ *?%#é") | st.characters(codec="utf-8"), min_size=1, max_size=12)
SITES = st.builds(
    Site,
    id=st.just("E1"),
    bucket=st.just("site"),
    origin_path=st.sampled_from(["", "/www", "/a/b"]),
    clean_urls=st.booleans(),
    query_strings=st.booleans(),
)


@given(SITES, KEYS | KEYS.map("{}.html".format) | KEYS.map("{}/index.html".format))
def test_every_spelling_of_a_key_is_answered_by_that_key(site: Site, name: str) -> None:
    cached = CachedSite(site)
    key = f"{site.origin_path}/{name}"[1:]
    version = cached.put(key)
    assert set(cached.view(*site.spellings(key))) == {version}


def test_spellings_are_the_urls_that_viewers_use() -> None:
    site = Site(id="E1", bucket="site", origin_path="/www", clean_urls=True)
    assert site.spellings("www/index.html") == ("/index.html", "/")
    assert site.spellings("www/blog/index.html") == ("/blog/index.html", "/blog/", "/blog")
    assert site.spellings("www/about.html") == ("/about.html", "/about")
    assert site.spellings("www/a b+c~.é?") == (
        "/a%20b%2Bc~.%C3%A9%3F",
        "/a%20b%2Bc%7E.%C3%A9%3F",
        "/a+b%2Bc~.%C3%A9%3F",
        "/a+b%2Bc%7E.%C3%A9%3F",
    )
    assert site.spellings("elsewhere/a") == ()


@given(st.lists(KEYS, min_size=1, max_size=20, unique=True), st.integers(0, 3))
def test_wildcard_evicts_exactly_the_paths_with_its_stem(keys: list[str], length: int) -> None:
    site = Site(id="E1", bucket="site", index_documents=())
    cached = CachedSite(site)
    spellings = [spelling for key in keys for spelling in site.spellings(key)]
    cached.view(*spellings)
    cached.put(*keys)
    stem = site.spellings(keys[0][:length])[0].partition("~")[0]
    cached.invalidate(f"{stem}*")
    assert cached.stale() == [path for path in dict.fromkeys(spellings) if path == stem or not path.startswith(stem)]
