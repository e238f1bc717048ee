"""The watched map: each edit is a new generation, and a broken map shows its problems."""

import os
from functools import partial
from pathlib import Path

import pytest

from purgemap import library
from purgemap.errors import PurgemapError
from purgemap.explorer.server import WatchedMap
from purgemap.routemap import load_map
from support.ids import E1, E2

MAP = f"""\
version: 1
routes:
  - {{name: site, bucket: site, distributions: [{E1}]}}
"""
BROKEN = f"{MAP}  - {{bucket: site, prefx: a/, distributions: [{E2}]}}\n"
FAILING = f"{MAP}tests:\n  - {{object: s3://site/a.html, expect: {{}}}}\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "routes.yaml"
    file.write_text(MAP)
    return file


@pytest.fixture
def watched(file: Path) -> WatchedMap:
    return WatchedMap(str(file))


def test_generation_changes_with_the_file_only(file: Path, watched: WatchedMap) -> None:
    assert [watched.generation() for _ in range(2)] == [1, 1]
    file.write_text(BROKEN)
    assert [watched.generation() for _ in range(2)] == [2, 2]
    assert watched.document()["generation"] == 2


def test_generation_changes_with_a_replaced_file(file: Path, watched: WatchedMap) -> None:
    watched.generation()
    before = file.stat()
    replacement = file.with_name("new")
    replacement.write_text(MAP.replace(E1, E2))
    os.utime(replacement, ns=(before.st_atime_ns, before.st_mtime_ns))
    replacement.replace(file)
    assert (file.stat().st_size, file.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert watched.generation() == 2
    assert watched.document()["layout"]["destinations"][0]["rows"][0]["distribution"] == E2


def test_generation_changes_with_the_parts_of_a_folder(tmp_path: Path, file: Path) -> None:
    watched = WatchedMap((str(tmp_path),))
    assert watched.document()["summary"]["routes"] == 1
    part = tmp_path / "b.yml"
    part.write_text(MAP.replace("site", "docs"))
    (tmp_path / "notes.txt").write_text("no part of the map")
    assert (watched.generation(), watched.document()["summary"]["routes"]) == (2, 2)
    part.unlink()
    file.touch()
    assert watched.document()["summary"]["routes"] == 1


def test_broken_map_shows_problems_and_the_last_layout(file: Path, watched: WatchedMap) -> None:
    valid = watched.document()
    file.write_text(BROKEN)
    document = watched.document()
    (problem,) = (problem for problem in document["problems"] if problem["severity"] == "error")
    assert (problem["file"], problem["line"], problem["column"]) == (str(file), 4, 20)
    assert 'did you mean "prefix"?' in problem["message"]
    assert (document["valid"], document["stale"], document["layout"]) == (False, True, valid["layout"])
    file.write_text(MAP)
    assert watched.document() == {**valid, "generation": 3}


def test_map_that_is_broken_from_the_start_has_no_layout(file: Path) -> None:
    file.write_text(BROKEN)
    document = WatchedMap(str(file)).document()
    assert (document["valid"], document["layout"], "stale" in document) == (False, None, False)
    assert set(document["summary"].values()) == {0}


def test_map_that_is_gone_is_a_problem(file: Path, watched: WatchedMap) -> None:
    watched.document()
    file.unlink()
    (problem,) = watched.document()["problems"]
    assert problem["message"] == "can't be read: No such file or directory"
    file.write_text(MAP)
    assert watched.document()["valid"]


def test_failing_test_of_the_map_is_shown_beside_it(file: Path, watched: WatchedMap) -> None:
    watched.document()
    file.write_text(FAILING)
    document = watched.document()
    assert (document["valid"], "stale" in document) == (False, False)
    assert [problem["line"] for problem in document["problems"]] == [5]
    assert watched.explain("s3://site/a.html", "created")["matches"]


def test_explain_and_plan_refuse_a_broken_map(file: Path, watched: WatchedMap) -> None:
    watched.document()
    file.write_text(BROKEN)
    for call in (partial(watched.explain, "s3://site/a", "created"), partial(watched.plan, b"s3://site/a\n", None)):
        with pytest.raises(PurgemapError) as raised:
            call()
        assert str(raised.value).startswith(f"the map has 1 error; fix the first: {file}:4:20: ")


def test_plan_is_that_of_the_library(file: Path, watched: WatchedMap) -> None:
    lines = ["upload: ./a b.html to s3://site/a b.html", "delete: s3://site/docs/index.html", ""]
    assert watched.plan("\r\n".join(lines).encode(), None) == library.plan(load_map(file), lines).document()
    assert watched.plan(b"a.html\n", "site")["summary"]["paths"] == 1


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"s3://site/a\ns3://site/\xff\n", "line 2 is not UTF-8 (byte 22)"),
        ("s3://site/a".encode("utf-16"), "is UTF-16"),
        (b"a.html\n", "line 1: 'a.html' is a key; name its bucket"),
    ],
)
def test_plan_names_the_line_that_it_refuses(watched: WatchedMap, data: bytes, message: str) -> None:
    with pytest.raises(PurgemapError) as raised:
        watched.plan(data, None)
    assert message in str(raised.value)
