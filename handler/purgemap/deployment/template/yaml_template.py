"""CloudFormation templates as data: YAML in, YAML out.

Short functions such as !Ref become their long form, so that any YAML reader can load the output:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from functools import cache
from importlib.resources import files
from typing import Any

import yaml

# The functions without the prefix "Fn::".
_UNPREFIXED = ("Ref", "Condition")


@cache  # `purgemap deploy` needs the template four times, and parsing it takes 5 ms
def load_template(name: str) -> dict[str, Any]:
    """Load a template that ships with purgemap, by its file name.

    Every call returns the same object: copy it before you change it.
    """
    text = files("purgemap.deploy").joinpath(name).read_text("utf-8")
    template: dict[str, Any] = yaml.load(text, _Loader)  # noqa: S506  it is a SafeLoader
    return template


def dump_template(template: dict[str, Any]) -> str:
    """Format a template as YAML in its own order; equal templates give the same bytes."""
    return yaml.dump(template, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


class _Loader(yaml.CSafeLoader):
    """A safe loader that also reads CloudFormation's tags."""


class _Dumper(yaml.CSafeDumper):
    """A dumper without aliases, which CloudFormation refuses; texts of several lines stay readable."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  PyYAML's signature
        return True


def _construct(loader: _Loader, suffix: str, node: Any) -> dict[str, Any]:
    """Read `!Suffix …` as {"Fn::Suffix": …}."""
    value: Any
    match node:
        case yaml.ScalarNode():
            value = loader.construct_scalar(node)
        case yaml.SequenceNode():
            value = loader.construct_sequence(node, deep=True)
        case _:
            value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt":
        value = value.split(".", 1)
    return {suffix if suffix in _UNPREFIXED else f"Fn::{suffix}": value}


def _represent(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Loader.add_multi_constructor("!", _construct)
_Dumper.add_representer(str, _represent)
