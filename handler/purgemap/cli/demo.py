"""`purgemap demo`: run the whole service on an embedded AWS, from S3 calls to invalidations."""

import dataclasses
import json
import shlex
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from rich.console import Console
from rich.syntax import Syntax
from rich.text import Text

from purgemap.aws import translate_errors
from purgemap.cli.completion import file_name
from purgemap.cli.options import read_map
from purgemap.cli.terminal import Terminal, print_json
from purgemap.errors import PurgemapError
from purgemap.lambda_function import Handler, build_handler
from purgemap.routemap import load_map

if TYPE_CHECKING:
    from purgemap.demo import Content, DemoRun, DemoStack, LocalAws

# `purgemap.demo` imports moto, so it is imported in functions: without the extra `demo` this command names what
# to install.
# ruff: noqa: PLC0415

OWN_DISTRIBUTION = "E1DEMO2SITE3AB"
OWN_ALIAS = "www.example.com"
OWN_MAP = f"""\
version: 1
routes:
  - bucket: demo-site
    distributions: [{OWN_DISTRIBUTION}]
    skip_unchanged: true
"""
_STARTING = "Starting an embedded AWS on this computer"
_SERVED = "Your service is deployed: from now on it invalidates, and the demo's own does not."
_SERVED_NO_LONGER = "Your service is gone: the demo's own invalidates again."
_POLL_SECONDS = 0.2


class DemoSettings(NamedTuple):
    """Settings that a test replaces by click's `obj`: the batching window (None: the demo's own) and the service."""

    window_seconds: float | None = None
    build_handler: Callable[[Mapping[str, str]], Handler] = build_handler


@click.command(short_help="The whole loop on an embedded AWS.")
@click.option("--site", type=file_name, metavar="DIR", help="The site to deploy [default: a small one].")
@click.option(
    "--routes",
    metavar="FILE-or-FOLDER",
    multiple=True,
    type=file_name,
    help="The map to try [default: one bucket, one distribution]. Repeat it for parts in several places.",
)
@click.option("--keep", is_flag=True, help="Stay up afterwards, for uploads and a `purgemap deploy` of your own.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
@click.pass_obj
def demo(settings: DemoSettings | None, site: str | None, routes: tuple[str, ...], *, keep: bool, as_json: bool) -> int:
    """Deploy a site into an embedded AWS, edit it, and show the invalidations that CloudFront accepts."""
    _check_installed()
    folder, content = _read_site(site)
    console = Terminal(quiet=as_json)
    with (
        translate_errors(),
        _map_file(routes) as map_file,
        _demo_run(map_file, settings or DemoSettings(), is_own_map=not routes) as run,
    ):
        if not routes:
            _print_own_map(console)
        document = _run_steps(run, content, console)
        if as_json:
            print_json(document)
        if keep:
            _keep_account(run, folder, routes, Terminal(stderr=as_json))
    return 0


def _check_installed() -> None:
    if not all(find_spec(module) for module in ("moto", "flask", "flask_cors")):
        raise PurgemapError("the demo needs an embedded AWS, which is not installed: pip install 'purgemap[demo]'")


def _read_site(site: str | None) -> tuple[Path, dict[str, "Content"]]:
    # `files` and `import` load moto, so something must be on the screen before them.
    with Terminal(stderr=True).status(_STARTING):
        from purgemap.demo import read_folder

        folder = Path(site or str(files("purgemap.demo") / "site"))
        return folder, read_folder(folder)


@contextmanager
def _map_file(routes: tuple[str, ...]) -> Iterator[Path]:
    if len(routes) == 1:
        yield Path(routes[0])
        return
    # The function reads one path, so a map of several parts is compiled into one file.
    text = json.dumps(read_map(routes, load_map).document) if routes else OWN_MAP
    with tempfile.TemporaryDirectory(prefix="purgemap-demo-") as folder:
        file = Path(folder) / "routes.yaml"
        file.write_text(text)
        yield file


@contextmanager
def _demo_run(map_file: Path, settings: DemoSettings, *, is_own_map: bool) -> Iterator["DemoRun"]:
    with ExitStack() as services:
        with Terminal(stderr=True).status(_STARTING):
            run = _start_run(services, map_file, settings, is_own_map=is_own_map)
        yield run


def _start_run(services: ExitStack, map_file: Path, settings: DemoSettings, *, is_own_map: bool) -> "DemoRun":
    """Start the AWS and the service of a map; both run until `services` closes."""
    from purgemap.demo import WINDOW_SECONDS, Destination, provision_stack, start_demo, start_local_aws

    routes = read_map(str(map_file), load_map)
    aws = services.enter_context(start_local_aws())
    stack = provision_stack(aws, routes, {OWN_DISTRIBUTION: OWN_ALIAS} if is_own_map else {})
    # The destination in the demo's own map is fixed, so `lost` also counts mistakes of the router.
    if is_own_map:
        stack = dataclasses.replace(
            stack, destinations=lambda _bucket, key, _event: [Destination(OWN_DISTRIBUTION, f"/{key}")]
        )
    handler = settings.build_handler(_environment(aws, stack, map_file))
    return services.enter_context(start_demo(aws, stack, handler, settings.window_seconds or WINDOW_SECONDS))


def _environment(aws: "LocalAws", stack: "DemoStack", map_file: Path) -> dict[str, str]:
    return {
        **aws.environment,
        "PURGEMAP_ROUTES": str(map_file),
        "PURGEMAP_QUEUE_URL": stack.queue_url,
        "PURGEMAP_DEAD_LETTER_QUEUE_URL": stack.dead_letter_url,
        **({"PURGEMAP_LEDGER_TABLE": stack.ledger_table} if stack.ledger_table else {}),
    }


def _print_own_map(console: Console) -> None:
    console.print("The map", style="bold")
    console.print(Syntax("", "yaml", theme="ansi_dark").highlight(textwrap.indent(OWN_MAP, "  ")))


def _run_steps(run: "DemoRun", content: Mapping[str, "Content"], console: Console) -> dict[str, Any]:
    from purgemap.demo import demo_document, demo_steps, print_step, print_totals

    started = time.monotonic()
    steps = []
    for step in demo_steps(content, skips_unchanged=bool(run.stack.ledger_table)):
        # Printing must wait until the spinner ends: while it turns, rich sends output to stderr.
        with Terminal(stderr=True).status(Text(step.title)) as status:
            steps.append(run.run_step(step, status.update))
        print_step(console, steps[-1])
    document = demo_document(steps, time.monotonic() - started)
    print_totals(console, document, run.count_dead_letters())
    return document


def _keep_account(run: "DemoRun", folder: Path, routes: tuple[str, ...], console: Console) -> None:
    """Print how to use the account, then its invalidations, until Ctrl-C."""
    from purgemap.demo import open_account, print_invalidations, provision_second_site

    if not routes:
        run.stack = provision_second_site(run.aws, run.stack)
    _print_instructions(run, folder, routes, console)
    is_served = False
    with suppress(KeyboardInterrupt), open_account(run) as account:
        while True:
            time.sleep(_POLL_SECONDS)
            invalidations = account.update()
            if account.is_served != is_served:
                is_served = account.is_served
                console.print(_SERVED if is_served else _SERVED_NO_LONGER)
            if invalidations:
                print_invalidations(console, invalidations)


def _print_instructions(run: "DemoRun", folder: Path, routes: tuple[str, ...], console: Console) -> None:
    site = run.stack.folders[0]
    variables = shlex.join(f"{name}={value}" for name, value in run.aws.environment.items())
    # The other shell may be in another folder.
    sync = shlex.join(["aws", "s3", "sync", str(folder.absolute()), f"s3://{site.bucket}/{site.prefix}".rstrip("/")])
    parts = [argument for part in routes for argument in ("--routes", str(Path(part).absolute()))]
    deploy = shlex.join(["purgemap", "deploy", *parts, "--enable-notifications", "--parameter", "Window=1"])
    console.print()
    console.print(f"Up at {run.aws.endpoint_url} until Ctrl-C. In another shell, begin with these variables:")
    console.print(Text(f"\n  export {variables}\n"))
    console.print("Upload the site with a change of yours, or as it was before the demo's edits:")
    console.print(Text(f"\n  {sync}\n"))
    console.print("Or deploy a service of your own:")
    console.print(Text(f"\n  {deploy if routes else f'purgemap init --discover && {deploy}'}\n"))
