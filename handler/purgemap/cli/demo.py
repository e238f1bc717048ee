"""`purgemap demo`: the whole loop on an embedded AWS, real S3 calls in, invalidations out."""

import dataclasses
import json
import shlex
import tempfile
import textwrap
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.syntax import Syntax
from rich.text import Text

from purgemap.aws import translate_errors
from purgemap.cli.options import file_name, read_map
from purgemap.cli.terminal import Terminal, print_json
from purgemap.errors import PurgemapError
from purgemap.lambda_function import build_handler
from purgemap.routemap import load_map

if TYPE_CHECKING:
    from purgemap.demo import Content, DemoRun, DemoStack, LocalAws

# What imports moto is imported where it is used, so that without the extra `demo` this can say what to install.
# ruff: noqa: PLC0415

OWN_DISTRIBUTION = "E1DEMO2SITE3AB"
OWN_MAP = f"""\
version: 1
routes:
  - bucket: demo-site
    distributions: [{OWN_DISTRIBUTION}]
"""
_LOOK_SECONDS = 0.2


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
def demo(site: str | None, routes: tuple[str, ...], *, keep: bool, as_json: bool) -> int:
    """Deploy a site into an embedded AWS, edit it, and show what CloudFront is told."""
    _check_installed()
    from purgemap.demo import read_folder

    folder = Path(site or str(files("purgemap.demo") / "site"))
    content = read_folder(folder)
    story = Terminal(quiet=as_json)
    with translate_errors(), _map_file(routes) as map_file, _stage(map_file, own=not routes) as stage:
        if not routes:
            _tell_own_map(story)
        document = _play(stage, content, story)
        if as_json:
            print_json(document)
        if keep:
            _keep(stage, folder, Terminal(stderr=as_json))
    return 0


def _check_installed() -> None:
    if not all(find_spec(module) for module in ("moto", "flask", "flask_cors")):
        raise PurgemapError("the demo needs an embedded AWS, which isn't installed: pip install 'purgemap[demo]'")


@contextmanager
def _map_file(routes: tuple[str, ...]) -> Iterator[Path]:
    if len(routes) == 1:
        yield Path(routes[0])
        return
    # The function reads one path: parts in several places are compiled first.
    text = json.dumps(read_map(routes, load_map).document) if routes else OWN_MAP
    with tempfile.TemporaryDirectory(prefix="purgemap-demo-") as folder:
        file = Path(folder) / "routes.yaml"
        file.write_text(text)
        yield file


@contextmanager
def _stage(map_file: Path, *, own: bool) -> Iterator["DemoRun"]:
    from purgemap.demo import Destination, provision_stack, start_demo, start_local_aws

    routes = read_map(str(map_file), load_map)
    with start_local_aws() as aws:
        scenery = provision_stack(aws, routes)
        if own:  # known without asking the router, so that `lost` judges it too
            scenery = dataclasses.replace(
                scenery, destinations=lambda _bucket, key, _event: [Destination(OWN_DISTRIBUTION, f"/{key}")]
            )
        with start_demo(aws, scenery, build_handler(_environment(aws, scenery, map_file))) as stage:
            yield stage


def _environment(aws: "LocalAws", scenery: "DemoStack", map_file: Path) -> dict[str, str]:
    return {
        **aws.environment,
        "PURGEMAP_ROUTES": str(map_file),
        "PURGEMAP_QUEUE_URL": scenery.queue_url,
        "PURGEMAP_DEAD_LETTER_QUEUE_URL": scenery.dead_letter_url,
    }


def _tell_own_map(story: Console) -> None:
    story.print("The map", style="bold")
    story.print(Syntax("", "yaml", theme="ansi_dark").highlight(textwrap.indent(OWN_MAP, "  ")))


def _play(stage: "DemoRun", content: Mapping[str, "Content"], story: Console) -> dict[str, Any]:
    from purgemap.demo import demo_document, demo_steps, print_step, print_totals

    started = time.monotonic()
    steps = []
    for title, edited in demo_steps(content):
        # The spinner ends before anything is told: while it turns, rich sends what is printed to stderr.
        with Terminal(stderr=True).status(Text(title)) as status:
            steps.append(stage.play(title, edited, status.update))
        print_step(story, steps[-1])
    document = demo_document(steps, time.monotonic() - started)
    print_totals(story, document, stage.dead_letters())
    return document


def _keep(stage: "DemoRun", folder: Path, console: Console) -> None:
    """Show each new invalidation as CloudFront accepts it, until Ctrl-C."""
    from purgemap.demo import print_invalidations

    place, environment = stage.scenery.places[0], stage.aws.environment
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION")
    credentials = " ".join(f"{name}={environment[name]}" for name in names)
    target = shlex.join(["s3", "sync", str(folder), f"s3://{place.bucket}/{place.folder}".rstrip("/")])
    command = f"{credentials} aws {target} --endpoint-url {stage.aws.endpoint_url}"
    console.print()
    console.print(f"Up at {stage.aws.endpoint_url} until Ctrl-C. Change a file of the site and try, in another shell:")
    console.print()
    console.print(Text(f"  {command}"))
    console.print()
    translate_errors = len(stage.source.batches)
    with suppress(KeyboardInterrupt):
        while True:
            time.sleep(_LOOK_SECONDS)
            if len(stage.source.batches) > translate_errors:
                translate_errors = len(stage.source.batches)
                print_invalidations(console, stage.news())
