"""Maps as files: a valid one has no problems, or warnings that stand beside it; an invalid one exactly its text.

A new case is a new file, or a folder for a map in parts.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from purgemap.checking import check_map
from purgemap.preview import invalidations_of
from purgemap.routes.loading import load_routes
from purgemap.routes.problems import MapError, has_errors

MAPS = Path(__file__).parent / "maps"


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
    problems = check_map(case.name, invalidations_of).problems
    assert "".join(f"{problem}\n" for problem in problems) == expected_text(case)
    assert has_errors(problems)


@pytest.mark.parametrize("case", [*cases("valid")])
def test_a_valid_map_has_no_more_than_the_warnings_beside_it(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case.parent)
    problems = check_map(case.name, invalidations_of).problems
    assert "".join(f"{problem}\n" for problem in problems) == expected_text(case)
    assert not has_errors(problems)
    assert load_routes(case.name).document["compiled"]


@pytest.mark.parametrize("case", [*cases("invalid")])
def test_an_invalid_map_is_never_loaded_but_for_its_tests(case: Path) -> None:
    if case.stem == "test-fails":
        assert load_routes(case).buckets
        return
    with pytest.raises(MapError):
        load_routes(case)
