"""What `redrive` and `status` take: the service's queues, and distributions of the map."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

import click

from purgemap.aws import Aws
from purgemap.errors import PurgemapError
from purgemap.routemap import TENANT, Distribution, RouteMap, is_distribution_id

_Command = TypeVar("_Command", bound=Callable[..., Any])

QUEUE_VARIABLE, DEAD_LETTER_VARIABLE = "PURGEMAP_QUEUE_URL", "PURGEMAP_DEAD_LETTER_QUEUE_URL"

# https://docs.aws.amazon.com/general/latest/gr/sqs-service.html
_REGION = re.compile(r"https://sqs(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws|api)\.")


class QueueUrls(NamedTuple):
    """Where the service's queues are, None where nobody says."""

    queue: str | None
    dead_letters: str | None


def queue_options(command: _Command) -> _Command:
    """Add the options that `resolve_queue_urls` takes."""
    queue = click.option("--queue-url", metavar="URL", help=f"The service's queue [default: ${QUEUE_VARIABLE}].")
    dead_letters = click.option(
        "--dead-letter-queue-url", metavar="URL", help=f"Its dead-letter queue [default: ${DEAD_LETTER_VARIABLE}]."
    )
    return queue(dead_letters(command))


distribution_option = click.option(
    "--distribution",
    "distributions",
    metavar="ID",
    multiple=True,
    help="Only this one: an id, tenant:ID, or a name of the map. May be repeated.",
)


def resolve_queue_urls(
    queue_url: str | None, dead_letter_queue_url: str | None, environment: Mapping[str, str] = os.environ
) -> QueueUrls:
    """Find the queues: what is given, else the function's own variables."""
    return QueueUrls(
        queue_url or environment.get(QUEUE_VARIABLE) or None,
        dead_letter_queue_url or environment.get(DEAD_LETTER_VARIABLE) or None,
    )


def unnamed(urls: QueueUrls) -> Iterator[str]:
    """Say of each queue that nobody names how to name it."""
    if not urls.queue:
        yield f"no queue is named: give --queue-url, or set {QUEUE_VARIABLE}"
    if not urls.dead_letters:
        yield f"no dead-letter queue is named: give --dead-letter-queue-url, or set {DEAD_LETTER_VARIABLE}"


def aws_of(urls: QueueUrls) -> Aws:
    """Make the clients for the region that the queues' URLs name; CloudFront is the same from everywhere.

    Raises PurgemapError where no call can succeed.
    """
    named = next((match[1] for match in map(_REGION.match, filter(None, urls)) if match), None)
    aws = Aws(region=named)
    aws.check("sqs" if any(urls) else "cloudfront")
    return aws


def find_distributions(texts: Iterable[str], routes: RouteMap) -> list[Distribution]:
    """Find distributions by id or name; an id may be one that the map has no more. Raises PurgemapError."""
    return list({found.id: found for found in (_find(text, routes) for text in texts)}.values())


def _find(text: str, routes: RouteMap) -> Distribution:
    found = routes.distributions_by_id.get(text) or routes.distribution(text)
    if found:
        return found
    if is_distribution_id(text) or text.startswith(TENANT):
        return Distribution(text)
    raise PurgemapError(f"--distribution {text}: the map has no such name; give one of its names, or an id")
