"""`purgemap deploy` on the embedded AWS: what it refuses, asks, uploads and leaves unchanged."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from purgemap.cli.deploy import deploy
from purgemap.demo.local_aws import LocalAws, start_local_aws
from purgemap.deployment.package.function_zip import FunctionPackage
from purgemap.deployment.rollout import DeploymentOptions, discard_deployment, plan_deployment
from purgemap.deployment.stack.artifacts import load_deployed_map
from purgemap.deployment.stack.stack import find_stack
from purgemap.deployment.template.render import render_stack
from purgemap.deployment.template.yaml_template import load_template
from purgemap.errors import PurgemapError
from purgemap.planning import FolderCounts
from purgemap.routemap.compiled import RouteMap
from purgemap.routemap.load import load_map
from purgemap.routemap.parse.compile import compile_map
from support.call_counts import count_calls_of
from support.commands import answer_on_terminal
from support.deployed import Deployed, enter_folder_with_map, package_once, run_deploy

MAP = "version: 1\nroutes:\n  - {bucket: acme-www, distributions: [E2EXAMPLE1ABCD]}\n"


@pytest.fixture(autouse=True)
def _in_a_folder_with_a_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    enter_folder_with_map(tmp_path, monkeypatch, MAP)


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    with start_local_aws() as running:
        yield running


def test_deploy_without_terminal_previews_then_refuses(aws: LocalAws) -> None:
    result = CliRunner().invoke(deploy, ["--no-checks"], obj=package_once)
    assert result.exit_code == 2
    preview, _, refusal = result.output.partition("Error: ")
    assert re.search(r"purgemap in us-east-1: CloudFormation creates\n(  add .*\n){15}", preview)
    assert refusal == "cannot ask for confirmation: stdin is not a terminal; pass --yes\n"
    assert stacks_in_review(aws) == []


def test_deploy_prints_json_document(aws: LocalAws) -> None:
    dry_run = invoke_json("--dry-run")
    assert (dry_run["deployed"], dry_run["outputs"]) == (False, {})
    done = invoke_json("--yes", "--refresh")
    assert (done["stack"], done["deployed"], done["changes"]) == ("purgemap", True, dry_run["changes"])
    assert {"action": "Add", "logical_id": "Queue", "resource_type": "AWS::SQS::Queue", "replacement": ""} in done[
        "changes"
    ]
    assert done["refreshed"] == [{"distribution": "E2EXAMPLE1ABCD", "items": ["/", "/*"]}]
    assert done["outputs"] == Deployed(aws).outputs
    again = invoke_json("--yes")
    assert (again["deployed"], again["changes"]) == (False, [])


def invoke_json(*arguments: str) -> dict[str, Any]:
    """Run `purgemap deploy --json` and return its document."""
    result = CliRunner().invoke(deploy, ["--json", "--no-checks", *arguments], obj=package_once)
    assert result.exit_code == 0, result.output
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def test_deploy_reads_compiles_and_renders_once(aws: LocalAws) -> None:
    run_deploy()
    buckets = [f"acme-site-{number}" for number in range(100)]
    routes = "".join(f"  - {{bucket: {bucket}, distributions: [E2EXAMPLE1ABCD]}}\n" for bucket in buckets)
    Path("config/routes.yaml").write_text(f"version: 1\nroutes:\n{routes}")
    package_once(load_map("config/routes.yaml"))
    load_template.cache_clear()
    work = (Path.read_bytes, compile_map, load_template, render_stack)
    assert count_calls_of(lambda: run_deploy("--refresh"), *work) == [1, 1, 1, 1]
    deployed_map = load_deployed_map(aws.client("s3"), find_stack(aws.client("cloudformation"), "purgemap"))
    assert deployed_map.buckets.keys() == {*buckets}


def stacks_in_review(aws: LocalAws) -> list[Any]:
    """List the stacks that have only a change set."""
    response = aws.client("cloudformation").list_stacks(StackStatusFilter=["REVIEW_IN_PROGRESS"])
    return list(response["StackSummaries"])


@pytest.mark.parametrize(
    ("name", "advice"), [("Windo", 'did you mean "Window"'), ("X", "known: AlarmTopicArn, Architecture, ")]
)
def test_deploy_refuses_unknown_parameter_with_advice(aws: LocalAws, name: str, advice: str) -> None:
    with pytest.raises(PurgemapError, match=f"--parameter {name}: the template has no such parameter; {advice}"):
        run_deploy("--parameter", f"{name}=1")
    assert aws.client("s3").list_buckets()["Buckets"] == []


def describe_stack(aws: LocalAws) -> dict[str, Any]:
    """Describe the stack: its tags and its role."""
    (stack,) = aws.client("cloudformation").describe_stacks(StackName="purgemap")["Stacks"]
    return {"role": stack.get("RoleARN"), "tags": {tag["Key"]: tag["Value"] for tag in stack["Tags"]}}


def test_deploy_keeps_tags_without_new_values(aws: LocalAws) -> None:
    run_deploy("--tag", "team=web", "--tag", "cost=a=b", "--tag", "old=1")
    assert describe_stack(aws)["tags"] == {"team": "web", "cost": "a=b", "old": "1"}
    run_deploy("--parameter", "Window=20", "--tag", "team=ops", "--tag", "old=")
    assert describe_stack(aws)["tags"] == {"team": "ops", "cost": "a=b"}
    run_deploy("--parameter", "Window=30")
    assert describe_stack(aws)["tags"] == {"team": "ops", "cost": "a=b"}


def test_deploy_passes_role_arn_to_cloudformation(aws: LocalAws) -> None:
    role = "arn:aws-us-gov:iam::123456789012:role/deploy/cloud.formation"
    run_deploy("--role-arn", role)
    assert describe_stack(aws)["role"] == role


def test_discarded_plan_leaves_no_stack(aws: LocalAws) -> None:
    plan = plan_deployment(load_map("config/routes.yaml"), DeploymentOptions("purgemap", refresh=True), package_once)
    assert plan is not None
    assert plan.change_set.is_first
    assert [job.distribution for job in plan.refresh_jobs] == ["E2EXAMPLE1ABCD"]
    assert len(stacks_in_review(aws)) == 1
    discard_deployment(plan)
    assert stacks_in_review(aws) == []


def test_dry_run_shows_changes_and_leaves_no_stack(aws: LocalAws) -> None:
    output = run_deploy("--dry-run", "--refresh")
    assert "purgemap in us-east-1: CloudFormation creates\n  add " in output
    assert "refresh E2EXAMPLE1ABCD  / /*\n" in output
    artifact_bucket = "purgemap-artifacts-123456789012-us-east-1"
    assert output.endswith(f"dry run: nothing is changed; {artifact_bucket} keeps the zip and the template\n")
    assert aws.client("cloudformation").describe_stacks()["Stacks"] == []
    assert [bucket["Name"] for bucket in aws.client("s3").list_buckets()["Buckets"]] == [artifact_bucket]


def test_dry_run_leaves_a_stack_unchanged(aws: LocalAws) -> None:
    run_deploy()
    before = Deployed(aws).parameters
    sets = aws.client("cloudformation").list_change_sets(StackName="purgemap")["Summaries"]
    output = run_deploy("--dry-run", "--parameter", "Window=20")
    assert re.search(r"CloudFormation changes\n(  modify .*\n)+dry run: nothing is changed; .*\n$", output)
    assert Deployed(aws).parameters == before
    assert aws.client("cloudformation").list_change_sets(StackName="purgemap")["Summaries"] == sets
    assert run_deploy("--dry-run", "--no-listing") == "purgemap: no changes\n"


@pytest.mark.parametrize("interpreter", [None, "/usr/bin/python3.13"])
def test_deploy_warns_of_a_zip_without_byte_code(interpreter: str | None, aws: LocalAws) -> None:
    def package(route_map: RouteMap, folder_counts: Mapping[str, FolderCounts]) -> FunctionPackage:
        return replace(package_once(route_map, folder_counts), interpreter=interpreter)

    warning = "without byte-code: this computer has no Python 3.13, so each start of the function compiles what it "
    assert (warning in run_deploy("--dry-run", package=package)) == (interpreter is None)
    assert aws.client("cloudformation").describe_stacks()["Stacks"] == []


def test_artifact_bucket_is_private_encrypted_and_versioned(aws: LocalAws) -> None:
    run_deploy()
    s3, bucket = aws.client("s3"), {"Bucket": "purgemap-artifacts-123456789012-us-east-1"}
    blocked = s3.get_public_access_block(**bucket)["PublicAccessBlockConfiguration"]
    assert set(blocked.values()) == {True}
    assert len(blocked) == 4
    (rule,) = s3.get_bucket_encryption(**bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert s3.get_bucket_versioning(**bucket)["Status"] == "Enabled"


def test_deploy_uploads_the_same_zip_once(aws: LocalAws) -> None:
    run_deploy()
    run_deploy("--parameter", "Window=20")
    versions = aws.client("s3").list_object_versions(Bucket="purgemap-artifacts-123456789012-us-east-1")["Versions"]
    assert sorted(version["Key"][-4:] for version in versions) == [".zip", "yaml"]


def test_deploy_uses_a_given_artifact_bucket_unchanged(aws: LocalAws) -> None:
    aws.client("s3").create_bucket(Bucket="acme-artifacts")
    run_deploy("--artifact-bucket", "acme-artifacts")
    assert Deployed(aws).parameters["CodeBucket"] == "acme-artifacts"
    assert [bucket["Name"] for bucket in aws.client("s3").list_buckets()["Buckets"]] == ["acme-artifacts"]


def test_deploy_keeps_parameters_without_new_values(aws: LocalAws) -> None:
    run_deploy("--parameter", "Window=20", "--parameter", "MemorySize=256")
    run_deploy("--parameter", "Window=30")
    assert Deployed(aws).mapping["MaximumBatchingWindowInSeconds"] == 30
    assert Deployed(aws).function["MemorySize"] == 256


def test_deploy_without_changes_leaves_no_change_set(aws: LocalAws) -> None:
    run_deploy()
    before = aws.client("cloudformation").list_change_sets(StackName="purgemap")["Summaries"]
    assert run_deploy().endswith("purgemap: no changes\n")
    assert aws.client("cloudformation").list_change_sets(StackName="purgemap")["Summaries"] == before


def test_deploy_on_a_terminal_asks_and_no_leaves_nothing(aws: LocalAws) -> None:
    status, output = answer_on_terminal(aws.environment, "deploy", b"n\n")
    assert status == 1
    assert "Go ahead, with 2 errors? [y/N]" in output
    assert stacks_in_review(aws) == []


def test_deploy_on_a_terminal_continues_after_yes(aws: LocalAws) -> None:
    assert answer_on_terminal(aws.environment, "deploy", b"y\n")[0] == 0
    assert Deployed(aws).status == "CREATE_COMPLETE"


def test_deploy_reports_an_error_of_aws_in_one_line(aws: LocalAws) -> None:
    with pytest.raises(PurgemapError, match=r"PutObject: NoSuchBucket: The specified bucket does not exist"):
        run_deploy("--artifact-bucket", "no-such-bucket")
    assert aws.client("s3").list_buckets()["Buckets"] == []


def test_deployed_map_is_loaded_from_its_zip(aws: LocalAws) -> None:
    run_deploy()
    stack = find_stack(aws.client("cloudformation"), "purgemap")
    assert load_deployed_map(aws.client("s3"), stack).document == load_map("config/routes.yaml").document


def test_refresh_without_deployed_map_fails_before_changes(aws: LocalAws) -> None:
    run_deploy()
    before = Deployed(aws)
    aws.client("s3").delete_object(Bucket=before.parameters["CodeBucket"], Key=before.parameters["CodeKey"])
    Path("config/routes.yaml").write_text(MAP.replace("acme-www", "acme-blog"))
    with pytest.raises(PurgemapError, match=r"that can't be read back \(s3://purgemap-artifacts-.*NoSuchKey"):
        run_deploy("--refresh")
    assert Deployed(aws).types_by_id == before.types_by_id
