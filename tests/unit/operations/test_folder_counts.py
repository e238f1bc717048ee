"""Object counts per folder: of a bucket's keys, bounded, and of each distribution's viewer paths."""

from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import LoadMap
from purgemap.operations import compile_folder_counts, count_folders
from purgemap.operations.folder_counts import merge_small_folders
from support.ids import E1, E2

_FOLDERS = st.lists(st.sampled_from("ab"), max_size=4).map(lambda names: "/" + "".join(f"{name}/" for name in names))
COUNTS = st.dictionaries(st.tuples(_FOLDERS, st.sampled_from(("", "", "*"))).map("".join), st.integers(1, 9))


def test_folders_count_the_objects_directly_in_them() -> None:
    keys = ["index.html", "a/1", "a/2", "a/b/1", "a/b/", "/odd"]
    assert count_folders(keys) == {"/": 1, "/a/": 2, "/a/b/": 2, "//": 1}


def test_folders_of_a_stream_are_bounded() -> None:
    keys = (f"{number % 7}/{number}/page.html" for number in range(5_000))
    counts = count_folders(keys, max_folders=10)
    assert len(counts) <= 10
    assert sum(counts.values()) == 5_000
    assert {f"/{number}/*" for number in range(7)} <= counts.keys()


@given(COUNTS, st.integers(1, 9))
def test_merge_keeps_the_objects_below_each_parent(counts: Mapping[str, int], max_folders: int) -> None:
    merged = merge_small_folders(counts, max_folders)
    assert len(merged) <= max_folders
    assert sum(merged.values()) == sum(counts.values())
    assert all(folder in counts or folder.endswith("/*") for folder in merged)
    if len(counts) <= max_folders:
        assert merged == counts


def test_merge_takes_the_smallest_folders() -> None:
    counts = {"/": 5, "/a/": 100, "/a/x/": 1, "/a/y/": 2, "/b/": 50}
    assert merge_small_folders(counts, 4) == {"/": 5, "/a/": 100, "/a/*": 3, "/b/": 50}
    assert merge_small_folders(counts, 1) == {"/*": 158}


def test_compiled_counts_are_of_viewer_paths(map_from_yaml: LoadMap) -> None:
    routes = map_from_yaml(
        f"""
        version: 1
        distributions: {{www: {{id: {E1}, origin_path: /www}}, news: {{id: {E2}}}}}
        routes:
          - {{bucket: site, distributions: [www]}}
          - {{bucket: "team-{{name}}", prefix: public/, distributions: [news]}}
        """
    )
    buckets = {
        "site": {"/": 9, "/www/": 1, "/www/a b/": 2, "/www/c/*": 3, "/other/": 9},
        "team-x": {"/public/": 4, "/private/": 9},
        "team-y": {"/public/": 5},
        "unknown": {"/": 9},
    }
    assert compile_folder_counts(routes, buckets) == {
        E1: {"/": 1, "/a%20b/": 2, "/a+b/": 2, "/c/*": 3},
        E2: {"/public/": 9},
    }


def test_distribution_of_an_uncounted_bucket_has_no_counts(map_from_yaml: LoadMap) -> None:
    routes = map_from_yaml(
        f"""
        version: 1
        routes:
          - {{bucket: one, distributions: [{E1}, {E2}]}}
          - {{bucket: two, prefix: docs/, distributions: [{E2}]}}
        """
    )
    assert compile_folder_counts(routes, {"one": {"/": 9}}) == {E1: {"/": 9}}


@pytest.mark.parametrize(("max_folders", "folders"), [(100, (3, 30)), (20, (3, 17)), (4, (2, 2)), (0, (1, 1))])
def test_compiled_counts_share_the_limit(map_from_yaml: LoadMap, max_folders: int, folders: tuple[int, int]) -> None:
    routes = map_from_yaml(
        f"""
        version: 1
        routes:
          - {{bucket: one, distributions: [{E1}]}}
          - {{bucket: two, distributions: [{E2}]}}
        """
    )
    buckets = {"one": Counter(f"/{n}/" for n in range(3)), "two": Counter(f"/{n}/" for n in range(30))}
    compiled = compile_folder_counts(routes, buckets, max_folders)
    assert (len(compiled[E1]), len(compiled[E2])) == folders
    assert [sum(counts.values()) for counts in compiled.values()] == [3, 30]
