"""The options of `purgemap deploy` that describe the stack, and their parsers."""

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from purgemap.cli.completion import bucket_name
from purgemap.cli.options import stack_name_option
from purgemap.deployment.stack import RESERVED_TAGS

# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Tag.html
_MAX_TAG_KEY, _MAX_TAG_VALUE = 128, 256

_Command = TypeVar("_Command", bound=Callable[..., Any])

_ROLE_ARN = re.compile(r"arn:[a-z-]+:iam::\d{12}:role/[\w+=,.@/-]+", re.ASCII)


def parse_pairs(_context: click.Context, _option: click.Parameter, texts: Sequence[str]) -> dict[str, str]:
    """Split each text at its first "="; the value may contain others. Raises click.BadParameter."""
    pairs: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not key or not equals:
            raise click.BadParameter(f"{text!r} is not KEY=VALUE")
        if key in pairs:
            raise click.BadParameter(f"{key} is given twice; give it one value")
        pairs[key] = value
    return pairs


def parse_tags(context: click.Context, option: click.Parameter, texts: Sequence[str]) -> dict[str, str]:
    """Parse tags by name; an empty value removes a tag. Raises click.BadParameter for a tag that AWS refuses."""
    tags = parse_pairs(context, option, texts)
    for key, value in tags.items():
        if key.lower().startswith(RESERVED_TAGS):
            raise click.BadParameter(f"{key}: AWS reserves tags that start with {RESERVED_TAGS}; give it another name")
        if len(key) > _MAX_TAG_KEY or len(value) > _MAX_TAG_VALUE:
            raise click.BadParameter(
                f"{key}: a tag's name has at most {_MAX_TAG_KEY} characters, its value at most {_MAX_TAG_VALUE}"
            )
    return tags


def parse_role_arn(_context: click.Context, _option: click.Parameter, text: str | None) -> str | None:
    """Return a role's ARN unchanged; raises click.BadParameter for any other text."""
    if text is not None and not _ROLE_ARN.fullmatch(text):
        raise click.BadParameter(f"{text!r} is not a role's ARN; write arn:aws:iam::123456789012:role/NAME")
    return text


def stack_options(command: _Command) -> _Command:
    """Add the options that become `DeploymentOptions`."""
    keeps = "it keeps its value until it is given another"
    bucket_help = "For the zip and the template [default: a private one, created on first use]."
    parameter_help = f"A parameter of deploy/template.yaml; {keeps}. May be repeated."
    tag_help = f"A tag of the stack and of its resources; {keeps}; an empty one removes it. May be repeated."
    role_help = "The role that CloudFormation assumes, now and in later deployments [default: your credentials]."
    refresh_help = "Invalidate each site that the map adds or changes, once, as a whole."
    pair: dict[str, Any] = {"metavar": "KEY=VALUE", "multiple": True}
    options: tuple[Callable[[Any], Any], ...] = (
        stack_name_option,
        click.option("--artifact-bucket", type=bucket_name, metavar="BUCKET", help=bucket_help),
        click.option("--parameter", "parameters", callback=parse_pairs, help=parameter_help, **pair),
        click.option("--tag", "tags", callback=parse_tags, help=tag_help, **pair),
        click.option("--role-arn", metavar="ARN", callback=parse_role_arn, help=role_help),
        click.option("--refresh", is_flag=True, help=refresh_help),
    )
    # Decorators apply from the last to the first, and click lists options in the order of the source.
    for option in reversed(options):
        command = option(command)
    return command
