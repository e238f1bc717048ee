"""The judge of what is stale: accepted items and a viewer's path."""

import pytest

from purgemap.demo.staleness import Coverage, is_wildcard


@pytest.mark.parametrize(
    ("item", "viewer_path"),
    [
        ("/page.html", "/page.html"),
        ("/a%20b", "/a b"),
        ("/%C3%A9/%E6%97%A5", "/é/日"),
        ("/100%25%23%3F", "/100%#?"),
        ("/!$&'()*+,;:@=-_.", "/!$&'()*+,;:@=-_."),
        ("/*", "/page.html"),
        ("/a%20*", "/a b"),
        ("/a*", "/a~b"),
        ("/x*", "/x*"),
        ("/a*b", "/a*b"),
    ],
)
def test_an_item_covers_the_spelling_that_a_viewer_asks_for(item: str, viewer_path: str) -> None:
    assert Coverage([item]).covers(viewer_path)


@pytest.mark.parametrize(
    ("item", "viewer_path"),
    [
        ("/page", "/page.html"),
        ("/a+b", "/a b"),
        ("/%28", "/("),
        ("/a%7Eb", "/a~b"),
        ("/a%7E*", "/a~b"),
        ("/dir/*", "/dir/"),
        ("/*", "/"),
        ("/b*", "/a"),
        ("/a*b", "/acb"),
        ("#tag*", "/page.html"),
    ],
)
def test_an_item_leaves_stale_what_it_does_not_spell(item: str, viewer_path: str) -> None:
    assert not Coverage([item]).covers(viewer_path)


def test_a_wildcard_is_a_path_that_ends_in_a_star() -> None:
    assert [item for item in ("/*", "/a*", "/a*b", "/a", "#a*") if is_wildcard(item)] == ["/*", "/a*"]
