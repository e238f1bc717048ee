"""The options of `redrive` and `status`: the service's queues, and distributions of the map."""

import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

import click

from purgemap.aws import Aws
from purgemap.cli.completion import complete_distributions
from purgemap.cli.options import stack_name_option
from purgemap.deployment.stack import DeployedStack, read_stack
from purgemap.errors import PurgemapError
from purgemap.routemap import TENANT, Distribution, RouteMap, is_distribution_id

_Command = TypeVar("_Command", bound=Callable[..., Any])

QUEUE_VARIABLE, DEAD_LETTER_VARIABLE = "PURGEMAP_QUEUE_URL", "PURGEMAP_DEAD_LETTER_QUEUE_URL"

# https://docs.aws.amazon.com/general/latest/gr/sqs-service.html
_REGION = re.compile(r"https://sqs(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws|api)\.")


class QueueUrls(NamedTuple):
    """The URLs of the service's queues, None if not configured."""

    queue: str | None
    dead_letters: str | None


class ServiceQueues(NamedTuple):
    """The URLs of the queues, and what their stack says of the function's folder counts.

    `counts_time` is when the counts changed, as ISO 8601, "" if the stack has none or isn't read.
    """

    urls: QueueUrls
    counts_time: str = ""


class Waits(NamedTuple):
    """The seconds of a long poll, and the sleep between calls. Tests pass shorter ones as click's `obj`."""

    # A short poll queries a part of SQS's servers, so an empty answer would not mean an empty queue.
    long_poll_seconds: int = 2
    sleep: Callable[[float], None] = time.sleep


QUEUE_OPTIONS = ("stack_name", "queue_url", "dead_letter_queue_url")
"""The parameters of `queue_options`."""


def queue_options(command: _Command) -> _Command:
    """Add the options of `find_queues`."""
    queue = click.option(
        "--queue-url", metavar="URL", help=f"The service's queue [default: ${QUEUE_VARIABLE}, then the stack's]."
    )
    dead_letters = click.option(
        "--dead-letter-queue-url",
        metavar="URL",
        help=f"Its dead-letter queue [default: ${DEAD_LETTER_VARIABLE}, then the stack's].",
    )
    return stack_name_option(queue(dead_letters(command)))


distribution_option = click.option(
    "--distribution",
    "distributions",
    metavar="ID",
    multiple=True,
    shell_complete=complete_distributions,
    help="Only this one: an id, tenant:ID, or a name of the map. May be repeated.",
)


def resolve_queue_urls(
    queue_url: str | None, dead_letter_queue_url: str | None, environment: Mapping[str, str] = os.environ
) -> QueueUrls:
    """Return the URLs of the options, else those of the function's environment variables."""
    return QueueUrls(
        queue_url or environment.get(QUEUE_VARIABLE) or None,
        dead_letter_queue_url or environment.get(DEAD_LETTER_VARIABLE) or None,
    )


def find_queue_urls(options: Mapping[str, Any]) -> QueueUrls:
    """Return the URLs of `find_queues`."""
    return find_queues(options).urls


def find_queues(options: Mapping[str, Any], read: Callable[[str], DeployedStack] = read_stack) -> ServiceQueues:
    """Return the queues of the options or variables, else the stack's; raises PurgemapError for a missing stack.

    The stack is not read if one queue is named: the other could be another service's.
    """
    urls = resolve_queue_urls(options["queue_url"], options["dead_letter_queue_url"])
    if any(urls):
        return ServiceQueues(urls)
    try:
        stack = read(options["stack_name"])
    except PurgemapError as error:
        raise PurgemapError(f"{error}; or name the queues with --queue-url and --dead-letter-queue-url") from error
    urls = QueueUrls(stack.queue_url, stack.dead_letter_queue_url)
    return ServiceQueues(urls, stack.outputs.get("FolderCountsTime", ""))


def missing_queues(urls: QueueUrls) -> Iterator[str]:
    """Yield a message for each queue without a URL."""
    if not urls.queue:
        yield f"the queue is not named: pass --queue-url, or set {QUEUE_VARIABLE}"
    if not urls.dead_letters:
        yield f"the dead-letter queue is not named: pass --dead-letter-queue-url, or set {DEAD_LETTER_VARIABLE}"


def connect(urls: QueueUrls) -> Aws:
    """Return the clients for the region in the queues' URLs; raises PurgemapError if no call can succeed."""
    # CloudFront has one endpoint for all regions, so only the queues need theirs.
    region = next((match[1] for match in map(_REGION.match, filter(None, urls)) if match), None)
    aws = Aws(region=region)
    aws.check("sqs" if any(urls) else "cloudfront")
    return aws


def find_distributions(texts: Iterable[str], route_map: RouteMap) -> dict[str, Distribution]:
    """Find distributions by id or name, and return them by id; raises PurgemapError for an unknown name."""
    distributions = (_find_distribution(text, route_map) for text in texts)
    return {distribution.id: distribution for distribution in distributions}


def _find_distribution(text: str, route_map: RouteMap) -> Distribution:
    distribution = route_map.distributions_by_id.get(text) or route_map.distribution(text)
    if distribution:
        return distribution
    # Dead letters may be for a distribution that was removed from the map.
    if is_distribution_id(text) or text.startswith(TENANT):
        return Distribution(text)
    raise PurgemapError(f"--distribution {text}: the map has no such name; give one of its names, or an id")
