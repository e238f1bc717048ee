"""`purgemap deploy`: the map into service, by way of a change set that is shown first."""

import sys
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import click
from rich.console import Console

from purgemap.aws import Aws, SqsQueue, translate_errors
from purgemap.cli.build import show_missing_byte_code
from purgemap.cli.deploy_options import parse_pairs, parse_role_arn, parse_tags
from purgemap.cli.deploy_output import Progress, show_changes, show_outputs, show_refreshes
from purgemap.cli.options import bucket_name, routes_option
from purgemap.cli.sound_maps import load_and_warn
from purgemap.cli.terminal import Terminal
from purgemap.deployment.package import FunctionPackage, package_function
from purgemap.deployment.rollout import MANUAL_HINT, refresh_jobs, send
from purgemap.deployment.stack import (
    ChangeSet,
    ChangeSetRequest,
    Clients,
    Stack,
    check_deployable,
    check_no_example_ids,
    connect,
    create_change_set,
    discard_change_set,
    ensure_artifact_bucket,
    execute_change_set,
    find_stack,
    load_deployed_map,
    merge_tags,
    object_url,
    upload,
)
from purgemap.deployment.template import load_template, render_stack
from purgemap.errors import PurgemapError
from purgemap.jobs import Job
from purgemap.routemap import did_you_mean
from purgemap.text import pluralize

DEFAULT_STACK = "purgemap"
_OWN_PARAMETERS = ("CodeBucket", "CodeKey")


class _Settings(NamedTuple):
    """What is given for the stack; CloudFormation keeps what is not."""

    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    role_arn: str | None


class _Target(NamedTuple):
    """Where to deploy: the clients, the stack's name, the stack as it is, the bucket for artifacts if one is named."""

    clients: Clients
    stack_name: str
    before: Stack | None
    artifact_bucket: str | None


@click.command(short_help="A map into service, what changes shown first.")
@click.option("--stack-name", metavar="NAME", default=DEFAULT_STACK, show_default=True, help="The stack to deploy to.")
@click.option(
    "--artifact-bucket",
    type=bucket_name,
    metavar="BUCKET",
    help="Takes the zip and the template [default: a private one, made on first use].",
)
@click.option(
    "--parameter",
    "parameters",
    metavar="KEY=VALUE",
    multiple=True,
    callback=parse_pairs,
    help="A parameter of deploy/template.yaml; it keeps its value until it is given another. May be repeated.",
)
@click.option(
    "--tag",
    "tags",
    metavar="KEY=VALUE",
    multiple=True,
    callback=parse_tags,
    help="A tag of the stack and of all that is in it; it keeps its value until it is given another, and an empty one "
    "removes it. May be repeated.",
)
@click.option(
    "--role-arn",
    metavar="ARN",
    callback=parse_role_arn,
    help="The role that CloudFormation assumes, in this deployment and later ones [default: your own credentials].",
)
@click.option("--refresh", is_flag=True, help="Invalidate each site that the map gains or alters, once, as a whole.")
@click.option(
    "--dry-run",
    is_flag=True,
    help="Show what would change, and change nothing; only the zip and the template are uploaded, to be compared.",
)
@click.option("--yes", is_flag=True, help="Go ahead without asking.")
@routes_option
def deploy(  # noqa: PLR0913  the command's options
    *,
    stack_name: str,
    artifact_bucket: str | None,
    parameters: Mapping[str, str],
    tags: Mapping[str, str],
    role_arn: str | None,
    refresh: bool,
    dry_run: bool,
    yes: bool,
    routes: tuple[str, ...],
) -> int:
    """Put a map into service, or bring what is in service up to date.

    Checks the map, builds the function, uploads both it and the template, and shows what CloudFormation would change
    before it does. Region and credentials are boto3's (AWS_DEFAULT_REGION, AWS_PROFILE, …). Exits with 1,
    and CloudFormation's first reason, if that fails; the stack is then as it was.
    """
    console = Terminal()
    new = load_and_warn(routes)
    template = render_stack(new)
    settings = _Settings(_checked(parameters), tags, role_arn)
    clients = connect()
    check_no_example_ids(new, clients.cloudformation)
    with translate_errors():
        target = _Target(clients, stack_name, find_stack(clients.cloudformation, stack_name), artifact_bucket)
        check_deployable(stack_name, target.before)
        old = load_deployed_map(clients.s3, target.before) if refresh else None
        built = package_function(new)
        request = _upload(target, built, template, settings)
        change_set = create_change_set(clients.cloudformation, stack_name, target.before, request)
        if change_set is None:
            console.print(f"{stack_name}: no changes")
            return 0
        jobs = refresh_jobs(old, new, change_set.id, time.time()) if old is not None else []
        _show(target, change_set, jobs, console)
        show_missing_byte_code(built, console)
        if dry_run:
            discard_change_set(clients.cloudformation, change_set)
            console.print(
                f"dry run: nothing is changed; {request.parameters['CodeBucket']} keeps the zip and the template"
            )
            return 0
        if not _agreed(clients, change_set, yes=yes):
            return 1
        _execute(target, change_set, jobs, console)
    return 0


def _checked(given: Mapping[str, str]) -> Mapping[str, str]:
    """Refuse parameters that the template lacks, or that this command sets."""
    names = sorted(load_template("template.yaml")["Parameters"].keys() - set(_OWN_PARAMETERS))
    for name in given.keys() - set(names):
        raise PurgemapError(f"--parameter {name}: the template has no such parameter; {did_you_mean(name, names)}")
    return given


def _upload(target: _Target, built: FunctionPackage, template: str, settings: _Settings) -> ChangeSetRequest:
    """Upload the function and the template, and return what to make of the stack."""
    clients, before = target.clients, target.before
    bucket = target.artifact_bucket or ensure_artifact_bucket(clients.s3, clients.account, clients.region)
    own = {"CodeBucket": bucket, "CodeKey": upload(clients.s3, bucket, built.archive, "zip")}
    template_key = upload(clients.s3, bucket, template.encode(), "yaml")
    known = load_template("template.yaml")["Parameters"].keys()
    kept = dict.fromkeys(known & before.parameters.keys()) if before else {}
    return ChangeSetRequest(
        f"purgemap-{built.sha256[:12]}-{int(time.time())}",
        object_url(clients.region, bucket, template_key),
        {**kept, **settings.parameters, **own},
        merge_tags(before, settings.tags),
        settings.role_arn,
    )


def _show(target: _Target, change_set: ChangeSet, jobs: Sequence[Job], console: Console) -> None:
    does = "makes" if change_set.is_first else "changes"
    console.print(f"[bold]{target.stack_name}[/] in {target.clients.region}: CloudFormation {does}")
    show_changes(change_set.changes, console)
    show_refreshes(jobs, console)


def _agreed(clients: Clients, change_set: ChangeSet, *, yes: bool) -> bool:
    """Ask whether to go ahead; without a yes nothing is left behind.

    Raises click.UsageError without a terminal; what would change has been printed by then.
    """
    agreed = yes
    try:
        if not yes and not sys.stdin.isatty():
            raise click.UsageError("cannot ask for confirmation: stdin is not a terminal; pass --yes")
        agreed = agreed or click.confirm("Go ahead?", err=True)
    finally:
        if not agreed:
            discard_change_set(clients.cloudformation, change_set)
    return agreed


def _execute(target: _Target, change_set: ChangeSet, jobs: Sequence[Job], console: Console) -> None:
    progress = Progress(console)
    cloudformation = target.clients.cloudformation
    try:
        with progress.running():
            execute_change_set(cloudformation, change_set, progress.tell)
    except KeyboardInterrupt:
        console.print("CloudFormation goes on without this command; the next deploy says whether it is done")
        if jobs:
            console.print(f"nothing is refreshed: {MANUAL_HINT}")
        raise
    stack = find_stack(cloudformation, change_set.stack_id)
    outputs = stack.outputs if stack else {}
    console.print(f"[bold green]{target.stack_name}[/] is up to date")
    show_outputs(outputs, console)
    if jobs:
        send(jobs, SqsQueue(Aws(region=target.clients.region), outputs["QueueUrl"]))
        sent = pluralize(len(jobs), "invalidation")
        console.print(f"refresh: {sent} in the queue; `purgemap status` shows them")
