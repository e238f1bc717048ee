"""Accepted items and the viewer paths that they cover."""

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
def test_coverage_covers_the_encoded_viewer_path(item: str, viewer_path: str) -> None:
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
def test_coverage_does_not_cover_other_encodings(item: str, viewer_path: str) -> None:
    assert not Coverage([item]).covers(viewer_path)


def test_is_wildcard_requires_a_path_that_ends_in_a_star() -> None:
    assert [item for item in ("/*", "/a*", "/a*b", "/a", "#a*") if is_wildcard(item)] == ["/*", "/a*"]
