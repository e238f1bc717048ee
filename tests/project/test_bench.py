"""The benchmark runs, prints its rows, and publishes them. No test depends on how fast anything is."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml

from bench import callgrind, subjects
from bench.chart import draw_chart
from bench.classic import Classic
from bench.cost import GIGABYTES, batched_bill, classic_bill
from bench.publishing import CHART, PAGE, RESULTS, Published
from bench.rows import Row, format_table, summarize_rounds
from bench.stand_in import aws_stand_in
from purgemap.aws import Aws, AwsCloudFront, AwsInvalidationHistory, SqsQueue
from purgemap.delivery import QueueMessage
from purgemap.routemap import Distribution
from simulation.bursts import Burst, build_environment, run_burst, seconds_to_fresh
from support.places import TESTS

ROWS = [
    Row("start: CPU", "the function & its map", 230.0, "ms", 0.75, "boto3", (0.7, 0.8), 0.8),
    Row("start: CPU", "the classic", 12_345.0, "ms", 12.0, "boto3", (11, 13), 0.8),
    Row("a month: dollars", "no bar", 5.0, "$"),
]


def test_bench_quick_run_measures_every_section(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench", "--quick", "--json", str(tmp_path / "bench.json")]
    done = subprocess.run(command, cwd=TESTS, capture_output=True, text=True, check=False)
    assert (done.stderr, done.returncode) == ("", 0)
    document = json.loads((tmp_path / "bench.json").read_text())
    assert document["machine"].keys() >= {"processor", "system", "Python", "boto3", "botocore", "purgemap"}
    sections = {row["section"].partition(":")[0] for row in document["rows"]}
    assert sections >= {"start", "a full batch", "mixes of 50 patterns", "a month", "a lone edit"}
    assert "changes over distributions, calls a second" in sections
    assert all(row["value"] > 0 for row in document["rows"])
    assert all(f"{row['name']}" in done.stdout for row in document["rows"])


def test_stand_in_accepts_what_the_function_sends(monkeypatch: pytest.MonkeyPatch) -> None:
    items, messages = ("/a", "/é%22/*"), [QueueMessage("x"), QueueMessage("y", 5)]
    with aws_stand_in() as variables:
        for name, value in {**subjects.ENVIRONMENT, **variables}.items():
            monkeypatch.setenv(name, value)
        aws, distribution = Aws(), Distribution("EXAMPLE0000000")
        invalidation = AwsCloudFront(aws).create_invalidation(distribution, items, "r")
        page = AwsInvalidationHistory(aws).list_page(distribution, "")
        errors = SqsQueue(aws, variables["PURGEMAP_QUEUE_URL"]).send(messages)
    assert (invalidation[0], list(page.invalidations), errors) == ("I", [], ["", ""])


@pytest.mark.skipif(not callgrind.is_at_hand(), reason="needs valgrind")
def test_callgrind_counts_each_work(tmp_path: Path) -> None:
    code = "from bench.clock import cpu_seconds\nfor n in (9, 99999): cpu_seconds(lambda: sum(range(n)))\nprint('end')"
    printed, (few, many) = callgrind.work_instructions(code, tmp_path)
    assert (printed, few > 0, many > 10 * few) == ("end\n", True, True)


def test_measured_takes_ratios_within_a_round() -> None:
    measurements = summarize_rounds([{"floor": 1, "it": 2}, {"floor": 10, "it": 20}, {"floor": 5, "it": 15}], "floor")
    assert (measurements["it"].value, measurements["it"].ratio, measurements["floor"].spread) == (15, 2, (1, 1))


def test_table_marks_rows_that_meet_their_bar() -> None:
    lines = format_table(ROWS).splitlines()
    assert [line.rsplit(" ", 1)[-1] for line in lines if "the " in line] == ["met", "missed"]


def test_table_marks_rows_that_reach_their_moonshot() -> None:
    rows = [replace(row, moonshot=0.75) for row in ROWS[:2]]
    assert [line.partition("moonshot ")[2] for line in format_table(rows).splitlines()] == [
        "",
        "0.75 met",
        "0.75 missed",
    ]


def test_table_aligns_further_figures_with_their_headings() -> None:
    heading, line = format_table([replace(ROWS[2], also={"lost": 3, "calls of a burst": 1_234})]).splitlines()
    ends = [heading.index("lost") + 4, heading.index("burst") + 5]
    assert [line[:end].split()[-1] for end in ends] == ["3", "1,234"]


def test_chart_draws_the_rows_with_a_bar_in_a_small_file() -> None:
    drawing = ET.fromstring(draw_chart(ROWS))
    bars = [each.get("fill") for each in drawing.iter("{http://www.w3.org/2000/svg}rect")]
    assert len(bars) == len(set(bars)) == 2
    assert len((TESTS / "bench/chart.svg").read_bytes()) < 24_000


def test_cost_charges_half_a_cent_after_a_thousand_paths() -> None:
    assert classic_bill(deploys=1, objects=1_000).paths == 0
    assert classic_bill(deploys=1, objects=1_200).paths == 1
    assert batched_bill(deploys=10, objects=5_000).paths == 10


def test_cost_assumes_the_memory_of_the_template() -> None:
    text = files("purgemap.deploy").joinpath("template.yaml").read_text()
    memory = next(line for line in text.partition("  MemorySize:")[2].splitlines() if "Default:" in line)
    assert yaml.safe_load(memory) == {"Default": GIGABYTES * 1024}


def test_cost_counts_two_paths_for_an_index_document() -> None:
    assert batched_bill(deploys=30, objects=20).paths == (30 * 20 * 2 - 1_000) * 0.005


def test_classic_loses_most_of_a_burst_that_batches_survive() -> None:
    burst = Burst(events=1_000, distributions=10, seconds=10, calls_per_second=0.5)
    classic = Classic(burst)
    assert len(classic.double.stale()) == classic.lost > 800
    assert (classic.invocations, classic.calls) > (2_800, 3 * 2_800)
    with run_burst(burst) as run:
        assert run.double.stale() == []
        rival = seconds_to_fresh(classic.double, run.environment, burst)
        assert seconds_to_fresh(run.double, run.environment, burst) < rival


def test_classic_delivers_a_few_changes() -> None:
    burst = Burst(events=8, distributions=2, seconds=4, calls_per_second=0.5)
    classic = Classic(burst)
    assert (classic.lost, classic.double.stale()) == (0, [])
    assert (classic.invocations, classic.calls) == (8, 8)
    assert (
        seconds_to_fresh(classic.double, build_environment(2), burst) == classic.double.settings.seconds_to_effect - 0.5
    )


def test_published_page_and_chart_show_the_stored_run() -> None:
    run, page = Published.load(), PAGE.read_text()
    assert run.fill_tables(page) == page
    assert {"machine", "bars", "bursts", "months"} == set(re.findall(r"<!-- bench: (\w+) -->", page))
    assert draw_chart(run.rows) == CHART.read_text()
    assert run.as_json() == RESULTS.read_text()


def test_published_fills_only_the_marked_blocks() -> None:
    run = Published({"Python": "3.13"}, ROWS)
    text = "before\n<!-- bench: machine -->\nPython 2\n<!-- /bench -->\nafter\n"
    assert run.fill_tables(text) == text.replace("Python 2", "Python 3.13")
    bars = run.fill_tables("<!-- bench: bars -->\n<!-- /bench -->").splitlines()
    assert [line.split(" | ")[-2] for line in bars[3:-1]] == ["0.80 missed"]


def test_published_bars_are_the_nearest_rows_and_all_moonshots() -> None:
    far, near, moon = (replace(ROWS[0], name=name, ratio=ratio) for name, ratio in (("a", 0.1), ("b", 0.7), ("c", 0.2)))
    run = Published({}, [far, near, replace(moon, moonshot=0.1), ROWS[2]])
    lines = run.fill_tables("<!-- bench: bars -->\n<!-- /bench -->").splitlines()[3:-1]
    assert [(line.split(" | ")[1], "0.10 missed" in line) for line in lines] == [("b", False), ("c", True)]
