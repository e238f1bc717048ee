"""Maps as files, with their exact problems in a `.txt` of the same name.

A new case is a new file, or a folder for a map in parts. A valid map without a `.txt` has no warnings.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from purgemap.operations.check import check_map
from purgemap.routemap.load import load_map
from purgemap.routemap.problems import MapError, has_errors
from support.places import CASES

MAPS = CASES / "maps"


def list_cases(kind: str) -> Iterator[object]:
    for case in sorted((MAPS / kind).iterdir()):
        if case.suffix != ".txt":
            yield pytest.param(case, id=case.stem)


def expected_text(case: Path) -> str:
    file = case.with_suffix(".txt")
    return file.read_text() if file.exists() else ""


@pytest.mark.parametrize("case", [*list_cases("invalid")])
def test_check_reports_exactly_the_problems_of_an_invalid_map(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case.parent)
    problems = check_map(case.name).problems
    assert "".join(f"{problem}\n" for problem in problems) == expected_text(case)
    assert has_errors(problems)


@pytest.mark.parametrize("case", [*list_cases("valid")])
def test_check_reports_exactly_the_warnings_of_a_valid_map(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case.parent)
    problems = check_map(case.name).problems
    assert "".join(f"{problem}\n" for problem in problems) == expected_text(case)
    assert not has_errors(problems)
    assert load_map(case.name).document["compiled"]


@pytest.mark.parametrize("case", [*list_cases("invalid")])
def test_load_rejects_invalid_maps_except_for_failing_tests(case: Path) -> None:
    if case.stem == "test-fails":
        assert load_map(case).buckets
        return
    with pytest.raises(MapError):
        load_map(case)
