"""cfn-lint reports nothing, and checkov nothing that is not suppressed beside the resource; pipelines fit schemas.

The first two pin a botocore of their own, so each tool runs from its own environment, which `make` creates.
"""

import json
import re
import subprocess
from collections.abc import Callable
from copy import deepcopy
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from purgemap.deployment.template.content_ledger import add_ledger
from purgemap.deployment.template.render import render_member, render_stack
from purgemap.deployment.template.yaml_template import dump_template, load_template
from purgemap.routemap.load import load_map
from support.places import ROOT
from support.rendered import many, map_of, names, read, skipping

TOOLS = ROOT / ".tools"
SHIPPED = ("template.yaml", "member.yaml", "github/role.yaml")


def tool(name: str) -> str:
    path = TOOLS / name / "bin" / name
    if not path.exists():
        pytest.skip(f"make .tools/{name}/.ready")
    return str(path)


def run(*command: object) -> tuple[int, str]:
    process = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, cwd=ROOT)
    return process.returncode, process.stdout


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Render the map in service, one with every kind of bucket pattern, a large, an empty and a skipping one."""
    folder = tmp_path_factory.mktemp("rendered")
    maps = {
        "service": load_map(ROOT / "config" / "routes.yaml"),
        "patterns": map_of(["acme-www"], patterns=["a-*", "*-b", "c-*-d", "e-{name}-f"], roles=2, distributions=4),
        "many": map_of(names(200)),
        "empty": map_of([]),
        "ledger": skipping(map_of(["acme-www", "acme-docs"], patterns=["a-*"], roles=2)),
    }
    for name, routes in maps.items():
        (folder / f"{name}.yaml").write_text(render_stack(routes))
        (folder / f"{name}-member.yaml").write_text(render_member(routes))
    return sorted(folder.iterdir())


def shipped() -> list[Path]:
    return [Path(str(files("purgemap.deploy").joinpath(name))) for name in SHIPPED]


def test_cfn_lint_reports_nothing_on_shipped_templates() -> None:
    assert run(tool("cfn-lint"), "--include-checks", "I", "--", *shipped()) == (0, "")


def test_cfn_lint_reports_nothing_on_rendered_templates(rendered: list[Path]) -> None:
    assert run(tool("cfn-lint"), "--include-checks", "I", "--", *rendered) == (0, "")


def checkov(*paths: Path) -> dict[str, set[tuple[str, str]]]:
    """Check files together; returns (resource, check) by verdict."""
    options = ("--framework", "cloudformation", "--skip-download", "--output", "json")
    arguments = [argument for path in paths for argument in ("--file", path)]
    report: dict[str, Any] = json.loads(run(tool("checkov"), *arguments, *options)[1])
    assert report["summary"]["parsing_errors"] == 0
    checks = report["results"]
    assert {Path(check["file_abs_path"]) for check in checks["passed_checks"]} == set(paths), "every file was checked"
    return {
        verdict: {(check["resource"].partition(".")[2], check["check_id"]) for check in checks[f"{verdict}_checks"]}
        for verdict in ("passed", "failed", "skipped")
    }


def test_checkov_reports_nothing_that_is_not_suppressed(rendered: list[Path]) -> None:
    assert checkov(*shipped(), *rendered)["failed"] == set()


def suppressions(template: dict[str, Any]) -> dict[tuple[str, str], str]:
    return {
        (name, skip["id"]): skip["comment"]
        for name, resource in template["Resources"].items()
        for skip in resource.get("Metadata", {}).get("checkov", {}).get("skip", [])
    }


@pytest.mark.parametrize("name", [*SHIPPED, "with ledger.yaml"])
def test_checkov_suppressions_have_reasons_and_are_needed(name: str, tmp_path: Path) -> None:
    has_ledger = name == "with ledger.yaml"
    template = add_ledger(load_template("template.yaml")) if has_ledger else deepcopy(load_template(name))
    reasons = suppressions(template)
    for resource in template["Resources"].values():
        resource.pop("Metadata", None)
    bare = tmp_path / "bare.yaml"
    bare.write_text(dump_template(template))
    assert all(len(reason) > 30 for reason in reasons.values())
    assert checkov(bare)["failed"] == reasons.keys()


Fault = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    "fault",
    [
        lambda template: template["Resources"]["EventSource"]["Properties"].update(BatchSize="many"),
        lambda template: template["Resources"]["Queue"]["Properties"].update(Colour="red"),
        lambda template: template["Outputs"]["QueueUrl"].update(Value={"Ref": "Nothing"}),
    ],
)
def test_cfn_lint_reports_a_planted_fault(fault: Fault, tmp_path: Path) -> None:
    template = deepcopy(load_template("template.yaml"))
    fault(template)
    (tmp_path / "faulty.yaml").write_text(dump_template(template))
    assert run(tool("cfn-lint"), "--", tmp_path / "faulty.yaml")[0] != 0


# cfn-lint has the schemas of CloudFormation's resource types, with the permissions that each handler requires.
SCHEMAS = """
import json, sys
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
schemas = {name: PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", name).schema for name in sys.argv[1:]}
print(json.dumps({name: [schema.get("tagging", {}), schema["handlers"]] for name, schema in schemas.items()}))
"""
# The role's statements by the resource type whose permissions they hold.
STATEMENTS = {
    "AWS::CloudWatch::Alarm": {"Watching"},
    "AWS::CloudWatch::Dashboard": {"Watching"},
    "AWS::DynamoDB::Table": {"Ledger"},
    "AWS::Events::Rule": {"Rules"},
    "AWS::IAM::Role": {"Roles", "BoundedRoles"},
    "AWS::Lambda::EventSourceMapping": {"EventSource", "EventSourceTags", "Looks"},
    "AWS::Lambda::Function": {"Function"},
    "AWS::Logs::LogGroup": {"Log", "Looks"},
    "AWS::SQS::Queue": {"Queues"},
}
# Not used: KMS keys, rules with a role, and log groups that are delivered to Firehose.
UNUSED = {"kms:Decrypt", "iam:PassRole", "firehose:TagDeliveryStream"}


def taggable_types() -> dict[str, set[str]]:
    """Return the permissions that CloudFormation requires to read and tag, for each taggable type of the stacks."""
    routes = map_of(["acme-www"], roles=2, distributions=4)
    templates = (render_stack(routes), render_member(routes), render_stack(skipping(map_of(["acme-www"]))))
    types = {resource["Type"] for template in templates for resource in resources_of(template)}
    python = Path(tool("cfn-lint")).with_name("python")
    needed: dict[str, set[str]] = {}
    for name, (tagging, handlers) in json.loads(run(python, "-c", SCHEMAS, *sorted(types))[1]).items():
        if tagging.get("taggable"):
            granted = {
                permission
                for handler in handlers.values()
                for permission in handler["permissions"]
                if "tag" in permission.lower()
            }
            needed[name] = {*tagging["permissions"], *handlers["read"]["permissions"], *granted} - UNUSED
    return needed


def resources_of(text: str) -> list[dict[str, Any]]:
    return list(read(text)["Resources"].values())


def test_role_may_tag_every_type_that_cloudformation_tags() -> None:
    needed = taggable_types()
    assert needed.keys() == STATEMENTS.keys()
    resources = load_template("github/role.yaml")["Resources"]
    policies = [resources[name]["Properties"]["PolicyDocument"] for name in ("DeployStack", "DeployResources")]
    actions = {statement["Sid"]: many(statement["Action"]) for policy in policies for statement in policy["Statement"]}
    missing = {
        name: permissions - {action for sid in STATEMENTS[name] for action in actions.get(sid, ())}
        for name, permissions in needed.items()
    }
    assert not {name: permissions for name, permissions in missing.items() if permissions}


# The names of check-jsonschema's own copies of https://www.schemastore.org.
PIPELINES = {
    "github/action.yaml": ("--builtin-schema", "vendor.github-actions"),
    "github/check.yaml": ("--builtin-schema", "vendor.github-workflows"),
    "github/deploy.yaml": ("--builtin-schema", "vendor.github-workflows"),
    "gitlab/pipeline.yaml": ("--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"),
}


@pytest.mark.parametrize("name", PIPELINES)
def test_pipelines_fit_the_schemas_of_their_platforms(name: str, tmp_path: Path) -> None:
    text = files("purgemap.deploy").joinpath(name).read_text()
    misspelt = tmp_path / "misspelt.yaml"
    misspelt.write_text(re.sub("^( *)(steps|script):", r"\1scirpt:", text, flags=re.MULTILINE))
    for file, status in ((Path(str(files("purgemap.deploy").joinpath(name))), 0), (misspelt, 1)):
        assert run(tool("check-jsonschema"), *PIPELINES[name], file)[0] == status
