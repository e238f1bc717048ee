"""A map is loaded whatever form it has, at a cost that its size bounds."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from purgemap.routemap.compiled import COMPILED_VERSION, Distribution, RouteMap, dump_row, load_routes, load_settings
from purgemap.routemap.load import load_map, read_map
from purgemap.routemap.parse.compile import compile_map
from purgemap.routemap.parse.yaml_nodes import MAX_BYTES
from purgemap.routemap.problems import MapError
from support.call_counts import count_calls
from support.places import CASES, TESTS

VALID = CASES / "maps" / "valid"
INVALID_ARGUMENT = VALID.parent / "invalid"


def routes_of(tmp_path: Path, text: str) -> RouteMap:
    file = tmp_path / "routes.yaml"
    file.write_text(text)
    return load_map(file)


def problems_of(path: Path) -> list[str]:
    with pytest.raises(MapError) as caught:
        load_map(path)
    return [problem.message for problem in caught.value.problems]


def large_map(routes: int) -> str:
    names = "".join(f"  site-{n}: {{id: E{n:013d}, origin_path: /sites/{n}}}\n" for n in range(routes))
    rows = "".join(f"  - {{bucket: acme-{n}, prefix: sites/{n}/, distributions: [site-{n}]}}\n" for n in range(routes))
    return f"version: 1\ndistributions:\n{names}routes:\n{rows}"


def test_a_map_compiles_to_exact_buckets_patterns_and_distributions(tmp_path: Path) -> None:
    routes = routes_of(
        tmp_path,
        """
        version: 1
        defaults: {max_paths: 100, max_paths_per_day: 70, clean_urls: true}
        distributions:
          www: {id: E2EXAMPLE1ABCD, origin_path: /www, max_wildcards: 5, max_paths_per_day: 0}
        routes:
          - {name: first, bucket: acme-www, distributions: [www, E2EXAMPLE1ABCD, {tenant: dt_1}]}
          - {bucket: "acme-{site}", prefix: "a/", distributions: ["{site}"], exclude: ["*.map"]}
          - {bucket: acme-www, distributions: [www], invalidate: ["/*"]}
        """,
    )
    assert load_routes(routes.buckets["acme-www"]) == [
        decoded("first", "", ["www", "E2EXAMPLE1ABCD", "tenant:dt_1"], {}),
        decoded("acme-www/", "", ["www"], {"invalidate": ["/*"]}),
    ]
    [(pattern, text)] = routes.patterns
    assert pattern == "acme-{site}"
    assert load_routes(text) == [decoded("acme-{site}/a/", "a/", ["{site}"], {"exclude": ["*.map"]})]
    www = Distribution("E2EXAMPLE1ABCD", max_paths=100, max_wildcards=5, max_paths_per_day=0)
    tenant = Distribution("tenant:dt_1", max_paths=100, max_paths_per_day=70)
    assert dict(routes.distributions()) == {"E2EXAMPLE1ABCD": www, "www": www, "tenant:dt_1": tenant}


def decoded(name: str, prefix: str, distributions: list[str], options: dict[str, object]) -> object:
    return load_routes(dump_row([[name, prefix, distributions, options]]))[0]


def test_a_setting_comes_from_the_route_then_the_distribution_then_the_defaults(tmp_path: Path) -> None:
    routes = routes_of(
        tmp_path,
        """
        version: 1
        defaults: {clean_urls: true, origin_path: /defaults, exclude: [defaults]}
        distributions:
          www: {id: E2EXAMPLE1ABCD, origin_path: /distribution, exclude: [distribution]}
        routes:
          - {bucket: acme-www, distributions: [www, E3EXAMPLE2ABCD], exclude: []}
        """,
    )
    [route] = load_routes(routes.buckets["acme-www"])
    named, bare = (routes.distribution(name) for name in route.distributions)
    assert named is not None
    assert bare is not None
    assert (load_settings(route, named).origin_path, load_settings(route, bare).origin_path) == (
        "/distribution",
        "/defaults",
    )
    assert load_settings(route, named).exclude == ()
    assert load_settings(route, named).clean_urls


def test_inline_distributions_with_other_options_stay_apart(tmp_path: Path) -> None:
    routes = routes_of(
        tmp_path,
        """
        version: 1
        routes:
          - {bucket: acme-www, distributions: [{id: E2EXAMPLE1ABCD, clean_urls: true}, E2EXAMPLE1ABCD]}
          - {bucket: acme-blog, distributions: [{id: E2EXAMPLE1ABCD, query_strings: true}]}
          - {bucket: acme-docs, distributions: [{id: E2EXAMPLE1ABCD, clean_urls: true}]}
        """,
    )

    def options(bucket: str) -> list[object]:
        [route] = load_routes(routes.buckets[bucket])
        found = [routes.distribution(name) for name in route.distributions]
        return [distribution.options for distribution in found if distribution]

    assert options("acme-www") == [{"clean_urls": True}, {}]
    assert options("acme-blog") == [{"query_strings": True}]
    assert options("acme-docs") == [{"clean_urls": True}]


@pytest.mark.parametrize("case", [path for path in sorted(VALID.iterdir()) if path.suffix != ".txt"], ids=str)
def test_the_same_map_compiles_to_the_same_bytes_whatever_the_hash_seed(case: Path) -> None:
    code = "import json, sys, purgemap.routemap.load as l; print(json.dumps(l.load_map(sys.argv[1]).document))"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code, str(case)],
            capture_output=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": n},
        ).stdout
        for n in ("1", "2")
    }
    assert len(outputs) == 1


def test_a_compiled_map_loads_as_it_is_without_yaml_and_jsonschema(tmp_path: Path) -> None:
    document = compile_map(read_map(VALID / "every-setting.yaml")[0])
    compiled = tmp_path / "routes.json"
    compiled.write_text(json.dumps(document))
    assert load_map(compiled).document == document
    code = "import sys, purgemap.routemap.load as l; l.load_map(sys.argv[1]); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code, str(compiled)], capture_output=True, text=True, check=True)
    assert not {"yaml", "jsonschema"} & set(run.stdout.split())


# As version 1 wrote it: the rows in plain JSON, of which version 2 would read no bucket at all.
VERSION_1 = {
    "compiled": 1,
    "buckets": {"acme-www": '[["acme-www/","",["E2EXAMPLE1ABCD"],{}]]'},
    "patterns": [],
    "distributions": {"E2EXAMPLE1ABCD": '{"id":"E2EXAMPLE1ABCD","options":{}}'},
}


def test_a_map_compiled_by_the_version_before_is_read(tmp_path: Path) -> None:
    compiled = tmp_path / "routes.json"
    compiled.write_text(json.dumps({**load_map(VALID / "smallest.yaml").document, "compiled": 2}))
    assert list(load_map(compiled).buckets) == ["acme-www"]


@pytest.mark.parametrize("document", [VERSION_1, {"compiled": COMPILED_VERSION + 1}])
def test_a_map_compiled_by_another_version_is_refused(tmp_path: Path, document: dict[str, Any]) -> None:
    compiled = tmp_path / "routes.json"
    compiled.write_text(json.dumps(document))
    [message] = problems_of(compiled)
    assert "build it again from its YAML with `purgemap build`" in message


def test_a_map_in_json_is_yaml_too(tmp_path: Path) -> None:
    routes = routes_of(
        tmp_path, '{"version": 1, "routes": [{"bucket": "acme-www", "distributions": ["E2EXAMPLE1ABCD"]}]}'
    )
    assert list(routes.buckets) == ["acme-www"]


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    [message] = problems_of(tmp_path / "routes.yaml")
    assert "No such file" in message


def test_a_file_past_the_size_limit_is_refused_unread(tmp_path: Path) -> None:
    file = tmp_path / "routes.yaml"
    file.write_bytes(b"#" * (MAX_BYTES + 1))
    [message] = problems_of(file)
    assert "split it" in message


BOMBS = {
    "lists": "[" + ", ".join(["*a#"] * 9) + "]",
    "mappings": "{" + ", ".join(f"k{n}: *a#" for n in range(5)) + "}",
    "merges": "{<<: [" + ", ".join(["*a#"] * 5) + "]}",
    "levels": "[*a#]",
}


@pytest.mark.parametrize("name", BOMBS)
def test_an_alias_bomb_of_a_kilobyte_is_refused_within_200_megabytes(tmp_path: Path, name: str) -> None:
    lines = ["a0: &a0 {x: y}", *(f"a{n + 1}: &a{n + 1} {BOMBS[name]}".replace("#", str(n)) for n in range(80))]
    bomb = tmp_path / "routes.yaml"
    bomb.write_text("\n".join(lines)[:1024].rpartition("\n")[0])
    code = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (200_000_000, 200_000_000))
from purgemap.routemap.load import load_map
from purgemap.routemap.problems import MapError
import purgemap.routemap.parse.read
from support.call_counts import count_calls
def load():
    try:
        load_map(sys.argv[1])
    except MapError as error:
        print(error)
print(count_calls(load))
"""
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    command = [sys.executable, "-c", code, str(bomb)]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    message, calls = run.stdout.splitlines()
    assert ": aliases " in message
    assert " more than " in message
    assert int(calls) < 20_000


def test_levels_that_would_overrun_the_parsers_stack_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "routes.yaml"
    file.write_text("routes: " + "[" * 500_000)
    [message] = problems_of(file)
    assert "levels" in message


def test_a_map_of_ten_thousand_routes_loads(tmp_path: Path) -> None:
    routes = routes_of(tmp_path, large_map(10_000))
    assert len(routes.buckets) == 10_000


def test_checking_a_map_costs_as_much_as_it_is_large(tmp_path: Path) -> None:
    """Counted, not timed: the calls that Python makes."""

    def calls(routes: int) -> int:
        file = tmp_path / "routes.yaml"
        file.write_text(large_map(routes))
        return count_calls(lambda: read_map(file))

    calls(10)
    assert calls(1_000) < 2.2 * calls(500)


def test_routes_label_a_distribution_by_its_names(tmp_path: Path) -> None:
    inline = "{id: E1EXAMPLE1ABCD}, {id: E2EXAMPLE2ABCD, origin_path: /a}, {id: E2EXAMPLE2ABCD}"
    routes = routes_of(
        tmp_path,
        "version: 1\ndistributions: {web: {id: E1EXAMPLE1ABCD}, www: {id: E1EXAMPLE1ABCD}}\n"
        f"routes: [{{bucket: site, distributions: [web, www, {inline}]}}]\n",
    )
    assert routes.label("E1EXAMPLE1ABCD") == "web, www (E1EXAMPLE1ABCD)"
    assert routes.label("E2EXAMPLE2ABCD") == "E2EXAMPLE2ABCD"
