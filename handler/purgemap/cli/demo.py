"""`purgemap demo`: run the whole service on an embedded AWS, from S3 calls to invalidations."""

import dataclasses
import json
import shlex
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
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
OWN_MAP = f"""\
version: 1
routes:
  - bucket: demo-site
    distributions: [{OWN_DISTRIBUTION}]
    skip_unchanged: true
"""
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
@click.option("--keep", is_flag=True, help="Stay up afterwards, for an `aws s3 sync` of your own.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
@click.pass_obj
def demo(settings: DemoSettings | None, site: str | None, routes: tuple[str, ...], *, keep: bool, as_json: bool) -> int:
    """Deploy a site into an embedded AWS, edit it, and show the invalidations that CloudFront accepts."""
    _check_installed()
    from purgemap.demo import read_folder

    folder = Path(site or str(files("purgemap.demo") / "site"))
    content = read_folder(folder)
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
            _print_invalidations_until_interrupted(run, folder, Terminal(stderr=as_json))
    return 0


def _check_installed() -> None:
    if not all(find_spec(module) for module in ("moto", "flask", "flask_cors")):
        raise PurgemapError("the demo needs an embedded AWS, which is not installed: pip install 'purgemap[demo]'")


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
    from purgemap.demo import WINDOW_SECONDS, Destination, provision_stack, start_demo, start_local_aws

    routes = read_map(str(map_file), load_map)
    with start_local_aws() as aws:
        stack = provision_stack(aws, routes)
        # The destination in the demo's own map is fixed, so `lost` also counts mistakes of the router.
        if is_own_map:
            stack = dataclasses.replace(
                stack, destinations=lambda _bucket, key, _event: [Destination(OWN_DISTRIBUTION, f"/{key}")]
            )
        handler = settings.build_handler(_environment(aws, stack, map_file))
        with start_demo(aws, stack, handler, settings.window_seconds or WINDOW_SECONDS) as run:
            yield run


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


def _print_invalidations_until_interrupted(run: "DemoRun", folder: Path, console: Console) -> None:
    from purgemap.demo import print_invalidations

    site, environment = run.stack.folders[0], run.aws.environment
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION")
    credentials = " ".join(f"{name}={environment[name]}" for name in names)
    arguments = shlex.join(["s3", "sync", str(folder), f"s3://{site.bucket}/{site.prefix}".rstrip("/")])
    console.print()
    console.print(f"Up at {run.aws.endpoint_url} until Ctrl-C. Change a file of the site and try, in another shell:")
    console.print()
    console.print(Text(f"  {credentials} aws {arguments} --endpoint-url {run.aws.endpoint_url}"))
    console.print()
    invocations = len(run.source.invocations)
    with suppress(KeyboardInterrupt):
        while True:
            time.sleep(_POLL_SECONDS)
            if len(run.source.invocations) > invocations:
                invocations = len(run.source.invocations)
                print_invalidations(console, run.new_invalidations())
