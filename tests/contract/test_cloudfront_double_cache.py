"""What the CloudFront double's caches serve: the judge of whether anything is stale."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.doubles.cloudfront import ACCOUNT, MISSING, Clock, CloudFrontDouble, Settings, Site, Stale

AT_ONCE = Settings(seconds_to_effect=0, path_rate=None, wildcard_rate=None, call_rate=None)


class World:
    """One distribution over one bucket; time stands still unless a test moves it."""

    def __init__(self, site: Site | None = None, settings: Settings = AT_ONCE) -> None:
        self.clock = Clock()
        self.double = CloudFrontDouble(self.clock, settings)
        self.double.add(site or Site(id="E1", bucket="site"))

    def put(self, *keys: str, tags: Iterable[str] = ()) -> int:
        return [self.double.put("site", key, tags) for key in keys][-1]

    def view(self, *spellings: str) -> list[int]:
        return [self.double.view("E1", spelling) for spelling in spellings]

    def invalidate(self, *items: str) -> None:
        reference = f"{len(self.double.accepted('E1'))}"
        self.double.create_invalidation(ACCOUNT, "E1", items, reference)

    def stale(self) -> list[str]:
        return [stale.spelling for stale in self.double.stale()]


def stale_after(*items: str, keys: Iterable[str], spellings: Iterable[str], settings: Settings = AT_ONCE) -> list[str]:
    """View spellings of keys, change the keys, invalidate the items; tell which spellings are still stale."""
    world = World(settings=settings)
    world.put(*keys)
    world.view(*spellings)
    world.put(*keys)
    world.invalidate(*items)
    return world.stale()


def test_a_changed_object_is_served_stale_until_it_is_invalidated() -> None:
    world = World()
    old = world.put("a.txt")
    assert world.view("/a.txt") == [old]
    new = world.put("a.txt")
    assert world.view("/a.txt") == [old]
    assert world.double.stale() == [Stale("E1", "/a.txt", old, new)]
    world.invalidate("/a.txt")
    assert world.double.stale() == []
    assert world.view("/a.txt") == [new]


def test_what_nobody_viewed_cannot_be_stale() -> None:
    world = World()
    world.put("a.txt")
    world.put("a.txt")
    assert world.stale() == []


def test_a_deleted_object_is_stale_until_it_is_a_404() -> None:
    world = World()
    world.put("a.txt")
    world.view("/a.txt")
    world.double.delete("site", "a.txt")
    assert world.stale() == ["/a.txt"]
    world.invalidate("/a.txt")
    assert world.view("/a.txt") == [MISSING]


def test_a_new_object_may_be_hidden_by_a_cached_404() -> None:
    world = World()
    assert world.view("/new.txt") == [MISSING]
    world.put("new.txt")
    assert world.stale() == ["/new.txt"]


def test_an_object_deleted_and_written_again_is_another_version() -> None:
    world = World()
    world.put("a.txt")
    world.view("/a.txt")
    world.double.delete("site", "a.txt")
    world.put("a.txt")
    assert world.stale() == ["/a.txt"]


def test_an_invalidation_takes_effect_after_its_delay() -> None:
    world = World(settings=Settings(seconds_to_effect=5))
    world.put("a", "b", "c")
    world.view("/a", "/b")
    world.put("a", "b", "c")
    world.invalidate("/*")
    assert world.double.settled_at() == world.clock() + 5
    world.clock.advance(4)
    assert world.stale() == ["/a", "/b"]
    world.view("/c")
    world.clock.advance(1)
    assert world.stale() == []
    assert world.double.settled_at() == world.clock()


def test_a_change_after_the_effect_is_stale_again() -> None:
    world = World()
    world.put("a")
    world.invalidate("/a")
    world.view("/a")
    world.put("a")
    assert world.stale() == ["/a"]


def test_a_wildcard_never_evicts_its_own_stem() -> None:
    assert stale_after("/dev/*", keys=["dev/index.html"], spellings=["/dev/", "/dev/index.html"]) == ["/dev/"]
    assert stale_after("/dev/*", "/dev/", keys=["dev/index.html"], spellings=["/dev/", "/dev/index.html"]) == []
    assert stale_after("/de*", keys=["dev/index.html"], spellings=["/dev/", "/dev/index.html"]) == []


def test_a_wildcard_evicts_its_stem_where_a_setting_says_so() -> None:
    kind = Settings(seconds_to_effect=0, spares_stem=False)
    assert stale_after("/dev/*", keys=["dev/index.html"], spellings=["/dev/"], settings=kind) == []


def test_a_wildcard_is_a_string_prefix() -> None:
    keys = ["dir", "dir.html", "dir/x", "dir2/y", "die"]
    spellings = [f"/{key}" for key in keys]
    assert stale_after("/dir*", keys=keys, spellings=spellings) == ["/dir", "/die"]
    assert stale_after("/dir/*", keys=keys, spellings=spellings) == ["/dir", "/dir.html", "/dir2/y", "/die"]


def test_a_star_that_is_not_last_is_a_star() -> None:
    assert stale_after("/a*c", keys=["a*c", "abc"], spellings=["/a*c", "/abc"]) == ["/abc"]


def test_paths_are_case_sensitive() -> None:
    assert stale_after("/A", keys=["a"], spellings=["/a"]) == ["/a"]


def test_an_encoded_tilde_is_without_effect() -> None:
    spellings = ["/a~1", "/a%7E1"]
    assert stale_after("/a%7E1", "/a%7e*", keys=["a~1"], spellings=spellings) == spellings
    assert stale_after("/a*", keys=["a~1"], spellings=spellings) == []


def test_an_encoded_tilde_has_effect_where_a_setting_says_so() -> None:
    kind = Settings(seconds_to_effect=0, ignores_tilde=False)
    assert stale_after("/a%7E1", keys=["a~1"], spellings=["/a%7E1"], settings=kind) == []


def test_a_needless_encoding_is_without_effect() -> None:
    assert stale_after("/a%2Db", keys=["a-b"], spellings=["/a-b"]) == ["/a-b"]


def test_s3_reads_a_raw_plus_as_a_space() -> None:
    world = World()
    spaced, plus = world.put("a b"), world.put("a+b")
    assert world.view("/a+b", "/a%20b", "/a%2Bb") == [spaced, spaced, plus]


def test_each_spelling_of_an_object_is_evicted_by_itself() -> None:
    assert stale_after("/a%20b", keys=["a b"], spellings=["/a%20b", "/a+b"]) == ["/a+b"]


def test_query_strings_are_cached_apart_only_where_they_are_in_the_cache_key() -> None:
    world = World(Site(id="E1", bucket="site", query_strings=True))
    world.put("x.jpg")
    world.view("/x.jpg", "/x.jpg?a=1", "/x.jpg?a=2")
    world.put("x.jpg")
    world.invalidate("/x.jpg", "/x.jpg?a=1")
    assert world.stale() == ["/x.jpg?a=2"]
    world.invalidate("/x.jpg*")
    assert world.stale() == []
    assert stale_after("/x.jpg", keys=["x.jpg"], spellings=["/x.jpg?a=1"]) == []


def test_the_origin_path_stands_before_the_viewers_path() -> None:
    world = World(Site(id="E1", bucket="site", origin_path="/www"))
    version = world.put("www/a.txt")
    world.put("a.txt")
    assert world.view("/a.txt", "/www/a.txt") == [version, MISSING]


def test_an_index_document_answers_for_its_folder() -> None:
    world = World()
    root, blog = world.put("index.html"), world.put("blog/index.html")
    assert world.view("/", "/blog/", "/blog") == [root, blog, MISSING]


def test_clean_urls_lead_to_pages_and_to_folders() -> None:
    world = World(Site(id="E1", bucket="site", clean_urls=True))
    blog, about = world.put("blog/index.html"), world.put("about.html")
    assert world.view("/blog", "/about", "/blog/index") == [blog, about, MISSING]


def test_the_first_key_that_exists_answers_a_clean_url() -> None:
    world = World(Site(id="E1", bucket="site", clean_urls=True))
    world.put("a/index.html")
    world.view("/a")
    world.put("a.html")
    assert world.stale() == ["/a"]


@pytest.mark.parametrize("item", ["#Site-A", "#site-a"])
def test_a_tag_evicts_every_variant_of_every_object_that_carries_it(item: str) -> None:
    world = World(Site(id="E1", bucket="site", cache_tags=True, query_strings=True))
    for _ in range(2):
        world.put("a", "b", tags=["x", " SITE-a"])
        world.put("c", tags=["site-ab"])
        world.view("/a", "/a?q=1", "/b", "/c")
    world.invalidate(item)
    assert world.stale() == ["/c"]
    world.invalidate("#site-*")  # no wildcard
    assert world.stale() == ["/c"]


def test_tags_are_ignored_where_the_distribution_did_not_opt_in() -> None:
    world = World()
    world.put("a", tags=["t"])
    world.view("/a")
    world.put("a", tags=["t"])
    world.invalidate("#t")
    assert world.stale() == ["/a"]


def test_the_51st_tag_of_an_object_is_dropped() -> None:
    world = World(Site(id="E1", bucket="site", cache_tags=True))
    tags = [f"t{number}" for number in range(1, 52)]
    for _ in range(2):
        world.put("a", tags=tags)
        world.view("/a")
    world.invalidate("#t51")
    assert world.stale() == ["/a"]
    world.invalidate("#t50")
    assert world.stale() == []


def test_a_deleted_object_is_evicted_by_the_tags_it_was_cached_with() -> None:
    world = World(Site(id="E1", bucket="site", cache_tags=True))
    world.put("a", tags=["t"])
    world.view("/a")
    world.double.delete("site", "a")
    world.invalidate("#t")
    assert world.stale() == []


def test_distributions_cache_the_same_bucket_apart() -> None:
    world = World()
    world.double.add(Site(id="E2", bucket="site"))
    world.put("a")
    world.view("/a")
    world.double.view("E2", "/a")
    world.put("a")
    world.invalidate("/a")
    assert [(stale.distribution, stale.spelling) for stale in world.double.stale()] == [("E2", "/a")]
    world.double.remove("E2")
    assert world.double.stale() == []


def test_collateral_and_waiting_are_counted_at_the_moment_of_effect() -> None:
    world = World(settings=Settings(seconds_to_effect=5))
    world.put("a", "b")
    world.view("/a", "/b")
    world.put("a")
    world.clock.advance(10)
    world.invalidate("/*")
    world.clock.advance(60)
    world.put("b")
    cache = world.double.cache("E1")
    assert (cache.collateral, cache.seconds_to_fresh) == (1, [15])


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
    world = World(site)
    key = f"{site.origin_path}/{name}"[1:]
    version = world.put(key)
    assert set(world.view(*site.spellings(key))) == {version}


def test_a_key_has_the_spellings_that_viewers_use() -> None:
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
def test_a_wildcard_evicts_exactly_what_starts_with_its_stem(keys: list[str], length: int) -> None:
    site = Site(id="E1", bucket="site", index_documents=())
    world = World(site)
    spellings = [spelling for key in keys for spelling in site.spellings(key)]
    world.view(*spellings)
    world.put(*keys)
    stem = site.spellings(keys[0][:length])[0].partition("~")[0]
    world.invalidate(f"{stem}*")
    assert world.stale() == [each for each in dict.fromkeys(spellings) if each == stem or not each.startswith(stem)]
