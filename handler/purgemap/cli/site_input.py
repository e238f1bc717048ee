"""The options `--site` and `--all` of `plan` and `invalidate`: whole sites in place of an input of changes."""

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from purgemap.cli.change_input import read_change_input
from purgemap.cli.completion import bucket_name
from purgemap.cli.options import read_map
from purgemap.cli.terminal import print_line
from purgemap.operations import ChangeInput
from purgemap.operations.inputs import ChangeList
from purgemap.paths import BatchJobs
from purgemap.routemap import load_map
from purgemap.text import S3_SCHEME

if TYPE_CHECKING:
    from purgemap.deployment.rollout import SiteSelection

_Command = TypeVar("_Command", bound=Callable[..., Any])

_INPUTS = {"input_file": "INPUT", "bucket": "--bucket", "listing": "--listing"}


def parse_site(text: str) -> "SiteSelection":
    """Parse BUCKET or BUCKET/PREFIX; raises click.BadParameter."""
    # Imported here: it imports botocore, for which a plan of changes must not wait half a second.
    from purgemap.deployment.rollout import SiteSelection  # noqa: PLC0415

    bucket, _, prefix = text.removeprefix(S3_SCHEME).partition("/")
    return SiteSelection(bucket_name(bucket), prefix)


def site_options(command: _Command) -> _Command:
    """Add the options of `read_sites_or_changes`."""
    site = click.option(
        "--site",
        "sites",
        metavar="BUCKET[/PREFIX]",
        type=parse_site,
        multiple=True,
        help="All objects of a site, in place of INPUT: after a switch of origin. May be repeated.",
    )
    all_sites = click.option("--all", "all_sites", is_flag=True, help="All sites of the map, in place of INPUT.")
    return site(all_sites(command))


def read_sites_or_changes(
    *, sites: "tuple[SiteSelection, ...]", all_sites: bool, accepts_dry_run: bool = True, **options: Any
) -> ChangeInput:
    """Return the jobs of whole sites, or of an input of changes; raises click.UsageError for both."""
    if not sites and not all_sites:
        return read_change_input(**options, accepts_dry_run=accepts_dry_run)
    from purgemap.deployment.rollout import whole_site_jobs  # noqa: PLC0415  see parse_site

    context = click.get_current_context()
    given = [
        name for field, name in _INPUTS.items() if context.get_parameter_source(field) is ParameterSource.COMMANDLINE
    ]
    if sites and all_sites:
        given.append("--all")
    if given:
        raise click.UsageError(f"{'--site' if sites else '--all'} is given with {given[0]}; give one of them")
    route_map = read_map(options["routes"], load_map)
    # As for an input: the same command twice is two deploys.
    whole = whole_site_jobs(route_map, sites, f"cli-{time.time_ns()}-{os.getpid()}", time.time())
    for warning in whole.warnings:
        print_line(f"purgemap: {warning}", err=True)
    return ChangeInput(ChangeList([], 0, []), BatchJobs(whole.pending, [], [], whole.warnings), [], None, route_map)
