"""`purgemap render`: one template, the same bytes for the same map."""

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from conftest import LoadMap
from purgemap.cli.render import render
from purgemap.deployment.template.render import render_member, render_stack
from purgemap.deployment.template.yaml_template import load_template
from purgemap.errors import PurgemapError
from support.rendered import map_of, names, of_type, read, stack_of

MAP = """\
version: 1
distributions:
  www: {id: E2EXAMPLE1ABCD}
  docs: {id: E3EXAMPLE2ABCD, role_arn: "arn:aws:iam::222222222222:role/purgemap", external_id: acme}
routes:
  - {bucket: acme-www, distributions: [www]}
  - {bucket: acme-docs-*, distributions: [docs]}
"""


@pytest.fixture
def map_file(tmp_path: Path) -> Path:
    file = tmp_path / "routes.yaml"
    file.write_text(MAP)
    return file


def run(*arguments: object) -> Result:
    return CliRunner().invoke(render, [str(argument) for argument in arguments], standalone_mode=False)


def test_render_writes_the_template_to_stdout_only(map_file: Path, map_from_yaml: LoadMap) -> None:
    result = run("--routes", map_file)
    assert result.return_value == 0
    assert result.stdout == render_stack(map_from_yaml(MAP))


def test_render_writes_a_file_and_creates_its_folder(map_file: Path, tmp_path: Path, map_from_yaml: LoadMap) -> None:
    result = run("--routes", map_file, "--member", "--output", tmp_path / "stacks" / "member.yaml")
    assert (result.return_value, result.output) == (0, "")
    assert (tmp_path / "stacks" / "member.yaml").read_text() == render_member(map_from_yaml(MAP))


def test_render_names_a_file_that_cannot_be_written(map_file: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    for place, reason in ((tmp_path / "taken", "Is a directory"), (map_file / "stack.yaml", "File exists")):
        result = run("--routes", map_file, "--output", place)
        assert isinstance(result.exception, PurgemapError)
        assert str(result.exception) == f"{place}: can't be written: {reason}"


def test_render_gives_the_same_bytes_for_any_order(map_from_yaml: LoadMap) -> None:
    turned = yaml.safe_load(MAP)
    turned["routes"].reverse()
    turned["distributions"] = dict(reversed(turned["distributions"].items()))
    assert render_stack(map_from_yaml(yaml.safe_dump(turned, sort_keys=False))) == render_stack(map_from_yaml(MAP))


def test_render_only_adds_to_the_shipped_template(map_from_yaml: LoadMap) -> None:
    for text, name in (
        (render_stack(map_from_yaml(MAP)), "template.yaml"),
        (render_member(map_from_yaml(MAP)), "member.yaml"),
    ):
        shipped, rendered = load_template(name), read(text)
        for section in ("Resources", "Conditions"):
            added = rendered[section].keys() - shipped[section].keys()
            assert {key: value for key, value in rendered[section].items() if key not in added} == shipped[section]
        assert {key: rendered[key] for key in shipped if key not in ("Resources", "Conditions")} == {
            key: shipped[key] for key in shipped if key not in ("Resources", "Conditions")
        }


def test_render_keeps_texts_of_several_lines_readable(map_from_yaml: LoadMap) -> None:
    assert "\n        Fn::Sub: |\n          {\n" in render_stack(map_from_yaml(MAP)), "the dashboard, line by line"


def test_render_adds_nothing_for_a_map_without_sites() -> None:
    template = stack_of(map_of([]))
    assert template["Resources"].keys() == load_template("template.yaml")["Resources"].keys()


def test_render_uses_alphanumeric_logical_ids() -> None:
    template = stack_of(map_of(names(200), patterns=["x-*", "y-*-z"]))
    assert all(name.isalnum() for name in template["Resources"])
    assert of_type(template, "AWS::Events::Rule")


def test_load_template_parses_a_file_once(map_from_yaml: LoadMap) -> None:
    template = load_template("template.yaml")
    resources = dict(template["Resources"])
    render_stack(map_from_yaml(MAP))
    assert load_template("template.yaml") is template
    assert template["Resources"] == resources, "rendering changes no shared template"
