"""The routes that a map lacks: their objects change, and the map does not send all of their items."""

import re
from collections.abc import Iterator

from purgemap.events import CREATED
from purgemap.operations.discovery.discovered_route import DiscoveredRoute
from purgemap.paths import items_for_target
from purgemap.routemap import Distribution, GlobList, Settings
from purgemap.routing import Router, Target

# Pages have paths that other files lack.
_SAMPLES = ("sample.css", "sample.html", "index.html", "sample/index.html", "sample/sample.css")
_WILDCARDS = re.compile(r"\*\*+/|\*+|\?")


def is_lacking(router: Router, distribution: str, route: DiscoveredRoute) -> bool:
    """Return whether a map does not send the items of a route to a distribution, for one of some sample objects."""
    keys = list(_sample_keys(route))
    # Without a sample nothing is known; a route twice costs nothing, since each item is sent once.
    return not keys or any(_is_lacking_for(router, distribution, route, key) for key in keys)


def _is_lacking_for(router: Router, distribution: str, route: DiscoveredRoute, key: str) -> bool:
    targets = (target for target in router.bucket(route.bucket).decide(key, CREATED) if isinstance(target, Target))
    own = (target for target in targets if target.distribution.id == distribution)
    sent = {item for target in own for item in items_for_target(target, [key]).items}
    # A route to `/*` needs no others beside it.
    wildcards = tuple(item[:-1] for item in sent if item.endswith("*"))
    wanted = items_for_target(_target(distribution, route), [key]).items
    return not all(item in sent or item.startswith(wildcards) for item in wanted)


def _target(distribution: str, route: DiscoveredRoute) -> Target:
    settings = Settings(
        route.origin_path,
        index_documents=route.index_documents,
        clean_urls=route.clean_urls,
        query_strings=route.query_strings,
        invalidate=route.invalidate,
    )
    return Target("", route.bucket, Distribution(distribution), settings, route.origin_path, route.prefix, {})


def _sample_keys(route: DiscoveredRoute) -> Iterator[str]:
    include, exclude = GlobList(route.include), GlobList(route.exclude)
    rests = [*_SAMPLES, *(_fill(glob) for glob in route.include)]
    for rest in dict.fromkeys(rests):
        if (not route.include or include.first_match(rest)) and not exclude.first_match(rest):
            yield route.prefix + rest


def _fill(glob: str) -> str:
    text = glob.removeprefix("/").replace("**\\/", "sample/")
    return re.sub(r"\\(.)", r"\1", _WILDCARDS.sub(lambda match: "s" if match[0] == "?" else "sample", text))
