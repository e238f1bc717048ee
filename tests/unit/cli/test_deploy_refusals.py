"""What `purgemap deploy` refuses before it calls AWS: options, maps, and a missing region."""

import re
from pathlib import Path

import click
import pytest

from purgemap.errors import PurgemapError
from purgemap.routemap import MapError
from support.deployed import run_deploy
from support.places import ROOT


@pytest.mark.parametrize(
    ("option", "values", "problem"),
    [
        ("--parameter", ["Window"], "'Window' is not KEY=VALUE"),
        ("--parameter", ["Window=1", "Window=2"], "Window is given twice; give it one value"),
        ("--tag", ["team=web", "team=ops"], "team is given twice; give it one value"),
        ("--tag", ["team"], "'team' is not KEY=VALUE"),
        ("--tag", ["=web"], "'=web' is not KEY=VALUE"),
        ("--tag", ["AWS:team=web"], "AWS:team: AWS reserves tags that start with aws:; give it another name"),
        ("--tag", ["team=" + "x" * 257], "team: a tag's name has at most 128 characters, its value at most 256"),
        ("--role-arn", ["deployer"], "'deployer' is not a role's ARN; write arn:aws:iam::123456789012:role/NAME"),
        ("--role-arn", [""], "'' is not a role's ARN"),
        ("--role-arn", ["arn:aws:iam::123456789012:user/deployer"], "is not a role's ARN"),
    ],
)
def test_deploy_option_that_no_stack_takes_is_a_usage_error(option: str, values: list[str], problem: str) -> None:
    with pytest.raises(click.BadParameter, match=re.escape(problem)):
        run_deploy(*(argument for value in values for argument in (option, value)))


def test_deploy_refuses_a_bad_map_before_it_calls_aws(tmp_path: Path) -> None:
    file = tmp_path / "routes.yaml"
    file.write_text("version: 1\nroutes:\n  - {bucket: acme-www/docs, distributions: [E2EXAMPLE1ABCD]}\n")
    with pytest.raises(MapError, match=r"routes\[0\]\.bucket"):
        run_deploy("--routes", str(file))


def test_deploy_refuses_the_example_map_of_a_fresh_clone() -> None:
    with pytest.raises(PurgemapError, match="E2EXAMPLE1ABCD is an example's id"):
        run_deploy("--routes", str(ROOT / "config/routes.yaml"))


def test_deploy_without_region_names_the_variable_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    with pytest.raises(PurgemapError, match="You must specify a region; set AWS_DEFAULT_REGION"):
        run_deploy("--routes", str(ROOT / "config/routes.yaml"))
