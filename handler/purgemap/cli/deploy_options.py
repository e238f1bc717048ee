"""The values of `purgemap deploy`'s options: pairs, tags, a role."""

import re
from collections.abc import Sequence

import click

from purgemap.deployment.stack import RESERVED_TAGS

# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Tag.html
_MAX_TAG_KEY, _MAX_TAG_VALUE = 128, 256

_ROLE_ARN = re.compile(r"arn:[a-z-]+:iam::\d{12}:role/[\w+=,.@/-]+", re.ASCII)


def parse_pairs(_context: click.Context, _option: click.Parameter, texts: Sequence[str]) -> dict[str, str]:
    """Split each text at its first "="; a value may hold more of them. Raises click.BadParameter."""
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
    """Parse tags by name; an empty value removes one. Raises click.BadParameter for what no stack can have."""
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
    """Return the ARN of a role; raises click.BadParameter for anything else."""
    if text is not None and not _ROLE_ARN.fullmatch(text):
        raise click.BadParameter(f"{text!r} is not a role's ARN; write arn:aws:iam::123456789012:role/NAME")
    return text
