"""The files and folders of a map → everything that is wrong with it, its failing tests included."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from purgemap.routes.compiling import compile_map
from purgemap.routes.map_paths import MapPaths
from purgemap.routes.naming import known_ids
from purgemap.routes.problems import MapError, Problem, in_order
from purgemap.routes.soundness import sound_part
from purgemap.routes.table import Routes
from purgemap.routes.validation import read_map
from purgemap.routes.written import WrittenMap, WrittenTest

Evaluate = Callable[[Routes, str, str, str], Mapping[str, tuple[str, ...]]]
"""Routes, bucket, key and event → the items sent to each distribution, by its id or `tenant:…`."""

_MOST_SHOWN = 12
"""How many items of a difference a message names."""


class Checked(NamedTuple):
    """What a check found, and how much it looked at."""

    problems: tuple[Problem, ...]
    routes: int = 0
    distributions: int = 0
    tests: int = 0


def check_map(paths: MapPaths, evaluate: Evaluate) -> Checked:
    """Check a map in full: shape, rules, and those of its tests that no other mistake touches."""
    try:
        written, problems = read_map(paths)
    except MapError as error:
        return Checked(error.problems)
    found = in_order([*problems, *_failing_tests(written, problems, evaluate)])
    return Checked(found, len(written.routes), len(known_ids(written)), len(written.tests))


def _failing_tests(written: WrittenMap, problems: tuple[Problem, ...], evaluate: Evaluate) -> Iterator[Problem]:
    sound = sound_part(written, problems) if written.tests else None
    if sound is None:
        return
    routes = Routes(compile_map(sound.written))
    for test in sound.written.tests:
        if sound.decides(test):
            difference = _difference(written, test, evaluate(routes, test.bucket, test.key, test.event))
            if difference:
                yield test.place.error(f"the test fails: {difference}")


def _difference(written: WrittenMap, test: WrittenTest, sent: Mapping[str, tuple[str, ...]]) -> str:
    """Say in one line what is missing and what is too much, for each distribution."""
    labels = {_id_of(written, name): name for name in test.expect}
    expected = {_id_of(written, name): {item for item in items or () if item} for name, items in test.expect.items()}
    differences = []
    for id_ in sorted(expected.keys() | sent.keys()):
        wanted, found = expected.get(id_, set()), set(sent.get(id_, ()))
        parts = (_listed("missing", wanted - found), _listed("unexpected", found - wanted))
        if wanted != found:
            differences.append(f"{labels.get(id_) or _label(written, id_)}: {'; '.join(filter(None, parts))}")
    return " | ".join(differences)


def _listed(what: str, items: set[str]) -> str:
    shown = ", ".join(sorted(items)[:_MOST_SHOWN])
    more = f" and {len(items) - _MOST_SHOWN} more" if len(items) > _MOST_SHOWN else ""
    return f"{what} {shown}{more}" if items else ""


def _id_of(written: WrittenMap, name: str) -> str:
    distribution = written.distributions.get(name)
    return name if distribution is None else str(distribution.id)


def _label(written: WrittenMap, id_: str) -> str:
    return next((name for name, distribution in written.distributions.items() if distribution.id == id_), id_)
