"""Random bytes, values and maps: each loads, or has problems of one line with a location in the file."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from purgemap.operations.check import check_map
from purgemap.routemap.problems import has_errors

KEYS = [
    *(
        "version",
        "defaults",
        "distributions",
        "routes",
        "tests",
        "name",
        "bucket",
        "prefix",
        "id",
        "tenant",
        "role_arn",
    ),
    *("external_id", "max_paths", "max_paths_per_day", "origin_path", "include", "exclude", "events", "clean_urls"),
    *("invalidate", "object", "event", "expect", "<<", "www", "E2EXAMPLE1ABCD", "NO", "1"),
]
TEXTS = [
    *(
        "www",
        "E2EXAMPLE1ABCD",
        "{site}",
        "{",
        "*",
        "a*{site}",
        "/",
        "/{site}",
        "#",
        "{path}",
        "created",
        "[",
        "\\",
        "~",
    ),
    *("s3://acme-www/a", "acme-{site}", "", "a/", "{site}/{site}", "{{", "arn:aws:iam::222222222222:role/purgemap"),
]

scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.dates(), st.sampled_from(TEXTS), st.text())
keys = st.one_of(st.sampled_from(KEYS), st.text(max_size=3))
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=4)),
    max_leaves=12,
)
texts = st.sampled_from(TEXTS)
lists = st.lists(st.one_of(texts, texts, values), max_size=3)
options = {"origin_path": texts, "include": lists, "exclude": lists, "invalidate": lists, "events": lists}
distributions = st.fixed_dictionaries({}, optional={"id": texts, "tenant": texts, "role_arn": texts, **options})
routes = st.fixed_dictionaries(
    {"bucket": texts, "distributions": st.lists(st.one_of(texts, distributions), max_size=3)},
    optional={"name": texts, "prefix": texts, **options},
)
tests = st.fixed_dictionaries({"object": texts, "expect": st.dictionaries(texts, lists, max_size=2)})
maps = st.fixed_dictionaries(
    {"version": st.just(1)},
    optional={
        "defaults": st.one_of(values, st.fixed_dictionaries({}, optional=options)),
        "distributions": st.one_of(values, st.dictionaries(texts, st.one_of(texts, distributions), max_size=3)),
        "routes": st.one_of(values, st.lists(st.one_of(routes, values), max_size=4)),
        "tests": st.one_of(values, st.lists(st.one_of(tests, values), max_size=2)),
    },
)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("map") / "routes.yaml"


def assert_problems_are_located(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    problems = check_map(file).problems
    lines = len(data.decode("utf-8", "replace").splitlines()) + 1
    for problem in problems:
        assert problem.message.isprintable()
        assert 1 <= problem.line <= lines
        assert problem.column >= 1
        assert problem.path.startswith("$")


@settings(max_examples=3 * settings().max_examples)
@given(values)
def test_check_rejects_any_value_in_single_lines(file: Path, value: Any) -> None:
    assert_problems_are_located(file, yaml.safe_dump(value, allow_unicode=True).encode())
    assert has_errors(check_map(file).problems)


@settings(max_examples=5 * settings().max_examples)
@given(maps)
def test_check_survives_any_map(file: Path, value: Any) -> None:
    assert_problems_are_located(file, yaml.safe_dump(value, sort_keys=False).encode())


@settings(max_examples=5 * settings().max_examples)
@given(
    st.one_of(
        st.binary(), st.text().map(str.encode), st.text("{}[]:-&*a!\n ,<|\"'#?%@`\t", max_size=60).map(str.encode)
    )
)
@example(b"? {a: b}\n: c")
@example(b"!!bool x: y\n!!int '': z")
@example(b"a: 1:1e999\nb: 9:59:59:59:59:59.0\nc: 0b\nd: 0x_\ne: +_")
@example(b"&a [*a]")
@example(b"? &a [*a]\n: *a")
@example(b"a: !!bool x\nb: !!int ''\nc: !!float x\nd: !!null {}\ne: !!str [a]\nf: !!map x\n=: =\n<<: <<")
def test_check_survives_any_bytes(file: Path, data: bytes) -> None:
    assert_problems_are_located(file, data)
