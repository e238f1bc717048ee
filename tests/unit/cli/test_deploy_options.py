"""The options of `purgemap deploy`: values that no stack can have are usage errors."""

import re

import click
import pytest

from support.deployed import run_deploy


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
