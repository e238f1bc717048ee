"""Tests of loading a map: from YAML, from a compiled document, and its settings."""

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
from purgemap.routemap.problems import MapError
from support.places import CASES

VALID = CASES / "maps" / "valid"
INVALID_ARGUMENT = VALID.parent / "invalid"


def load_text(tmp_path: Path, text: str) -> RouteMap:
    file = tmp_path / "routes.yaml"
    file.write_text(text)
    return load_map(file)


def problems_of(path: Path) -> list[str]:
    with pytest.raises(MapError) as caught:
        load_map(path)
    return [problem.message for problem in caught.value.problems]


def test_map_compiles_to_buckets_patterns_and_distributions(tmp_path: Path) -> None:
    routes = load_text(
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
        build_route("first", "", ["www", "E2EXAMPLE1ABCD", "tenant:dt_1"], {}),
        build_route("acme-www/", "", ["www"], {"invalidate": ["/*"]}),
    ]
    [(pattern, text)] = routes.patterns
    assert pattern == "acme-{site}"
    assert load_routes(text) == [build_route("acme-{site}/a/", "a/", ["{site}"], {"exclude": ["*.map"]})]
    www = Distribution("E2EXAMPLE1ABCD", max_paths=100, max_wildcards=5, max_paths_per_day=0)
    tenant = Distribution("tenant:dt_1", max_paths=100, max_paths_per_day=70)
    assert dict(routes.distributions()) == {"E2EXAMPLE1ABCD": www, "www": www, "tenant:dt_1": tenant}


def build_route(name: str, prefix: str, distributions: list[str], options: dict[str, object]) -> object:
    return load_routes(dump_row([[name, prefix, distributions, options]]))[0]


def test_settings_prefer_route_to_distribution_to_defaults(tmp_path: Path) -> None:
    routes = load_text(
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


@pytest.mark.parametrize(
    ("option", "route", "skips"),
    [
        ("defaults: {skip_unchanged: true}", "distributions: [E2EXAMPLE1ABCD]", True),
        ("defaults: {skip_unchanged: true}", "distributions: [E2EXAMPLE1ABCD], skip_unchanged: false", False),
        ("distributions: {www: {id: E2EXAMPLE1ABCD, skip_unchanged: true}}", 'distributions: ["w{site}"]', True),
        ("distributions: {www: {id: E2EXAMPLE1ABCD, skip_unchanged: true}}", 'distributions: ["x{site}"]', False),
        ("x-none: 1", "distributions: [E2EXAMPLE1ABCD], skip_unchanged: true", True),
        ("x-none: 1", "distributions: [E2EXAMPLE1ABCD]", False),
    ],
)
def test_map_skips_unchanged_if_some_route_does(tmp_path: Path, option: str, route: str, *, skips: bool) -> None:
    route_map = load_text(tmp_path, f'version: 1\n{option}\nroutes: [{{bucket: "a-{{site}}", {route}}}]\n')
    assert route_map.skips_unchanged is skips


def test_inline_distributions_keep_their_own_options(tmp_path: Path) -> None:
    routes = load_text(
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
        distributions = [routes.distribution(name) for name in route.distributions]
        return [distribution.options for distribution in distributions if distribution]

    assert options("acme-www") == [{"clean_urls": True}, {}]
    assert options("acme-blog") == [{"query_strings": True}]
    assert options("acme-docs") == [{"clean_urls": True}]


@pytest.mark.parametrize("case", [path for path in sorted(VALID.iterdir()) if path.suffix != ".txt"], ids=str)
def test_map_compiles_to_same_bytes_with_any_hash_seed(case: Path) -> None:
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


def test_compiled_map_loads_without_yaml_and_jsonschema(tmp_path: Path) -> None:
    document = compile_map(read_map(VALID / "every-setting.yaml")[0])
    compiled = tmp_path / "routes.json"
    compiled.write_text(json.dumps(document))
    assert load_map(compiled).document == document
    code = "import sys, purgemap.routemap.load as l; l.load_map(sys.argv[1]); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code, str(compiled)], capture_output=True, text=True, check=True)
    assert not {"yaml", "jsonschema"} & set(run.stdout.split())


# Version 1 wrote its rows in plain JSON, which version 2 cannot parse.
VERSION_1 = {
    "compiled": 1,
    "buckets": {"acme-www": '[["acme-www/","",["E2EXAMPLE1ABCD"],{}]]'},
    "patterns": [],
    "distributions": {"E2EXAMPLE1ABCD": '{"id":"E2EXAMPLE1ABCD","options":{}}'},
}


@pytest.mark.parametrize("version", [2, 3])
def test_map_compiled_by_previous_version_loads(tmp_path: Path, version: int) -> None:
    compiled = tmp_path / "routes.json"
    compiled.write_text(json.dumps({**load_map(VALID / "smallest.yaml").document, "compiled": version}))
    assert list(load_map(compiled).buckets) == ["acme-www"]


@pytest.mark.parametrize("document", [VERSION_1, {"compiled": COMPILED_VERSION + 1}])
def test_map_compiled_by_unknown_version_raises(tmp_path: Path, document: dict[str, Any]) -> None:
    compiled = tmp_path / "routes.json"
    compiled.write_text(json.dumps(document))
    [message] = problems_of(compiled)
    assert "build it again from its YAML with `purgemap build`" in message


def test_map_in_json_loads_as_yaml(tmp_path: Path) -> None:
    routes = load_text(
        tmp_path, '{"version": 1, "routes": [{"bucket": "acme-www", "distributions": ["E2EXAMPLE1ABCD"]}]}'
    )
    assert list(routes.buckets) == ["acme-www"]


def test_missing_file_is_one_problem(tmp_path: Path) -> None:
    [message] = problems_of(tmp_path / "routes.yaml")
    assert "No such file" in message


def test_route_map_labels_distribution_by_its_names(tmp_path: Path) -> None:
    inline = "{id: E1EXAMPLE1ABCD}, {id: E2EXAMPLE2ABCD, origin_path: /a}, {id: E2EXAMPLE2ABCD}"
    routes = load_text(
        tmp_path,
        "version: 1\ndistributions: {web: {id: E1EXAMPLE1ABCD}, www: {id: E1EXAMPLE1ABCD}}\n"
        f"routes: [{{bucket: site, distributions: [web, www, {inline}]}}]\n",
    )
    assert routes.label("E1EXAMPLE1ABCD") == "web, www (E1EXAMPLE1ABCD)"
    assert routes.label("E2EXAMPLE2ABCD") == "E2EXAMPLE2ABCD"
