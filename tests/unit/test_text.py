"""Counts, lists and URIs as text."""

import pytest

from purgemap.text import join_with_limit, pluralize


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 batches"), (1, "1 batch"), (2, "2 batches"), (1_200, "1,200 batches")]
)
def test_pluralize_uses_the_plural_except_for_one(count: int, text: str) -> None:
    assert pluralize(count, "batch", "batches") == text


def test_pluralize_appends_an_s_by_default() -> None:
    assert [pluralize(count, "path") for count in (1, 2)] == ["1 path", "2 paths"]


def test_join_with_limit_counts_the_texts_left_out() -> None:
    assert join_with_limit(["a", "b"]) == "a, b"
    assert join_with_limit([*"abcdefg"]) == "a, b, c, d, e and 2 more"
