"""The CloudFront double's caches, which judge whether an object is stale."""

import pytest

from support.cached_site import CachedSite, stale_after
from support.doubles.cloudfront import MISSING, Settings, Site, Stale


def test_cache_serves_a_changed_object_stale_until_invalidated() -> None:
    cached = CachedSite()
    old = cached.put("a.txt")
    assert cached.view("/a.txt") == [old]
    new = cached.put("a.txt")
    assert cached.view("/a.txt") == [old]
    assert cached.double.stale() == [Stale("E1", "/a.txt", old, new)]
    cached.invalidate("/a.txt")
    assert cached.double.stale() == []
    assert cached.view("/a.txt") == [new]


def test_cache_of_an_object_never_viewed_is_not_stale() -> None:
    cached = CachedSite()
    cached.put("a.txt")
    cached.put("a.txt")
    assert cached.stale() == []


def test_cache_of_a_deleted_object_is_stale_until_a_404() -> None:
    cached = CachedSite()
    cached.put("a.txt")
    cached.view("/a.txt")
    cached.double.delete("site", "a.txt")
    assert cached.stale() == ["/a.txt"]
    cached.invalidate("/a.txt")
    assert cached.view("/a.txt") == [MISSING]


def test_cache_of_a_404_may_hide_a_new_object() -> None:
    cached = CachedSite()
    assert cached.view("/new.txt") == [MISSING]
    cached.put("new.txt")
    assert cached.stale() == ["/new.txt"]


def test_cache_knows_an_object_written_again_as_another() -> None:
    cached = CachedSite()
    cached.put("a.txt")
    cached.view("/a.txt")
    cached.double.delete("site", "a.txt")
    cached.put("a.txt")
    assert cached.stale() == ["/a.txt"]


def test_cache_of_equal_content_written_again_is_fresh() -> None:
    cached = CachedSite()
    cached.double.put("site", "a.txt", content="first")
    cached.view("/a.txt")
    cached.double.put("site", "a.txt", content="other")
    assert cached.stale() == ["/a.txt"]
    cached.double.put("site", "a.txt", content="first")
    assert cached.stale() == []


def test_copy_of_another_edge_location_is_stale_until_evicted() -> None:
    cached = CachedSite()
    for content in ("first", "other", "first"):
        cached.double.put("site", "a.txt", content=content)
        cached.double.view_elsewhere("E1", "/a.txt")
    assert cached.stale() == ["/a.txt"]
    cached.invalidate("/a.txt")
    assert cached.stale() == []


def test_invalidation_takes_effect_after_its_delay() -> None:
    cached = CachedSite(settings=Settings(seconds_to_effect=5))
    cached.put("a", "b", "c")
    cached.view("/a", "/b")
    cached.put("a", "b", "c")
    cached.invalidate("/*")
    assert cached.double.settled_at() == cached.clock() + 5
    cached.clock.advance(4)
    assert cached.stale() == ["/a", "/b"]
    cached.view("/c")
    cached.clock.advance(1)
    assert cached.stale() == []
    assert cached.double.settled_at() == cached.clock()


def test_change_after_an_invalidation_is_stale_again() -> None:
    cached = CachedSite()
    cached.put("a")
    cached.invalidate("/a")
    cached.view("/a")
    cached.put("a")
    assert cached.stale() == ["/a"]


def test_wildcard_never_evicts_its_own_stem() -> None:
    assert stale_after("/dev/*", keys=["dev/index.html"], spellings=["/dev/", "/dev/index.html"]) == ["/dev/"]
    assert stale_after("/dev/*", "/dev/", keys=["dev/index.html"], spellings=["/dev/", "/dev/index.html"]) == []
    assert stale_after("/de*", keys=["dev/index.html"], spellings=["/dev/", "/dev/index.html"]) == []


def test_wildcard_evicts_its_stem_if_set() -> None:
    kind = Settings(seconds_to_effect=0, spares_stem=False)
    assert stale_after("/dev/*", keys=["dev/index.html"], spellings=["/dev/"], settings=kind) == []


def test_wildcard_is_a_string_prefix() -> None:
    keys = ["dir", "dir.html", "dir/x", "dir2/y", "die"]
    spellings = [f"/{key}" for key in keys]
    assert stale_after("/dir*", keys=keys, spellings=spellings) == ["/dir", "/die"]
    assert stale_after("/dir/*", keys=keys, spellings=spellings) == ["/dir", "/dir.html", "/dir2/y", "/die"]


def test_star_that_is_not_last_is_literal() -> None:
    assert stale_after("/a*c", keys=["a*c", "abc"], spellings=["/a*c", "/abc"]) == ["/abc"]


def test_path_is_case_sensitive() -> None:
    assert stale_after("/A", keys=["a"], spellings=["/a"]) == ["/a"]


def test_encoded_tilde_has_no_effect() -> None:
    spellings = ["/a~1", "/a%7E1"]
    assert stale_after("/a%7E1", "/a%7e*", keys=["a~1"], spellings=spellings) == spellings
    assert stale_after("/a*", keys=["a~1"], spellings=spellings) == []


def test_encoded_tilde_has_effect_if_set() -> None:
    kind = Settings(seconds_to_effect=0, ignores_tilde=False)
    assert stale_after("/a%7E1", keys=["a~1"], spellings=["/a%7E1"], settings=kind) == []


def test_needless_encoding_has_no_effect() -> None:
    assert stale_after("/a%2Db", keys=["a-b"], spellings=["/a-b"]) == ["/a-b"]


@pytest.mark.parametrize("item", ["#Site-A", "#site-a"])
def test_tag_evicts_every_variant_of_its_objects(item: str) -> None:
    cached = CachedSite(Site(id="E1", bucket="site", cache_tags=True, query_strings=True))
    for _ in range(2):
        cached.put("a", "b", tags=["x", " SITE-a"])
        cached.put("c", tags=["site-ab"])
        cached.view("/a", "/a?q=1", "/b", "/c")
    cached.invalidate(item)
    assert cached.stale() == ["/c"]
    cached.invalidate("#site-*")  # no wildcard
    assert cached.stale() == ["/c"]


def test_tags_are_ignored_if_the_distribution_did_not_opt_in() -> None:
    cached = CachedSite()
    cached.put("a", tags=["t"])
    cached.view("/a")
    cached.put("a", tags=["t"])
    cached.invalidate("#t")
    assert cached.stale() == ["/a"]


def test_tags_after_the_fiftieth_are_dropped() -> None:
    cached = CachedSite(Site(id="E1", bucket="site", cache_tags=True))
    tags = [f"t{number}" for number in range(1, 52)]
    for _ in range(2):
        cached.put("a", tags=tags)
        cached.view("/a")
    cached.invalidate("#t51")
    assert cached.stale() == ["/a"]
    cached.invalidate("#t50")
    assert cached.stale() == []


def test_tag_of_the_cached_copy_evicts_a_deleted_object() -> None:
    cached = CachedSite(Site(id="E1", bucket="site", cache_tags=True))
    cached.put("a", tags=["t"])
    cached.view("/a")
    cached.double.delete("site", "a")
    cached.invalidate("#t")
    assert cached.stale() == []


def test_cache_is_separate_for_each_distribution() -> None:
    cached = CachedSite()
    cached.double.add(Site(id="E2", bucket="site"))
    cached.put("a")
    cached.view("/a")
    cached.double.view("E2", "/a")
    cached.put("a")
    cached.invalidate("/a")
    assert [(stale.distribution, stale.spelling) for stale in cached.double.stale()] == [("E2", "/a")]
    cached.double.remove("E2")
    assert cached.double.stale() == []


def test_collateral_and_delay_are_counted_at_the_effect() -> None:
    cached = CachedSite(settings=Settings(seconds_to_effect=5))
    cached.put("a", "b")
    cached.view("/a", "/b")
    cached.put("a")
    cached.clock.advance(10)
    cached.invalidate("/*")
    cached.clock.advance(60)
    cached.put("b")
    cache = cached.double.cache("E1")
    assert (cache.collateral, cache.seconds_to_fresh) == (1, [15])
