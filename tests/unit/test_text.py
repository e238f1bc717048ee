"""Numbers and lists as people read them."""

import pytest

from purgemap.text import join_with_limit, pluralize


@pytest.mark.parametrize(
    ("number", "told"), [(0, "0 batches"), (1, "1 batch"), (2, "2 batches"), (1_200, "1,200 batches")]
)
def test_what_is_counted_is_in_the_plural_unless_it_is_one(number: int, told: str) -> None:
    assert pluralize(number, "batch", "batches") == told


def test_most_plurals_take_an_s() -> None:
    assert [pluralize(number, "path") for number in (1, 2)] == ["1 path", "2 paths"]


def test_of_a_long_list_some_are_shown_and_the_others_counted() -> None:
    assert join_with_limit(["a", "b"]) == "a, b"
    assert join_with_limit([*"abcdefg"]) == "a, b, c, d, e and 2 more"
