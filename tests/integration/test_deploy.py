"""`purgemap deploy`: what it refuses, what it asks, what it uploads, and what it leaves behind."""

import functools
import io
import json
import os
import pty
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import click
import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner

from purgemap.cli.deploy import deploy
from purgemap.demo.local_aws import LocalAws, start_local_aws
from purgemap.deployment.package.function import FunctionPackage, package_function
from purgemap.deployment.stack.artifacts import ensure_artifact_bucket, load_deployed_map, object_url
from purgemap.deployment.stack.change_set import ChangeSet, ChangeSetRequest, create_change_set
from purgemap.deployment.stack.clients import connect
from purgemap.deployment.stack.execution import execute_change_set
from purgemap.deployment.stack.preflight import check_no_example_ids
from purgemap.deployment.stack.stack import Stack, check_deployable, find_stack
from purgemap.errors import PurgemapError
from purgemap.routemap.compiled import RouteMap
from purgemap.routemap.load import load_map
from purgemap.routemap.problems import MapError
from support.deployed import Deployed, run_deploy
from support.documents import section
from support.doubles.cloudformation import ScriptedCloudFormation, stack_event
from support.doubles.stacks import complete_cloudformation
from support.places import ROOT

MAP = "version: 1\nroutes:\n  - {bucket: acme-www, distributions: [E2EXAMPLE1ABCD]}\n"


@pytest.fixture(autouse=True)
def _in_a_folder_with_a_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    Path("config/routes.yaml").write_text(MAP)


@functools.cache
def _built(document: str) -> FunctionPackage:
    return package_function(RouteMap(json.loads(document)))


@pytest.fixture(autouse=True)
def _same_maps_are_built_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("purgemap.cli.deploy.package_function", lambda routes: _built(json.dumps(routes.document)))


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    complete_cloudformation()
    with start_local_aws() as running:
        yield running


def test_deploy_without_terminal_previews_then_refuses(aws: LocalAws) -> None:
    result = CliRunner().invoke(deploy, [])
    assert result.exit_code == 2
    preview, _, refusal = result.output.partition("Error: ")
    assert re.search(r"purgemap in us-east-1: CloudFormation makes\n(  add .*\n){15}", preview)
    assert refusal == "cannot ask for confirmation: stdin is not a terminal; pass --yes\n"
    assert stacks_in_review(aws) == []


def stacks_in_review(aws: LocalAws) -> list[Any]:
    """List the stacks that are only a change set."""
    found = aws.client("cloudformation").list_stacks(StackStatusFilter=["REVIEW_IN_PROGRESS"])
    return list(found["StackSummaries"])


def test_a_bad_map_is_refused_before_anything_is_asked_of_aws() -> None:
    Path("config/routes.yaml").write_text(MAP.replace("acme-www", "acme-www/docs"))
    with pytest.raises(MapError, match=r"routes\[0\]\.bucket"):
        run_deploy()


def test_the_map_of_a_fresh_clone_is_never_deployed_to_aws() -> None:
    with pytest.raises(PurgemapError, match="E2EXAMPLE1ABCD is an example's id"):
        run_deploy("--routes", str(ROOT / "config/routes.yaml"))


@pytest.mark.parametrize("id_", ["E2QWRUHAPOMQZL", "EXAMPL3E4ABCD"])
def test_an_id_that_aws_could_have_is_no_examples_id(id_: str) -> None:
    Path("config/routes.yaml").write_text(MAP.replace("E2EXAMPLE1ABCD", id_))
    check_no_example_ids(load_map("config/routes.yaml"), connect().cloudformation)


@pytest.mark.parametrize("ipv6_too", ["false", "true"])
@pytest.mark.parametrize("region", ["eu-central-1", "us-gov-west-1", "cn-north-1", "eusc-de-east-1"])
def test_every_part_of_aws_is_aws(monkeypatch: pytest.MonkeyPatch, region: str, ipv6_too: str) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    monkeypatch.setenv("AWS_USE_DUALSTACK_ENDPOINT", ipv6_too)
    with pytest.raises(PurgemapError, match="an example's id"):
        check_no_example_ids(load_map("config/routes.yaml"), connect().cloudformation)


@pytest.mark.parametrize(
    ("name", "advice"), [("Windo", 'did you mean "Window"'), ("X", "known: AlarmTopicArn, Architecture, ")]
)
def test_deploy_refuses_unknown_parameter_with_advice(aws: LocalAws, name: str, advice: str) -> None:
    with pytest.raises(PurgemapError, match=f"--parameter {name}: the template has no such parameter; {advice}"):
        run_deploy("--parameter", f"{name}=1")
    assert aws.client("s3").list_buckets()["Buckets"] == []


def test_a_parameter_without_a_value_is_a_usage_error() -> None:
    with pytest.raises(click.BadParameter, match="'Window' is not KEY=VALUE"):
        run_deploy("--parameter", "Window")


@pytest.mark.parametrize(
    ("option", "values", "problem"),
    [
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
def test_option_that_no_stack_can_take_is_a_usage_error(option: str, values: list[str], problem: str) -> None:
    with pytest.raises(click.BadParameter, match=re.escape(problem)):
        run_deploy(*(argument for value in values for argument in (option, value)))


def _described(aws: LocalAws) -> dict[str, Any]:
    """Describe the stack: its tags and its role."""
    (found,) = aws.client("cloudformation").describe_stacks(StackName="purgemap")["Stacks"]
    return {"role": found.get("RoleARN"), "tags": {tag["Key"]: tag["Value"] for tag in found["Tags"]}}


def test_tags_stay_until_they_are_given_other_values(aws: LocalAws) -> None:
    run_deploy("--tag", "team=web", "--tag", "cost=a=b", "--tag", "old=1")
    assert _described(aws)["tags"] == {"team": "web", "cost": "a=b", "old": "1"}
    run_deploy("--parameter", "Window=20", "--tag", "team=ops", "--tag", "old=")
    assert _described(aws)["tags"] == {"team": "ops", "cost": "a=b"}
    run_deploy("--parameter", "Window=30")
    assert _described(aws)["tags"] == {"team": "ops", "cost": "a=b"}


def test_role_arn_is_the_role_of_cloudformation(aws: LocalAws) -> None:
    role = "arn:aws-us-gov:iam::123456789012:role/deploy/cloud.formation"
    run_deploy("--role-arn", role)
    assert _described(aws)["role"] == role


def test_dry_run_shows_the_changes_and_leaves_no_stack(aws: LocalAws) -> None:
    output = run_deploy("--dry-run", "--refresh")
    assert "purgemap in us-east-1: CloudFormation makes\n  add " in output
    assert "refresh E2EXAMPLE1ABCD  / /*\n" in output
    bucket = "purgemap-artifacts-123456789012-us-east-1"
    assert output.endswith(f"dry run: nothing is changed; {bucket} keeps the zip and the template\n")
    assert aws.client("cloudformation").describe_stacks()["Stacks"] == []
    assert [each["Name"] for each in aws.client("s3").list_buckets()["Buckets"]] == [bucket]


def test_dry_run_leaves_a_stack_as_it_was(aws: LocalAws) -> None:
    run_deploy()
    before = Deployed(aws).parameters
    sets = aws.client("cloudformation").list_change_sets(StackName="purgemap")["Summaries"]
    output = run_deploy("--dry-run", "--parameter", "Window=20")
    assert re.search(r"CloudFormation changes\n(  modify .*\n)+dry run: nothing is changed; .*\n$", output)
    assert Deployed(aws).parameters == before
    assert aws.client("cloudformation").list_change_sets(StackName="purgemap")["Summaries"] == sets
    assert run_deploy("--dry-run") == "purgemap: no changes\n"


@pytest.mark.parametrize("interpreter", [None, "/usr/bin/python3.13"])
def test_deploy_says_what_a_start_without_byte_code_costs(
    interpreter: str | None, aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = replace(_built(json.dumps(load_map("config/routes.yaml").document)), interpreter=interpreter)
    monkeypatch.setattr("purgemap.cli.deploy.package_function", lambda _: built)
    cost = "without byte-code: this computer has no Python 3.13, so each start of the function compiles what it imports"
    assert (cost in run_deploy("--dry-run")) == (interpreter is None)
    assert aws.client("cloudformation").describe_stacks()["Stacks"] == []


def test_without_a_region_it_says_which_variable_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    with pytest.raises(PurgemapError, match="You must specify a region; set AWS_DEFAULT_REGION"):
        run_deploy()


def test_the_bucket_that_it_creates_is_private_encrypted_and_versioned(aws: LocalAws) -> None:
    run_deploy()
    s3, bucket = aws.client("s3"), {"Bucket": "purgemap-artifacts-123456789012-us-east-1"}
    blocked = s3.get_public_access_block(**bucket)["PublicAccessBlockConfiguration"]
    assert set(blocked.values()) == {True}
    assert len(blocked) == 4
    (rule,) = s3.get_bucket_encryption(**bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert s3.get_bucket_versioning(**bucket)["Status"] == "Enabled"


def test_the_same_build_is_uploaded_once(aws: LocalAws) -> None:
    run_deploy()
    run_deploy("--parameter", "Window=20")
    versions = aws.client("s3").list_object_versions(Bucket="purgemap-artifacts-123456789012-us-east-1")["Versions"]
    assert sorted(version["Key"][-4:] for version in versions) == [".zip", "yaml"]


class SomebodyElsesBucket:
    """A bucket of the name that ours would have, in another account."""

    def head_bucket(self, **asked: Any) -> Any:
        assert asked["ExpectedBucketOwner"] == "123456789012"
        raise ClientError({"Error": {"Code": "403", "Message": "Forbidden"}}, "HeadBucket")


def test_a_bucket_of_that_name_that_belongs_to_somebody_else_is_not_used() -> None:
    other: Any = SomebodyElsesBucket()
    with pytest.raises(PurgemapError, match="belongs to somebody else, or you have no right"):
        ensure_artifact_bucket(other, "123456789012", "eu-west-1")


def test_a_given_bucket_is_used_as_it_is(aws: LocalAws) -> None:
    aws.client("s3").create_bucket(Bucket="acme-artifacts")
    run_deploy("--artifact-bucket", "acme-artifacts")
    assert Deployed(aws).parameters["CodeBucket"] == "acme-artifacts"
    assert [bucket["Name"] for bucket in aws.client("s3").list_buckets()["Buckets"]] == ["acme-artifacts"]


def test_parameters_keep_their_values_until_they_are_given_others(aws: LocalAws) -> None:
    run_deploy("--parameter", "Window=20", "--parameter", "MemorySize=256")
    run_deploy("--parameter", "Window=30")
    assert Deployed(aws).mapping["MaximumBatchingWindowInSeconds"] == 30
    assert Deployed(aws).function["MemorySize"] == 256


def test_nothing_to_change_is_fine_and_leaves_no_change_set_behind(aws: LocalAws) -> None:
    run_deploy()
    before = aws.client("cloudformation").list_change_sets(StackName="purgemap")["Summaries"]
    assert run_deploy().endswith("purgemap: no changes\n")
    assert aws.client("cloudformation").list_change_sets(StackName="purgemap")["Summaries"] == before


def _answer(aws: LocalAws, answer: bytes) -> tuple[int, str]:
    """Run the command on a terminal, and answer its question."""
    code = "import sys; from purgemap.cli.main import main; sys.exit(main())"
    ours, theirs = pty.openpty()
    os.write(ours, answer)
    done = subprocess.run(
        [sys.executable, "-c", code, "deploy"],
        stdin=theirs,
        env={**os.environ, **aws.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    for descriptor in (ours, theirs):
        os.close(descriptor)
    return done.returncode, done.stdout + done.stderr


def test_on_a_terminal_it_asks_and_a_no_leaves_nothing_behind(aws: LocalAws) -> None:
    status, output = _answer(aws, b"n\n")
    assert status == 1
    assert "Go ahead?" in output
    assert stacks_in_review(aws) == []


def test_on_a_terminal_a_yes_goes_ahead(aws: LocalAws) -> None:
    assert _answer(aws, b"y\n")[0] == 0
    assert Deployed(aws).status == "CREATE_COMPLETE"


def test_what_aws_refuses_is_one_line(aws: LocalAws) -> None:
    with pytest.raises(PurgemapError, match=r"PutObject: NoSuchBucket: The specified bucket does not exist"):
        run_deploy("--artifact-bucket", "no-such-bucket")
    assert aws.client("s3").list_buckets()["Buckets"] == []


def test_the_map_that_is_deployed_is_read_back_from_its_zip(aws: LocalAws) -> None:
    run_deploy()
    found = find_stack(aws.client("cloudformation"), "purgemap")
    assert load_deployed_map(aws.client("s3"), found).document == load_map("config/routes.yaml").document


def test_a_deployed_map_that_is_gone_is_an_error_before_anything_is_changed(aws: LocalAws) -> None:
    run_deploy()
    before = Deployed(aws)
    aws.client("s3").delete_object(Bucket=before.parameters["CodeBucket"], Key=before.parameters["CodeKey"])
    Path("config/routes.yaml").write_text(MAP.replace("acme-www", "acme-blog"))
    with pytest.raises(PurgemapError, match=r"that can't be read back \(s3://purgemap-artifacts-.*NoSuchKey"):
        run_deploy("--refresh")
    assert Deployed(aws).types_by_id == before.types_by_id


class OtherVersion:
    """A bucket whose zips another version of purgemap built."""

    def get_object(self, **_: Any) -> Any:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("routes.json", '{"compiled": 0}')
        packed.seek(0)
        return {"Body": packed}


def test_a_deployed_map_of_another_version_is_not_guessed_at() -> None:
    runs = Stack("stack", "CREATE_COMPLETE", {"CodeBucket": "b", "CodeKey": "k"}, {})
    with pytest.raises(PurgemapError, match="another version of purgemap compiled it"):
        load_deployed_map(OtherVersion(), runs)


def test_a_template_is_named_by_an_address_that_cloudformation_takes_in_every_partition() -> None:
    assert object_url("eu-west-1", "a.b", "k.yaml") == "https://s3.eu-west-1.amazonaws.com/a.b/k.yaml"
    assert object_url("cn-north-1", "b", "k.yaml") == "https://s3.cn-north-1.amazonaws.com.cn/b/k.yaml"


def test_the_pipeline_example_calls_it_with_options_that_it_has() -> None:
    workflow = files("purgemap.deploy").joinpath("github/deploy.yaml").read_text()
    used = set(re.findall(r"--[a-z-]+", workflow.partition("purgemap deploy")[2]))
    assert {"--yes", "--artifact-bucket", "--parameter"} <= used
    assert used <= {option for parameter in deploy.params for option in parameter.opts}


FAILURES = section("deploy/README.md", "## When a deployment fails")


def _failure_messages() -> Iterator[str]:
    """Cause each failure that deploy/README.md explains, and yield its message."""
    events = [
        stack_event(1, "purgemap", "REVIEW_IN_PROGRESS"),
        stack_event(2, "Function", "CREATE_FAILED", "no such key", "AWS::Lambda::Function"),
        stack_event(3, "purgemap", "DELETE_COMPLETE"),
    ]
    cloudformation = ScriptedCloudFormation(["DELETE_COMPLETE"], events)
    change_set = ChangeSet("change-set", "stack", (), is_first=True)
    fault = {"LogicalResourceId": "Q", "ResourceType": "AWS::SQS::Queue", "ValidationStatusReason": "already exists"}
    refusing = ScriptedCloudFormation(change_sets=[{"Status": "FAILED"}], operation_events=[fault])
    request = ChangeSetRequest("purgemap-1", "https://s3.eu-west-1.amazonaws.com/b/k", {})
    other, version = SomebodyElsesBucket(), OtherVersion()
    for doing in (
        lambda: execute_change_set(cloudformation, change_set, lambda _: None, lambda _: None),
        lambda: create_change_set(refusing, "purgemap", None, request),
        lambda: check_deployable("purgemap", Stack("stack", "ROLLBACK_COMPLETE", {}, {})),
        lambda: check_deployable("purgemap", Stack("stack", "UPDATE_IN_PROGRESS", {}, {})),
        lambda: ensure_artifact_bucket(other, "123456789012", "eu-west-1"),
        lambda: load_deployed_map(version, Stack("stack", "CREATE_COMPLETE", {"CodeBucket": "b", "CodeKey": "k"}, {})),
        lambda: check_no_example_ids(load_map("config/routes.yaml"), connect().cloudformation),
    ):
        with pytest.raises(PurgemapError) as caught:
            doing()
        yield str(caught.value)


def test_failures_table_has_the_message_of_each_failure() -> None:
    documented = re.findall(r"^\| `([^`]+)` \|", FAILURES, re.MULTILINE)
    messages = list(_failure_messages())
    assert len(documented) == len(messages)
    for pattern, message in zip(documented, messages, strict=True):
        assert re.fullmatch(re.escape(pattern).replace("…", ".*"), message), (pattern, message)


def test_options_table_has_every_option() -> None:
    table = section("deploy/README.md", "## Deploy")
    options = {option for parameter in deploy.params for option in parameter.opts if option.startswith("--")}
    assert options - {"--routes"} <= set(re.findall(r"^\| `(--[a-z-]+)", table, re.MULTILINE))
