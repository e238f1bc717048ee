"""The benchmark runs, tells what it should, and draws what it tells; how fast anything is, no test says."""

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

from bench.chart import chart
from bench.cost import batched, classic
from bench.rows import Row, measured, table

TESTS = Path(__file__).parent
ROWS = [
    Row("start: CPU", "the function & its map", 230.0, "ms", 0.75, "boto3", (0.7, 0.8), 0.8),
    Row("start: CPU", "the classic", 12_345.0, "ms", 12.0, "boto3", (11, 13), 0.8),
    Row("a month: dollars", "no bar", 5.0, "$"),
]


def test_a_quick_run_measures_every_section(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench", "--quick", "--json", str(tmp_path / "bench.json")]
    done = subprocess.run(command, cwd=TESTS, capture_output=True, text=True, check=False)
    assert (done.stderr, done.returncode) == ("", 0)
    document = json.loads((tmp_path / "bench.json").read_text())
    assert document["machine"].keys() >= {"processor", "system", "Python", "boto3", "botocore", "purgemap"}
    sections = {row["section"].partition(":")[0] for row in document["rows"]}
    assert sections >= {"start", "a full batch", "a month"}
    assert all(row["value"] > 0 for row in document["rows"])
    assert all(f"{row['name']}" in done.stdout for row in document["rows"])


def test_ratios_are_taken_within_a_round() -> None:
    found = measured([{"floor": 1, "it": 2}, {"floor": 10, "it": 20}, {"floor": 5, "it": 15}], "floor")
    assert (found["it"].value, found["it"].ratio, found["floor"].spread) == (15, 2, (1, 1))


def test_the_table_says_what_keeps_its_bar() -> None:
    lines = table(ROWS).splitlines()
    assert [line.rsplit(" ", 1)[-1] for line in lines if "the " in line] == ["met", "missed"]


def test_the_chart_is_a_small_drawing_of_the_rows_that_have_a_bar() -> None:
    drawing = ET.fromstring(chart(ROWS))
    bars = [each.get("fill") for each in drawing.iter("{http://www.w3.org/2000/svg}rect")]
    assert len(bars) == len(set(bars)) == 2
    assert len((TESTS / "bench/chart.svg").read_bytes()) < 15_000


def test_a_thousand_paths_a_month_are_free_and_every_path_more_costs_half_a_cent() -> None:
    assert classic(deploys=1, objects=1_000).paths == 0
    assert classic(deploys=1, objects=1_200).paths == 1
    assert batched(deploys=10, objects=5_000).paths == 10
