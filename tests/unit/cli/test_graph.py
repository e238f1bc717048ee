"""`purgemap graph`: the picture as a file, in three formats."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from purgemap.cli.graph import graph
from purgemap.routemap import MapError, load_map
from support.commands import invoke
from support.ids import E1
from support.layouts import SITES_MAP, hostile_map
from support.pages import write_page
from support.shell import Shell

SUMMARY = "5 sites, 3 routes, 2 buckets, 2 distributions, 2 accounts"


@pytest.fixture(autouse=True)
def _map_of_sites(_in_empty_folder: None) -> None:
    Path("routes.yaml").write_text(SITES_MAP)


def draw(*arguments: str) -> str:
    result = invoke(graph, "--routes", "routes.yaml", *arguments, obj=write_page(Path("page")))
    assert (result.return_value, result.stderr) == (0, "")
    return result.stdout


def test_graph_prints_svg() -> None:
    assert ET.fromstring(draw()).findtext("{*}title") == "purgemap: routes.yaml"


@pytest.mark.parametrize(
    ("output", "start"),
    [
        ("map.svg", "<svg "),
        ("MAP.SVG", "<svg "),
        ("new/map.html", "<!doctype html>"),
        ("map.htm", "<!doctype html>"),
        ("map.mmd", "flowchart LR\n"),
        ("map.mermaid", "flowchart LR\n"),
    ],
)
def test_graph_derives_the_format_from_the_ending(output: str, start: str) -> None:
    assert draw("--output", output) == f"{output}: {SUMMARY}\n"
    assert Path(output).read_text().startswith(start)


def test_graph_format_overrides_the_ending() -> None:
    draw("--output", "map.txt", "--format", "svg")
    assert Path("map.txt").read_text().startswith("<svg ")


def test_graph_refuses_an_unknown_ending(shell: Shell) -> None:
    status, out, err = shell.run("graph", "--output", "map.png")
    assert (status, out) == (2, "")
    assert "map.png: the ending names no format (.svg, .html, .htm, .mmd, .mermaid); pass --format" in err


def test_graph_html_holds_the_map() -> None:
    text = draw("--format", "html")
    (data,) = re.findall(r'<script type="application/json" id="map-data">(.*)</script>', text)
    document = json.loads(data)
    assert (document["file"], document["valid"], document["generation"]) == ("routes.yaml", True, 0)
    assert (len(document["layout"]["edges"]), document["summary"]["sites"]) == (5, 5)


def test_graph_mermaid_has_each_site() -> None:
    lines = draw("--format", "mermaid").splitlines()
    assert lines[0] == "flowchart LR"
    assert sum(" --> " in line for line in lines) == 4 + 5
    assert any("www #40;" in line for line in lines)


def test_graph_warns_of_more_edges_than_mermaid_draws() -> None:
    routes = "".join(f"  - {{name: r{number}, bucket: b{number:03}, distributions: [{E1}]}}\n" for number in range(251))
    Path("routes.yaml").write_text(f"version: 1\nroutes:\n{routes}")
    result = invoke(graph, "--routes", "routes.yaml", "--format", "mermaid")
    assert result.return_value == 0
    assert "Mermaid refuses more than 500 edges" in result.stderr
    assert "this has 502 edges" in result.stderr
    assert result.stderr.endswith("draw it with --format svg\n")


@pytest.mark.parametrize("output_format", ["svg", "html", "mermaid"])
def test_graph_of_hostile_names_is_printable(output_format: str) -> None:
    Path("routes.yaml").write_text(json.dumps(hostile_map().document))
    text = draw("--format", output_format)
    assert text.replace("\n", "").isprintable()
    assert "<script>alert" not in text


def test_graph_of_an_invalid_map_prints_its_problems() -> None:
    Path("routes.yaml").write_text(SITES_MAP.replace("prefix: docs/", "prefx: docs/"))
    result = invoke(graph, "--routes", "routes.yaml")
    assert isinstance(result.exception, MapError)
    assert 'routes.yaml:9:5: $.routes[1].prefx: unknown key "prefx"' in str(result.exception)


def test_graph_draws_a_map_whose_tests_fail() -> None:
    failing = "tests:\n  - {object: s3://site/www/a, expect: {}}\n"
    Path("routes.yaml").write_text(SITES_MAP + failing)
    assert ET.fromstring(draw()) is not None


def test_graph_of_the_compiled_map_is_the_same() -> None:
    drawn = draw()
    Path("routes.yaml").write_text(json.dumps(load_map("routes.yaml").document))
    assert invoke(graph, "--routes", "routes.yaml").stdout == drawn


def test_graph_reads_a_map_from_a_pipe() -> None:
    os.mkfifo("pipe")
    code = "import sys; from purgemap.cli.main import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "graph", "--routes", "pipe"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        Path("pipe").write_text(SITES_MAP)
        out, _ = process.communicate()
    assert (process.returncode, out.startswith("<svg ")) == (0, True)


def test_graph_draws_without_flask() -> None:
    code = (
        "import sys; sys.modules['flask'] = sys.modules['werkzeug'] = None\n"
        "from purgemap.cli.main import main; sys.exit(main())"
    )
    command = [sys.executable, "-c", code, "graph", "--routes", "routes.yaml"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout[:5], done.stderr) == (0, "<svg ", "")
