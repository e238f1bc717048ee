"""The checked map of `purgemap build` and `purgemap deploy`: one reading of its files, one compilation."""

import json
import os
import threading
from pathlib import Path

import pytest

from purgemap.operations.check import load_checked_map
from purgemap.routemap import MapError
from purgemap.routemap.load import load_map
from purgemap.routemap.parse.compile import compile_map
from support.call_counts import count_calls_of

MAP = """\
version: 1
routes:
  - {bucket: acme-www, distributions: [E2EXAMPLE1ABCD]}
tests:
  - {object: s3://acme-www/about.html, expect: {E2EXAMPLE1ABCD: [/about.html]}}
"""


def test_checked_map_reads_each_part_and_compiles_once(tmp_path: Path) -> None:
    (tmp_path / "www.yaml").write_text(MAP)
    routes = "".join(f"  - {{bucket: acme-{number}, distributions: [E2EXAMPLE1ABCD]}}\n" for number in range(100))
    (tmp_path / "sites.yaml").write_text(f"version: 1\nroutes:\n{routes}")
    counts = count_calls_of(lambda: load_checked_map(tmp_path), Path.read_bytes, compile_map)
    assert counts == [2, 1]
    assert load_checked_map(tmp_path).route_map.document == load_map(tmp_path).document


def test_checked_map_can_be_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=(MAP,))
    writer.start()
    assert [*load_checked_map(pipe).route_map.buckets] == ["acme-www"]
    writer.join()


def test_checked_map_takes_a_compiled_map_unchecked(tmp_path: Path) -> None:
    yaml, compiled = tmp_path / "routes.yaml", tmp_path / "routes.json"
    yaml.write_text(MAP)
    compiled.write_text(json.dumps(load_map(yaml).document))
    checked = load_checked_map(compiled)
    assert (checked.route_map.document, checked.warnings) == (load_map(yaml).document, ())


def test_checked_map_reports_failing_tests_beside_other_errors(tmp_path: Path) -> None:
    file = tmp_path / "routes.yaml"
    file.write_text(MAP.replace("[/about.html]", "[/about]") + "  - {kee: x}\n")
    with pytest.raises(MapError, match=r"(?s)the test fails: .*kee"):
        load_checked_map(file)
