"""The Terraform module and its examples, applied to MiniStack."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from purgemap.cli.build import build
from purgemap.cli.render import render
from purgemap.demo.local_aws import LocalAws
from support.commands import invoke
from support.deployed import Deployed
from support.documents import section
from support.ministack import needs_ministack, start_ministack

MODULE = Path(str(files("purgemap.deploy").joinpath("terraform")))
EXECUTABLE = shutil.which("terraform")
# A network that tests don't have would fetch the provider, so it must be in Terraform's own cache of plug-ins.
PLUGINS = os.environ.get("TF_PLUGIN_CACHE_DIR", "")
PROVIDER = Path(PLUGINS) / "registry.terraform.io/hashicorp/aws"

needs_terraform = pytest.mark.skipif(EXECUTABLE is None, reason="there is no terraform")
needs_provider = pytest.mark.skipif(
    not PLUGINS or not PROVIDER.exists(), reason="the folder TF_PLUGIN_CACHE_DIR has no provider hashicorp/aws"
)


def run_terraform(folder: Path, *arguments: str) -> str:
    command = [str(EXECUTABLE), f"-chdir={folder}", *arguments, "-no-color"]
    variables = {**os.environ, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
    variables.pop("TF_PLUGIN_CACHE_DIR", None)  # -plugin-dir names it, and Terraform must not write there
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[LocalAws]:
    with start_ministack(tmp_path, {}) as running:
        yield running


class Examples:
    """The examples in a folder of their own, because Terraform writes its state beside them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "terraform"
        shutil.copytree(MODULE, self.folder)

    def apply(self, name: str) -> None:
        """Apply an example; the plan after it must be empty."""
        root = self.folder / "example" / name
        # MiniStack has no host for each bucket.
        (root / "ministack_override.tf").write_text('provider "aws" {\n  s3_use_path_style = true\n}\n')
        run_terraform(root, "init", f"-plugin-dir={PLUGINS}")
        run_terraform(root, "apply", "-auto-approve", "-input=false")
        # With this option Terraform exits with 2 if the plan has a change.
        assert "No changes" in run_terraform(root, "plan", "-detailed-exitcode", "-input=false")


@needs_terraform
def test_terraform_files_are_formatted() -> None:
    run_terraform(MODULE, "fmt", "-check", "-recursive")


@needs_terraform
@needs_provider
@needs_ministack
def test_second_plan_of_the_examples_is_empty(aws: LocalAws, tmp_path: Path) -> None:
    examples = Examples(tmp_path)
    examples.apply("sites")
    part, other = tmp_path / "sites.yaml", tmp_path / "routes.yaml"
    part.write_text(run_terraform(examples.folder / "example/sites", "output", "-raw", "map_part"))
    other.write_text("version: 1\nroutes:\n  - {bucket: acme-docs, distributions: [E3EXAMPLE2ABCD]}\n")
    service = examples.folder / "example/service"
    for command, file in ((build, "function.zip"), (render, "stack.yaml")):
        result = invoke(command, "--routes", other, "--routes", part, "--output", service / file)
        assert result.return_value == 0, result.output
    examples.apply("service")
    assert Deployed(aws).mapping["MaximumBatchingWindowInSeconds"] == 5
    template = aws.client("cloudformation").get_template(StackName="purgemap")["TemplateBody"]
    assert {"acme-docs", "acme-www"} <= set(re.findall(r"acme-\w+", template))


def test_documented_module_sets_existing_variables() -> None:
    (block,) = re.findall(r"```terraform\n(.*?)```", section("deploy/README.md", "## Terraform"), re.DOTALL)
    declared = set(re.findall(r'^variable "(\w+)"', (MODULE / "variables.tf").read_text(), re.MULTILINE))
    used = set(re.findall(r"^  (\w+) +=", block, re.MULTILINE)) - {"source"}
    assert used <= declared
    documented = re.findall(r"^\| `(\w+)` \|", section("deploy/README.md", "## Terraform"), re.MULTILINE)
    assert set(documented) == declared
