"""Since when each route has been tracked without a gap: a record from before a gap may be wrong.

While a route does not skip, changes of its objects are not recorded. Old fingerprints would outlive them.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from purgemap.ledger.deployments import Deployment
from purgemap.ledger.edges import TrackingTable
from purgemap.routemap import Distribution, RouteMap, is_distribution_name, load_settings
from purgemap.routemap.sites import list_routes
from purgemap.routing import Target

# Functions with the previous map process their last batches for a moment after a deployment.
# A record is as old as its head, which was read up to a minute before it was written.
_OVERLAP_SECONDS = 120

# A function that starts late with the previous map may bring back a route that this map has removed. So each function
# reads the tracking again now and then, which costs half a read unit.
_SECONDS_BETWEEN_READS = 300

# Of 30,000 pairs of a route and a distribution, the digests fit one item of DynamoDB, which has 400 KB. A map with more
# skips nothing.
_DIGEST_CHARACTERS = 12

_RouteId = tuple[str, str]
"""The name of a route, and the id of a distribution."""


class RouteTracking:
    """When the tracking of each route of a map began, for each of its distributions."""

    def __init__(self, table: TrackingTable, route_map: RouteMap) -> None:
        self._table = table
        self._route_map = route_map
        self._digests: Mapping[_RouteId, str] | None = None
        self._since: Mapping[str, float] = {}
        self._read_at: float | None = None

    def update(self, now: float, deadline: float, deployments: Sequence[Deployment] = ()) -> bool:
        """Read and correct the table's tracking if that is due; returns whether records may be trusted.

        The first batch of a function does it even without a tracked change: it ends the routes that the map has lost.
        """
        is_due = self._read_at is None or now - self._read_at >= _SECONDS_BETWEEN_READS
        if not deployments and not is_due:
            return True
        if self._digests is None:
            self._digests = _digest_routes(self._route_map)
        # A function without the ledger may have run until the rollback, which has kept the table.
        begins_again = any(deployment.is_rollback for deployment in deployments)
        since = self._exchange(set(self._digests.values()), now, deadline, begins_again=begins_again)
        self._since, self._read_at = since or {}, now if since is not None else None
        return since is not None

    def _exchange(
        self, digests: set[str], now: float, deadline: float, *, begins_again: bool
    ) -> Mapping[str, float] | None:
        # A second function that starts at the same time may write first.
        for _ in range(2):
            tracking = self._table.read_tracking(deadline)
            if tracking is None:
                return None
            known = {} if begins_again else tracking.since
            since = {digest: known.get(digest, now) for digest in sorted(digests)}
            if since == tracking.since or self._table.write_tracking(since, tracking.version, deadline):
                return since
        return None

    def is_valid(self, targets: Sequence[Target], seen: float) -> bool:
        """Return whether a record was written while all routes of its object were tracked, and ever since."""
        digests = self._digests or {}
        begins = [self._since.get(digests.get((target.route, target.distribution.id), "")) for target in targets]
        return all(since is not None and seen > since + _OVERLAP_SECONDS for since in begins)


def _digest_routes(route_map: RouteMap) -> dict[_RouteId, str]:
    """Hash the settings that decide which changes a route matches, for each distribution for which it skips."""
    contents: dict[_RouteId, list[Any]] = {}
    for bucket, route in list_routes(route_map):
        accounts = sorted(route_map.accounts.get(bucket, ()))
        for name in route.distributions:
            for distribution in _distributions(name, route_map):
                settings = load_settings(route, distribution)
                if settings.skip_unchanged:
                    content = [bucket, accounts, route.prefix, name, settings._asdict()]
                    contents.setdefault((route.name, distribution.id), []).append(content)
    return {id_: _digest([*id_, content]) for id_, content in contents.items()}


def _distributions(name: str, route_map: RouteMap) -> Iterator[Distribution]:
    """Yield the distributions that a route's text may select: a capture selects any that has a name."""
    if "{" in name:
        yield from (distribution for key, distribution in route_map.distributions() if is_distribution_name(key))
    elif distribution := route_map.distribution(name):
        yield distribution


def _digest(content: Any) -> str:
    text = json.dumps(content, sort_keys=True)
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:_DIGEST_CHARACTERS]
