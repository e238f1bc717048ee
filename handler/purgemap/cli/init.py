"""`purgemap init`: write a first map, with the schema beside it, and pipelines for its repository."""

import shlex
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from purgemap.aws.inspection import Accounts
from purgemap.cli.account_options import read_accounts, role_arns_option
from purgemap.cli.completion import file_name
from purgemap.cli.discover import show_discovery
from purgemap.cli.init_pipelines import PipelinePlan, pipeline_options, plan_pipelines, show_pipelines, write_pipelines
from purgemap.cli.options import DEFAULT_ROUTES, check_new_file, write_new_file
from purgemap.cli.terminal import Terminal, print_json
from purgemap.errors import PurgemapError
from purgemap.operations import EXAMPLE_MAP, SCHEMA_NAME, add_schema_line, read_schema
from purgemap.operations.discovery import Discovery, discover_map

_NEXT = ("purgemap check", "purgemap doctor", "purgemap deploy --enable-notifications")

_EXAMPLE_CONTENT = "an example: write your buckets and distributions in its place"

# What the written map does not have in a form for programs.
_DISCOVERED = ("distributions", "buckets", "undecided")


def _parse_file(_context: click.Context, _option: click.Parameter, text: str) -> Path:
    # The name of a map's part in a folder, and of a file that editors check. Pipelines also take an existing folder.
    if not text.endswith((".yaml", ".yml")) and not Path(text or "missing").is_dir():
        raise click.BadParameter(f"{text!r} is not a YAML file; name one such as {DEFAULT_ROUTES}")
    return Path(text)


@click.command(short_help="Write a first map, and pipelines for it.")
@click.option("--discover", "discovers", is_flag=True, help="Write the map that CloudFront's configurations imply.")
@role_arns_option
@click.option(
    "--routes",
    type=file_name,
    callback=_parse_file,
    metavar="FILE",
    default=DEFAULT_ROUTES,
    show_default=True,
    help="The map to write; for pipelines also an existing file or folder.",
)
@pipeline_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead.")
def init(routes: Path, role_arns: tuple[str, ...], *, discovers: bool, as_json: bool, **options: Any) -> int:
    """Write a first map: an example for your buckets and distributions, or with --discover those of your account.

    The schema is written beside it: editors complete and check the map with it. With --github or --gitlab pipelines are
    written into the repository; if the map exists, only they are. No file is overwritten.
    """
    if role_arns and not discovers:
        raise click.UsageError("--role-arn reads another account, which only --discover does; pass both")
    # All refusals are before AWS is read, which may take a minute, and before the first file is written.
    pipelines = plan_pipelines(routes, **options)
    document: dict[str, object] = {"map": str(routes)}
    discovery = None
    has_map = pipelines is not None and routes.exists() and not discovers
    if not has_map:
        schema = _check_files(routes)
        discovery = _discover(role_arns) if discovers else None
        if not schema.exists():
            write_new_file(schema, read_schema())
        write_new_file(routes, add_schema_line(discovery.text if discovery else EXAMPLE_MAP))
        document["schema"] = str(schema)
    if discovery:
        document |= {name: discovery.document()[name] for name in _DISCOVERED}
    commands = _next_commands(routes, role_arns, pipelines)
    if pipelines:
        write_pipelines(pipelines)
        document |= pipelines.document()
    if as_json:
        print_json({**document, "next": commands})
    if discovery:
        show_discovery(discovery, routes, Terminal(stderr=True))
    if not as_json:
        content = "exists and is kept" if has_map else "the discovered map" if discovery else _EXAMPLE_CONTENT
        _show(routes, document, content, pipelines, commands)
    return 0


def _check_files(routes: Path) -> Path:
    """Return the schema's path; raises PurgemapError if the map exists, or another schema."""
    if routes.is_dir():
        raise click.UsageError(f"{routes} is a folder; name a file in it, such as {routes / 'routes.yaml'}")
    check_new_file(routes)
    schema = routes.with_name(SCHEMA_NAME)
    _check_schema(schema)
    return schema


def _check_schema(schema: Path) -> None:
    """Raise PurgemapError for a schema that is not the one to write."""
    if schema.exists() and schema.read_bytes() != read_schema().encode():
        raise PurgemapError(f"{schema} is not the schema of this version, and is not overwritten; remove it")


def _discover(role_arns: tuple[str, ...]) -> Discovery:
    """Discover a map; raises PurgemapError for one without routes."""
    discovery = discover_map(read_accounts(Accounts(role_arns), Terminal(stderr=True)))
    if not discovery.routes:
        reasons = "; ".join(map(str, (*discovery.undecided, *discovery.left_out)[:3])) or "there are no distributions"
        raise PurgemapError(f"no route was discovered ({reasons}); without --discover, init writes an example to edit")
    return discovery


def _next_commands(routes: Path, role_arns: tuple[str, ...], pipelines: PipelinePlan | None) -> list[str]:
    options = [] if str(routes) == DEFAULT_ROUTES else ["--routes", str(routes)]
    roles = [part for arn in role_arns for part in ("--role-arn", arn)]
    if pipelines:
        # The pipeline deploys, but may not switch on notifications, and its last step would report them as missing.
        fix = shlex.join(["purgemap", "doctor", *options, *roles, "--fix"])
        return [shlex.join(["purgemap", "check", *options]), fix, *pipelines.commands]
    return [
        shlex.join([*command.split(), *options, *(roles if command == "purgemap doctor" else [])]) for command in _NEXT
    ]


def _show(
    routes: Path, document: dict[str, object], content: str, pipelines: PipelinePlan | None, commands: list[str]
) -> None:
    console = Terminal()
    console.print(f"[bold]{escape(str(routes))}[/]  {content}")
    if "schema" in document:
        console.print(f"[bold]{escape(str(document['schema']))}[/]  for editors, to complete and check the map")
    if pipelines:
        show_pipelines(pipelines, console)
    console.print("next:")
    for command in commands:
        console.print(f"  {command}", markup=False)
