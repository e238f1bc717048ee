"""A map with mistakes → the part of it that these don't touch, so that its tests can be run all the same."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from purgemap.errors import PatternError
from purgemap.patterns import Pattern
from purgemap.routes.naming import Directory, is_template
from purgemap.routes.problems import Problem, path_text
from purgemap.routes.source import Place
from purgemap.routes.written import WrittenMap, WrittenRoute, WrittenTest

_ENTRY = re.compile(r'\$\.(?:routes\[\d+\]|tests\[\d+\]|distributions(?:\.[\w-]+|\["(?:[^"\\]|\\.)*"\])|version)')
_MOST_DOUBTFUL = 100
"""How many routes with mistakes each test is compared with; beyond that no test is run."""


@dataclass(frozen=True, slots=True)
class SoundPart:
    """The routes, distributions and tests of a map that no mistake touches, and the routes that one does."""

    written: WrittenMap
    doubtful: tuple[WrittenRoute, ...]

    def decides(self, test: WrittenTest) -> bool:
        """Tell whether a test's result doesn't depend on a route with a mistake."""
        return not any(_may_match(route, test) for route in self.doubtful)


def sound_part(written: WrittenMap, problems: Iterable[Problem]) -> SoundPart | None:
    """Leave out what has errors; None if an error stands where everything depends on it, such as in the defaults."""
    faulty = {(problem.file, _entry(problem.path)) for problem in problems if problem.severity == "error"}
    if not all(_ENTRY.fullmatch(entry) for _, entry in faulty):
        return None
    directory = Directory(written)
    broken_names = {name for name, found in written.distributions.items() if _is_in(found.place, faulty)}

    def is_doubtful(route: WrittenRoute) -> bool:
        found = [directory.find(target) for target in route.targets]
        named = any(distribution is not None and _is_in(distribution.place, faulty) for distribution in found)
        made = bool(broken_names) and any(is_template(target.text or "") for target in route.targets)
        return _is_in(route.place, faulty) or named or made

    doubtful = tuple(route for route in written.routes if is_doubtful(route)) if faulty else ()
    if len(doubtful) > _MOST_DOUBTFUL:
        return None
    sound = replace(
        written,
        distributions={name: found for name, found in written.distributions.items() if name not in broken_names},
        routes=tuple(route for route in written.routes if route not in doubtful) if doubtful else written.routes,
        tests=tuple(test for test in written.tests if not _is_in(test.place, faulty)),
    )
    return SoundPart(sound, doubtful)


def _entry(path: str) -> str:
    """Cut a problem's path down to the route, test or distribution that it lies in."""
    found = _ENTRY.match(path)
    return found[0] if found else path


def _is_in(place: Place, faulty: set[tuple[str, str]]) -> bool:
    return (place.source.file, _entry(path_text(place.path))) in faulty


def _may_match(route: WrittenRoute, test: WrittenTest) -> bool:
    if route.bucket is None or route.prefix is None:
        return True
    try:
        bucket, prefix = Pattern(route.bucket, whole=True), Pattern(route.prefix, whole=False)
    except PatternError:
        return True
    return bool(bucket.match(test.bucket) and prefix.match(test.key))
