"""A CloudFormation template's YAML ↔ data; short functions as !Ref become their long form, which any YAML reader takes.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from importlib.resources import files
from typing import Any

import yaml

# What stands for itself, without "Fn::".
_BARE = ("Ref", "Condition")


def load_template(name: str) -> dict[str, Any]:
    """Read a template that ships with purgemap, by its file name."""
    text = files("purgemap.deploy").joinpath(name).read_text("utf-8")
    template: dict[str, Any] = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
    return template


def dump_template(template: dict[str, Any]) -> str:
    """Write a template; the same one gives the same text, in its own order."""
    return yaml.dump(template, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


class _Loader(yaml.CSafeLoader):
    """Takes CloudFormation's tags, too."""


class _Dumper(yaml.CSafeDumper):
    """Repeats what stands twice: CloudFormation takes no aliases. Texts of several lines stay that."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True


def _construct(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    """Read `!Suffix …` as {"Fn::Suffix": …}."""
    value: Any
    match node:
        case yaml.ScalarNode():
            value = loader.construct_scalar(node)
        case yaml.SequenceNode():
            value = loader.construct_sequence(node, deep=True)
        case yaml.MappingNode():
            value = loader.construct_mapping(node, deep=True)
        case _:
            raise yaml.YAMLError(f"no scalar, list or mapping: {node}")
    if suffix == "GetAtt":
        value = value.split(".", 1)
    return {suffix if suffix in _BARE else f"Fn::{suffix}": value}


def _represent(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Loader.add_multi_constructor("!", _construct)
_Dumper.add_representer(str, _represent)
