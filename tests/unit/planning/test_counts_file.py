"""The file of folder counts: read once and late, and never the reason why a plan fails."""

import json
from pathlib import Path

import pytest

from purgemap.planning import FolderCountsFile, format_counts, plan_job
from support.delivery import build_job
from support.ids import E1, E2

COUNTS = {E1: {"/": 3, "/a b/é/": 10, "/c/*": 1_000}, E2: {}}


def counts_file(folder: Path, data: bytes | None) -> tuple[FolderCountsFile, list[str]]:
    path, warnings = folder / "counts.json", list[str]()
    if data is not None:
        path.write_bytes(data)
    return FolderCountsFile(path, warnings.append), warnings


def test_file_holds_the_counts_of_each_distribution(tmp_path: Path) -> None:
    file, warnings = counts_file(tmp_path, format_counts(COUNTS))
    assert [file.counts_of(id_) for id_ in (E1, E2, "unknown")] == [COUNTS[E1], {}, {}]
    assert warnings == []


def test_file_is_the_same_for_the_same_counts() -> None:
    reordered = {id_: dict(reversed(counts.items())) for id_, counts in reversed(COUNTS.items())}
    assert format_counts(reordered) == format_counts(COUNTS)


def test_file_is_read_once_and_late(tmp_path: Path) -> None:
    file, _ = counts_file(tmp_path, None)
    (tmp_path / "counts.json").write_bytes(format_counts(COUNTS))
    assert file.counts_of(E1) == COUNTS[E1]
    (tmp_path / "counts.json").unlink()
    assert file.counts_of(E1) == COUNTS[E1]


def test_missing_file_is_no_warning(tmp_path: Path) -> None:
    file, warnings = counts_file(tmp_path, None)
    assert file.counts_of(E1) == {}
    assert warnings == []


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"{", b"\xff", b"[" * 100_000, b"null", b"[]", b"{}", b'{"version": 2, "distributions": {}}'),
        *(b'{"version": 1}', b'{"version": 1, "distributions": []}', b'{"version": 1, "distributions": {"E1": 5}}'),
        *(
            json.dumps({"version": 1, "distributions": {E1: {"/": count}}}).encode()
            for count in (-1, 1.5, True, None, "3", [3], float("nan"))
        ),
    ],
)
def test_unreadable_file_is_one_warning_and_no_counts(tmp_path: Path, data: bytes) -> None:
    file, warnings = counts_file(tmp_path, data)
    job = build_job(*(f"/{number}" for number in range(20)))
    for _ in range(2):
        assert plan_job(job, 8, 2, counts_of=file.counts_of) == plan_job(job, 8, 2)
    assert len(warnings) == 1
    assert warnings[0].startswith("the folder counts cannot be read, so plans estimate what they evict without them: ")


def test_file_that_is_a_folder_is_one_warning(tmp_path: Path) -> None:
    warnings: list[str] = []
    assert FolderCountsFile(tmp_path, warnings.append).counts_of(E1) == {}
    assert len(warnings) == 1
