"""The cache behaviors of a distribution → routes: each key of an origin under the paths that lead to the origin.

CloudFront takes the first behavior whose pattern matches a path. So the keys of a behavior are those that its pattern
matches, without those of earlier patterns that lead elsewhere. A key has several paths if it is a page: `/blog/` is
also `/blog/index.html`. Where these belong to different behaviors, the routes send both: too much, never too little.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from purgemap.aws.inspection import OriginConfig
from purgemap.operations.discovery.discovered_route import DiscoveredRoute
from purgemap.operations.discovery.path_patterns import (
    ends_with_extension,
    escape_glob,
    exclude_glob,
    folder_of,
    include_glob,
    intersects,
    is_literal,
    matches_everything,
)
from purgemap.operations.discovery.serving import Serving

_HTML = ".html"
SENDS_MORE = "also sends paths of pages that another behavior serves"
"""The comment of a route that sends more than it would have to."""

_PLAIN_PATH = re.compile(r"[A-Za-z0-9._/-]+")  # no encoding, and no meaning in templates


class ServedBehavior(NamedTuple):
    """A behavior's pattern, and the settings of each origin behind it; no origin if none is a known bucket."""

    pattern: str
    servings: tuple[tuple[OriginConfig, Serving], ...]


def find_behavior(behaviors: Sequence[ServedBehavior], path: str) -> int:
    """Return the number of the behavior that CloudFront takes for a path."""
    return next(number for number, behavior in enumerate(behaviors) if intersects(behavior.pattern, path))


def origin_prefix(origin: OriginConfig) -> str:
    """Return the start of the keys that an origin can serve."""
    return f"{origin.path.removeprefix('/')}/" if origin.path else ""


def routes_of_behaviors(behaviors: Sequence[ServedBehavior]) -> Iterator[DiscoveredRoute]:
    """Yield the routes of a distribution's behaviors, the default one last."""
    numbers_by_origin: dict[tuple[OriginConfig, Serving], list[int]] = {}
    for number, behavior in enumerate(behaviors):
        for key in behavior.servings:
            numbers_by_origin.setdefault(key, []).append(number)
    for (origin, serving), numbers in numbers_by_origin.items():
        yield from _OriginRoutes(behaviors, origin, serving, frozenset(numbers)).list_routes()


class _OriginRoutes(NamedTuple):
    """The behaviors that serve one origin with equal settings: `own` holds their numbers."""

    behaviors: Sequence[ServedBehavior]
    origin: OriginConfig
    serving: Serving
    own: frozenset[int]

    def list_routes(self) -> Iterator[DiscoveredRoute]:
        """Yield the routes; patterns without a common folder share one if they leave out the same."""
        includes: dict[tuple[str, ...], list[str]] = {}
        for number in sorted(self.own):
            if self._is_in_a_later_one(number):
                continue
            pattern, others = self.behaviors[number].pattern, self._earlier_others(number)
            folder = "" if matches_everything(pattern) else folder_of(pattern)
            if folder is not None and all(_strip_folder(other, folder) for other in others):
                yield from self._whole_routes(folder, others)
            else:
                exclude = tuple(exclude_glob(other) for other in others if not self._splits_pages(other))
                includes.setdefault(exclude, []).append(pattern)
            yield from self._folder_pages(others)
        for exclude, patterns in includes.items():
            yield self._include_route(patterns, exclude)

    def _is_in_a_later_one(self, number: int) -> bool:
        """Whether a later behavior of the same origin has all keys of this one, and none in between takes any."""
        pattern = self.behaviors[number].pattern
        for later in range(number + 1, len(self.behaviors)):
            other = self.behaviors[later].pattern
            if later not in self.own:
                if intersects(pattern, other):
                    return False
            elif matches_everything(other) or ((folder := folder_of(other)) and pattern.startswith(f"/{folder}")):
                return True
        return False

    def _earlier_others(self, number: int) -> list[str]:
        pattern = self.behaviors[number].pattern
        earlier = (self.behaviors[other].pattern for other in range(number) if other not in self.own)
        return [other for other in dict.fromkeys(earlier) if intersects(other, pattern)]

    def _whole_routes(self, folder: str, others: Sequence[str]) -> Iterator[DiscoveredRoute]:
        """Yield the routes of all keys of a folder but those of other behaviors."""
        globs = {other: _strip_folder(other, folder) for other in others}
        note = self._leaving_path(folder) or (SENDS_MORE if any(map(self._takes_short_paths, others)) else "")
        yield self._route(folder, (), tuple(globs.values()))._replace(note=note)
        split = [other for other in others if self._splits_pages(other)]
        kept = tuple(glob for other, glob in globs.items() if other not in split)
        index_globs = tuple(map(escape_glob, self.serving.index_documents))
        if split:
            pages = (*index_globs, f"*{_HTML}") if self.serving.clean_urls else index_globs
            yield self._route(folder, pages, kept)._replace(note=SENDS_MORE)
        if self.serving.is_website:
            note = "; ".join(filter(None, ["the website endpoint redirects /blog to /blog/", note]))
            yield self._route(folder, index_globs, kept)._replace(clean_urls=True, note=note)

    def _include_route(self, patterns: Sequence[str], exclude: tuple[str, ...]) -> DiscoveredRoute:
        """Return the route of the keys that one of the patterns matches."""
        has_pages = any(intersects(pattern, page) for pattern in patterns for page in self._pages())
        include = dict.fromkeys(glob for pattern in patterns for glob in self._include_globs(pattern))
        route = self._route("", tuple(include), exclude)
        if not has_pages and len(include) == len(set(patterns)):
            return route
        return route._replace(clean_urls=route.clean_urls or self.serving.is_website, note=SENDS_MORE)

    def _folder_pages(self, others: Sequence[str]) -> Iterator[DiscoveredRoute]:
        """Yield a route for `/blog`, of blog/index.html, where another behavior has `/blog/*` only."""
        if not (self.serving.clean_urls or self.serving.is_website):
            return
        for other in others:
            path = f"/{(folder_of(other) or '').removesuffix('/')}"
            if path != "/" and find_behavior(self.behaviors, path) in self.own:
                include = tuple(f"{path}/{escape_glob(name)}" for name in self.serving.index_documents)
                route = self._route("", include, ())._replace(note=f"the clean URL is outside {other}")
                is_template = _PLAIN_PATH.fullmatch(path) is not None
                yield route.with_items(path) if is_template else route._replace(clean_urls=True)

    def _include_globs(self, pattern: str) -> Iterator[str]:
        yield include_glob(pattern)
        if pattern.endswith("*") or ends_with_extension(pattern):
            return
        # The pattern may match a page's short path only.
        for name in self.serving.index_documents:
            if pattern.endswith(("/", "?")):
                yield include_glob(pattern + name)
            if self.serving.clean_urls or self.serving.is_website:
                yield include_glob(f"{pattern}/{name}")
        if self.serving.clean_urls:
            yield include_glob(pattern + _HTML)

    def _pages(self) -> list[str]:
        """Return patterns of the pages that have a short path."""
        pages = [f"*/{name}" for name in self.serving.index_documents]
        return [*pages, f"*{_HTML}"] if self.serving.clean_urls else pages

    def _splits_pages(self, other: str) -> bool:
        """Whether a pattern may match a page's own path, but not its short one."""
        if not any(intersects(other, page) for page in self._pages()):
            return False
        if not (other.endswith("*") and is_literal(other[:-1])):
            return True
        # `/blog/*` and `/blog*` match both paths, `/blog/ind*` does not.
        start = other[:-1].rpartition("/")[2]
        cuts_index = any(start and name.startswith(start) for name in self.serving.index_documents)
        cuts_html = any(start.endswith(_HTML[:length]) for length in range(1, len(_HTML) + 1))
        return cuts_index or (self.serving.clean_urls and cuts_html)

    def _takes_short_paths(self, other: str) -> bool:
        """Whether a pattern may match a page's short path, but not its own one."""
        has_short_names = self.serving.clean_urls or self.serving.is_website or other.endswith(("/", "?"))
        return has_short_names and not other.endswith("*") and not ends_with_extension(other)

    def _leaving_path(self, folder: str) -> str:
        """Return a note if another behavior serves the short path of a folder's own page, `/blog`."""
        path = f"/{folder[:-1]}"
        has_short_path = bool(folder) and (self.serving.clean_urls or self.serving.is_website)
        is_other = has_short_path and find_behavior(self.behaviors, path) not in self.own
        return f"also sends {path}, which another behavior serves" if is_other else ""

    def _route(self, folder: str, include: tuple[str, ...], exclude: tuple[str, ...]) -> DiscoveredRoute:
        return DiscoveredRoute(
            self.origin.target.bucket,
            origin_prefix(self.origin) + folder,
            self.origin.path,
            include,
            exclude,
            self.serving.index_documents,
            self.serving.clean_urls,
            self.serving.query_strings,
        )


def _strip_folder(pattern: str, folder: str) -> str:
    """Return the glob of a pattern for keys after a folder; "" if it cannot be written so."""
    glob = exclude_glob(pattern)
    if not folder or "/" not in glob:
        return glob
    return glob.removeprefix(f"/{folder}"[:-1]) if glob.startswith(f"/{folder}") else ""
