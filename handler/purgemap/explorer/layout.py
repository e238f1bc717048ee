"""The layout of a map: buckets and prefixes on the left, distributions on the right, an edge for each site.

The page and the files of `purgemap graph` draw the same layout. It has no coordinates, only the order of the rows.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Generic, NamedTuple, TypeVar

from purgemap.explorer.row_order import DestinationKey, SourceKey, order_rows
from purgemap.operations import RoutePlace
from purgemap.routemap import RouteMap
from purgemap.routemap.sites import Site, list_routes, list_sites, list_unnamed_sites


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A bucket and prefix of the map, with the names of its routes."""

    id: str
    bucket: str
    prefix: str
    routes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DestinationRow:
    """A distribution of the map: its id, its names, and the origin paths of its sites.

    For a capture that forms no name of the map, `distribution` is the capture.
    """

    id: str
    distribution: str
    name: str
    origin_paths: tuple[str, ...]


LayoutRow = SourceRow | DestinationRow
_Row = TypeVar("_Row", bound=LayoutRow)
_Row_co = TypeVar("_Row_co", bound=LayoutRow, covariant=True)


@dataclass(frozen=True)
class RowGroup(Generic[_Row_co]):
    """The rows of one account; "" is the account of the service, or of a bucket that any account may own."""

    account: str
    rows: tuple[_Row_co, ...]


@dataclass(frozen=True, slots=True)
class Edge:
    """A site, between the ids of its rows; `place` is None for a compiled map, which has no lines."""

    source: str
    destination: str
    site: Site
    place: RoutePlace | None

    def document(self) -> dict[str, Any]:
        """Return the edge as the page reads it: the rows and the site's settings."""
        return {
            "source": self.source,
            "destination": self.destination,
            "route": self.site.route,
            "prefix": self.site.prefix,
            **_with_lists(self.site.settings._asdict()),
            "file": self.place.file if self.place else None,
            "line": self.place.line if self.place else None,
        }


class LayoutSummary(NamedTuple):
    """The numbers of a map's parts. A site is a route for one distribution."""

    sites: int
    buckets: int
    distributions: int
    accounts: int
    routes: int


@dataclass(frozen=True, slots=True)
class Layout:
    """The groups of both columns in the order of display, and the edges between their rows."""

    sources: tuple[RowGroup[SourceRow], ...]
    destinations: tuple[RowGroup[DestinationRow], ...]
    edges: tuple[Edge, ...]
    summary: LayoutSummary

    def document(self) -> dict[str, Any]:
        """Return the layout as the page reads it."""
        return {
            "sources": [_group_document(group) for group in self.sources],
            "destinations": [_group_document(group) for group in self.destinations],
            "edges": [edge.document() for edge in self.edges],
        }


def build_layout(route_map: RouteMap, places: Mapping[str, RoutePlace]) -> Layout:
    """Lay out the sites of a map; `places` has the place of each route by name. Equal maps give equal layouts."""
    sites = [*list_sites(route_map), *list_unnamed_sites(route_map)]
    keyed_sites = [(_source_key(site), _destination_key(site), site) for site in sites]
    source_keys, destination_keys = order_rows([(source, destination) for source, destination, _ in keyed_sites])
    source_ids = {key: f"s{number}" for number, key in enumerate(source_keys)}
    destination_ids = {key: f"d{number}" for number, key in enumerate(destination_keys)}

    sites_by_source: defaultdict[SourceKey, list[Site]] = defaultdict(list)
    sites_by_destination: defaultdict[DestinationKey, list[Site]] = defaultdict(list)
    for source, destination, site in keyed_sites:
        sites_by_source[source].append(site)
        sites_by_destination[destination].append(site)

    sources = [
        (key.account, SourceRow(id_, key.bucket, key.prefix, _unique(site.route for site in sites_by_source[key])))
        for key, id_ in source_ids.items()
    ]
    destinations = [
        (
            key.account,
            DestinationRow(
                id_,
                key.distribution,
                ", ".join(route_map.names_by_id.get(key.distribution, ())),
                _unique(site.settings.origin_path for site in sites_by_destination[key]),
            ),
        )
        for key, id_ in destination_ids.items()
    ]
    edges = [
        Edge(source_ids[source], destination_ids[destination], site, places.get(site.route))
        for source, destination, site in keyed_sites
    ]
    edges.sort(key=_edge_order)
    summary = LayoutSummary(
        sites=len(edges),
        buckets=len({site.bucket for site in sites}),
        distributions=len(destination_keys),
        accounts=len({key.account for key in destination_keys}),
        routes=sum(1 for _ in list_routes(route_map)),
    )
    return Layout(_group(sources), _group(destinations), tuple(edges), summary)


def _source_key(site: Site) -> SourceKey:
    return SourceKey(", ".join(site.accounts), site.bucket, site.prefix)


def _destination_key(site: Site) -> DestinationKey:
    return DestinationKey(site.distribution.account, site.distribution.id)


def _edge_order(edge: Edge) -> tuple[int, int, str]:
    # By number: as texts, s10 would come before s2.
    return int(edge.source[1:]), int(edge.destination[1:]), edge.site.route


def _unique(texts: Any) -> tuple[str, ...]:
    return tuple(sorted(set(texts)))


def _group(rows: Sequence[tuple[str, _Row]]) -> tuple[RowGroup[_Row], ...]:
    # The rows come ordered by account.
    return tuple(
        RowGroup(account, tuple(row for _, row in group)) for account, group in groupby(rows, key=lambda row: row[0])
    )


def _group_document(group: RowGroup[LayoutRow]) -> dict[str, Any]:
    return {"account": group.account, "rows": [_row_document(row) for row in group.rows]}


def _row_document(row: LayoutRow) -> dict[str, Any]:
    return _with_lists({name: getattr(row, name) for name in row.__slots__})


def _with_lists(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields with lists for tuples, as JSON has them."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()}
