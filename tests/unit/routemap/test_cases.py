"""Maps as files: a valid one has no problems, or warnings that stand beside it; an invalid one exactly its text.

A new case is a new file, or a folder for a map in parts.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from purgemap.operations.check import check_map
from purgemap.routemap.load import load_map
from purgemap.routemap.problems import MapError, has_errors
from support.places import CASES

MAPS = CASES / "maps"


def cases(kind: str) -> Iterator[object]:
    for case in sorted((MAPS / kind).iterdir()):
        if case.suffix != ".txt":
            yield pytest.param(case, id=case.stem)


def expected_text(case: Path) -> str:
    beside = case.with_suffix(".txt")
    return beside.read_text() if beside.exists() else ""


@pytest.mark.parametrize("case", [*cases("invalid")])
def test_an_invalid_map_is_refused_with_exactly_its_text(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case.parent)
    problems = check_map(case.name).problems
    assert "".join(f"{problem}\n" for problem in problems) == expected_text(case)
    assert has_errors(problems)


@pytest.mark.parametrize("case", [*cases("valid")])
def test_a_valid_map_has_no_more_than_the_warnings_beside_it(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case.parent)
    problems = check_map(case.name).problems
    assert "".join(f"{problem}\n" for problem in problems) == expected_text(case)
    assert not has_errors(problems)
    assert load_map(case.name).document["compiled"]


@pytest.mark.parametrize("case", [*cases("invalid")])
def test_an_invalid_map_is_never_loaded_but_for_its_tests(case: Path) -> None:
    if case.stem == "test-fails":
        assert load_map(case).buckets
        return
    with pytest.raises(MapError):
        load_map(case)
