"""A map and the AWS that it is for → whether its ids are only an example's."""

from typing import Any
from urllib.parse import urlsplit

from purgemap.errors import PurgemapError
from purgemap.routemap import RouteMap

# As AWS's own documentation marks them; that a real id holds this is one chance in ten billion.
_MARK = "EXAMPLE"

# Where a client goes to which nobody gave an endpoint, by IPv4 alone or, the second of each, by IPv6, too.
_AWS = (
    *(".amazonaws.com", ".api.aws"),
    *(".amazonaws.com.cn", ".api.amazonwebservices.com.cn"),
    *(".amazonaws.eu", ".api.amazonwebservices.eu"),
)


def check_no_example_ids(routes: RouteMap, client: Any) -> None:
    """Refuse a map with an example's ids, as a fresh clone has one, unless the client talks to a stand-in for AWS.

    Raises PurgemapError.
    """
    examples = sorted(id_ for id_ in routes.distributions_by_id if _MARK in id_)
    if examples and (urlsplit(client.meta.endpoint_url).hostname or "").endswith(_AWS):
        raise PurgemapError(f"{examples[0]} is an example's id: write your own buckets and distributions into the map")
