"""Counts, lists, URIs and URL-encoded text."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from purgemap.text import join_with_limit, length_at_character_boundary, pluralize


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


@given(st.text(alphabet="aé日😀", max_size=12), st.data())
def test_length_at_character_boundary_cuts_no_character(text: str, data: st.DataObject) -> None:
    encoded = quote(f"/{text}")
    cut = encoded[: data.draw(st.integers(1, len(encoded)))]
    stems = [quote(f"/{text[:length]}") for length in range(len(text) + 1)]
    assert cut[: length_at_character_boundary(cut)] == max(filter(cut.startswith, stems), key=len)
