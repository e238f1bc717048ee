"""The pipeline examples: pinned actions, least rights, and a role that only one branch has."""

import ast
import json
import os
import re
import subprocess
import sys
from fnmatch import fnmatchcase
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml

import purgemap
from purgemap.deployment.template.aws_limits import MAX_MANAGED_CHARACTERS
from purgemap.deployment.template.iam_policies import document_size
from purgemap.deployment.template.render import render_stack
from purgemap.deployment.template.yaml_template import load_template
from support.aws_calls import calls_of, parsed
from support.places import ROOT
from support.rendered import many, map_of, of_type, read

PACKAGE = Path(purgemap.__file__).parent

FOLDER = files("purgemap.deploy") / "github"
WORKFLOWS = {name: FOLDER.joinpath(name).read_text() for name in ("pull-request.yaml", "deploy.yaml")}
ROLE = load_template("github/role.yaml")
MAIN = load_template("template.yaml")

PINNED = re.compile(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def workflow(name: str) -> dict[str, Any]:
    # BaseLoader: YAML 1.1 would read the key `on` as true.
    loaded: dict[str, Any] = yaml.load(WORKFLOWS[name], yaml.BaseLoader)
    return loaded


@pytest.mark.parametrize("text", WORKFLOWS.values(), ids=WORKFLOWS)
def test_every_action_is_pinned_by_a_full_commit(text: str) -> None:
    used = [line for line in text.splitlines() if "uses:" in line]
    assert used
    assert all(PINNED.search(line) for line in used)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_job_has_the_permissions_that_it_names_and_no_other(name: str) -> None:
    jobs = workflow(name)["jobs"]
    assert workflow(name)["permissions"] == {}
    assert all(job["permissions"] for job in jobs.values())
    writing = {
        job: {right for right, kind in each["permissions"].items() if kind == "write"} for job, each in jobs.items()
    }
    assert (
        writing
        == {
            "pull-request.yaml": {"check": set(), "comment": {"pull-requests"}},
            "deploy.yaml": {"deploy": {"id-token"}},
        }[name]
    )


def test_a_pull_requests_code_never_runs_with_a_token_that_writes() -> None:
    request = workflow("pull-request.yaml")
    assert request["on"].keys() == {"pull_request"}, "pull_request_target would run it with the base's rights"
    assert all("uses" not in step for step in request["jobs"]["comment"]["steps"]), "no checkout, nothing installed"


@pytest.mark.parametrize("text", WORKFLOWS.values(), ids=WORKFLOWS)
def test_no_expression_stands_in_a_script(text: str) -> None:
    scripts = [step["run"] for job in yaml.safe_load(text)["jobs"].values() for step in job["steps"] if "run" in step]
    assert scripts
    assert not [script for script in scripts if "${{" in script], "what others write goes in by the environment"


def run_step(job: str, step: str, folder: Path, **environment: str) -> None:
    """Run a script of pull-request.yaml as a runner does, in a folder that holds what it needs of GitHub's."""
    steps = workflow("pull-request.yaml")["jobs"][job]["steps"]
    (script,) = [each["run"] for each in steps if each.get("name", "").startswith(step)]
    path = os.pathsep.join([str(folder), str(Path(sys.executable).parent), os.environ["PATH"]])
    files_of_runner = {name: str(folder / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    runner = {**os.environ, **files_of_runner, "RUNNER_TEMP": str(folder), "PATH": path, **environment}
    subprocess.run(["bash", "-e", "-c", script], cwd=folder, env=runner, check=True)


def test_the_first_pull_request_of_a_map_is_told_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    text = "version: 1\nroutes:\n  - {bucket: acme-www, distributions: [E2EXAMPLE1ABCD]}\n"
    (tmp_path / "config/routes.yaml").write_text(text)
    run_step("check", "Show what it changes", tmp_path)
    output = (tmp_path / "GITHUB_OUTPUT").read_text()
    assert re.fullmatch(r"comment<<(end-\w{32})\n<!-- purgemap diff -->\n.+\n\1\n", output, re.DOTALL)
    assert "| added | site | `acme-www → E2EXAMPLE1ABCD` |" in output


# It is asked for the comments that there are, and told of one.
GH = """\
#!/bin/sh
case "$*" in
  *--paginate*) echo "$OWN_COMMENT" ;;
  *) echo "$*" > called; cat > body ;;
esac
"""


@pytest.mark.parametrize(
    ("own", "call"),
    [("", "api comments --field body=@-"), ("17", "api --method PATCH one/17 --field body=@-")],
)
def test_the_comment_is_written_once_and_then_brought_up_to_date(tmp_path: Path, own: str, call: str) -> None:
    (tmp_path / "gh").write_text(GH)
    (tmp_path / "gh").chmod(0o755)
    run_step("comment", "Comment", tmp_path, COMMENT="told", COMMENTS="comments", ONE_COMMENT="one", OWN_COMMENT=own)
    assert ((tmp_path / "called").read_text(), (tmp_path / "body").read_text()) == (f"{call}\n", "told\n")


def test_what_is_installed_is_what_the_lock_file_has() -> None:
    for text in WORKFLOWS.values():
        installs = re.findall("pip install .*", text)
        assert installs == [
            "pip install --require-hashes --requirement requirements.lock",
            "pip install --no-deps --no-build-isolation .",
        ]


def test_the_role_trusts_one_branch_of_one_repository() -> None:
    (trust,) = ROLE["Resources"]["DeployRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Condition"]["StringEquals"] == {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}
    for parameter in ("Repository", "Branch"):
        assert not re.fullmatch(ROLE["Parameters"][parameter]["AllowedPattern"], "acme/*")


def _resolved(node: Any, values: dict[str, str]) -> Any:
    """Resolve the intrinsic functions of a trust policy as CloudFormation does."""
    if not isinstance(node, dict) or len(node) != 1:
        return node
    ((function, argument),) = node.items()
    if function == "Ref":
        return values[argument]
    if function == "Fn::Split":
        return _resolved(argument[1], values).split(argument[0])
    if function == "Fn::Select":
        return _resolved(argument[1], values)[int(argument[0])]
    text, own = argument if isinstance(argument, list) else (argument, {})
    own = {name: _resolved(value, values) for name, value in own.items()}
    return re.sub(r"\$\{(\w+)\}", lambda match: {**values, **own}[match[1]], text)


def _trusts(repository: str, subject: str) -> bool:
    """Decide as IAM does whether the role of a repository trusts a subject."""
    (trust,) = ROLE["Resources"]["DeployRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    values = {"Repository": repository, "Branch": "main"}

    def matches(operator: str) -> bool:
        patterns = many(trust["Condition"][operator]["token.actions.githubusercontent.com:sub"])
        return any(fnmatchcase(subject, _resolved(pattern, values)) for pattern in patterns)

    return matches("StringLike") and not matches("StringNotLike")


@pytest.mark.parametrize(
    ("repository", "subject", "is_trusted"),
    [
        ("acme/sites", "repo:acme/sites:ref:refs/heads/main", True),
        ("acme/sites", "repo:acme@12/sites@34:ref:refs/heads/main", True),
        ("acme@12/sites@34", "repo:acme@12/sites@34:ref:refs/heads/main", True),
        ("jo_acme/www.acme_com", "repo:jo_acme@12/www.acme_com@34:ref:refs/heads/main", True),
        ("acme@12/sites@34", "repo:acme@12/sites@56:ref:refs/heads/main", False),
        ("acme@12/sites@34", "repo:acme/sites:ref:refs/heads/main", False),
        ("acme/sites", "repo:acme@12/other@34:ref:refs/heads/main", False),
        ("acme/sites", "repo:acme-2@12/sites@34:ref:refs/heads/main", False),
        ("acme/sites", "repo:acme@12/sites-2@34:ref:refs/heads/main", False),
        ("acme/sites", "repo:acme@12/sites@34:ref:refs/heads/main-2", False),
        ("acme/sites", "repo:acme@12/sites@34:pull_request", False),
        ("acme/sites", "repo:acme@12/sites@34:environment:main", False),
        # A subject that another repository of the owner made up: its base branch is called x/sites@3.
        ("acme/sites", "repo:acme@12/other@34:base_ref:x/sites@3:ref:refs/heads/main", False),
    ],
)
def test_role_trusts_both_forms_of_a_subject(repository: str, subject: str, *, is_trusted: bool) -> None:
    assert re.fullmatch(ROLE["Parameters"]["Repository"]["AllowedPattern"], repository)
    assert _trusts(repository, subject) == is_trusted


@pytest.mark.parametrize("repository", ["acme", "acme/*", "acme@*/sites@*", "acme@12/sites", "acme/sites@34", "a/b/c"])
def test_role_refuses_repositories_that_are_not_one(repository: str) -> None:
    assert not re.fullmatch(ROLE["Parameters"]["Repository"]["AllowedPattern"], repository)


def statements(policy: str) -> list[dict[str, Any]]:
    document: list[dict[str, Any]] = ROLE["Resources"][policy]["Properties"]["PolicyDocument"]["Statement"]
    return document


def actions(*policies: str) -> set[str]:
    return {action for policy in policies for each in statements(policy) for action in many(each["Action"])}


def test_a_role_that_it_makes_or_widens_is_bounded() -> None:
    widening = {"iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:PutRolePermissionsBoundary"}
    granted = [each for each in statements("DeployStack") if widening & set(many(each["Action"]))]
    bounds = [each["Condition"]["StringEquals"] for each in granted]
    assert bounds == [{"iam:PermissionsBoundary": {"Ref": "FunctionBoundary"}}] * 2
    assert not actions("DeployStack") & {"iam:DeleteRolePermissionsBoundary", "iam:*"}


def test_it_can_change_nothing_of_its_own() -> None:
    own = [
        each["Properties"]
        for each in ROLE["Resources"].values()
        if each["Type"] in ("AWS::IAM::Role", "AWS::IAM::ManagedPolicy")
    ]
    (path,) = {each["Path"] for each in own}
    assert not re.fullmatch(ROLE["Parameters"]["StackName"]["AllowedPattern"], path.strip("/"))
    iam = [each for each in statements("DeployStack") if "iam:" in json.dumps(each["Action"])]
    assert {re.split("[/]", each["Resource"]["Fn::Sub"], maxsplit=1)[1] for each in iam} == {"${StackName}/*"}


def test_stacks_roles_and_policies_are_made_under_its_path() -> None:
    path = {"Fn::Sub": "/${AWS::StackName}/"}
    template = read(render_stack(map_of([f"acme-{number}" for number in range(400)])))
    kinds = ("AWS::IAM::Role", "AWS::IAM::ManagedPolicy")
    made = [each for kind in kinds for each in of_type(template, kind).values()]
    assert [each["Properties"]["Path"] for each in made] == [path] * len(made)
    assert {each["Type"] for each in made} == set(kinds)


def test_only_what_aws_lets_nobody_narrow_down_stands_on_everything() -> None:
    everywhere = {
        each["Sid"]: "Condition" in each
        for policy in ("DeployStack", "DeployResources")
        for each in statements(policy)
        if each["Resource"] == "*"
    }
    assert everywhere == {"EventSource": True, "Looks": False}


def test_the_bound_lets_the_function_do_all_that_the_main_template_grants() -> None:
    role = MAIN["Resources"]["Role"]["Properties"]
    inline = [each for policy in role["Policies"] for each in policy["PolicyDocument"]["Statement"]]
    rendered = {
        "cloudfront:CreateInvalidation",
        "cloudfront:CreateInvalidationForDistributionTenant",
        "cloudfront:GetInvalidation",
        "cloudfront:GetInvalidationForDistributionTenant",
        "cloudfront:ListInvalidations",
        "cloudfront:ListInvalidationsForDistributionTenant",
        "sts:AssumeRole",
    }
    assert actions("FunctionBoundary") == rendered | {action for each in inline for action in many(each["Action"])}


def deploys_calls() -> set[str]:
    """Find what `purgemap deploy` calls; the queue is given the jobs of --refresh by what the function has, too."""
    files = [*PACKAGE.glob("deployment/**/*.py"), *PACKAGE.glob("cli/deploy*.py")]
    edges = [node for file in PACKAGE.glob("aws/*.py") for node in ast.walk(parsed(file))]
    (queue,) = [node for node in edges if isinstance(node, ast.ClassDef) and node.name == "SqsQueue"]
    return calls_of([*map(parsed, files), queue], ("cloudformation", "s3", "sts", "sqs", "lambda", "iam", "events"))


# Nobody needs a right to be told who they are: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
FREE = {"sts:GetCallerIdentity"}
# The stack's own tags: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudformation.html
FOR_TAGS = {"cloudformation:TagResource", "cloudformation:UntagResource"}
# For a bucket of its own; the pipeline names one that is there.
ONLY_WITHOUT_ARTIFACT_BUCKET = {
    "s3:CreateBucket",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketVersioning",
    "s3:PutEncryptionConfiguration",
}


def test_each_call_of_the_deployment_is_granted_and_each_right_to_call_is_used() -> None:
    own = {"Stack", "Artifacts", "WhatIsMissing", "Refresh"}
    granted = {action for each in statements("DeployStack") if each["Sid"] in own for action in many(each["Action"])}
    assert deploys_calls() == granted - FOR_TAGS | FREE | ONLY_WITHOUT_ARTIFACT_BUCKET
    assert "--artifact-bucket" in WORKFLOWS["deploy.yaml"]
    readme = (ROOT / "README.md").read_text()
    # To say who owns its objects is part of making it.
    assert set(re.findall(r"`(s3:[A-Za-z]+)`", readme)) == ONLY_WITHOUT_ARTIFACT_BUCKET | {
        "s3:PutBucketOwnershipControls"
    }
    services = {action.partition(":")[0] for action in granted}
    others = [each for each in statements("DeployStack") if each["Sid"] not in own]
    assert services.isdisjoint(each.partition(":")[0] for other in others for each in many(other["Action"]))


def test_it_sends_to_the_stacks_queue_and_to_no_other() -> None:
    (refresh,) = [each for each in statements("DeployStack") if "sqs:SendMessage" in many(each["Action"])]
    assert "Queue" in MAIN["Resources"]
    assert refresh["Resource"]["Fn::Sub"].endswith(":${StackName}-Queue-*"), "as CloudFormation names it"


def test_no_zip_expires_that_a_stack_may_go_back_to() -> None:
    assert not re.search("Expiration|Transition", json.dumps(ROLE["Resources"]["ArtifactBucket"]))


@pytest.mark.parametrize("policy", ["FunctionBoundary", "DeployStack", "DeployResources"])
def test_a_policy_of_it_is_as_long_as_iam_takes_whatever_the_names(policy: str) -> None:
    document = json.dumps(ROLE["Resources"][policy]["Properties"]["PolicyDocument"])
    for name, longest in {"StackName": "x" * 41, "AWS::Region": "ap-southeast-1", "AWS::Partition": "aws"}.items():
        document = document.replace(f"${{{name}}}", longest)
    assert document_size(json.loads(document)) <= MAX_MANAGED_CHARACTERS


def test_it_may_make_every_kind_of_resource_of_the_stack() -> None:
    makes = {
        "AWS::SQS::Queue": "sqs:CreateQueue",
        "AWS::SQS::QueuePolicy": "sqs:SetQueueAttributes",
        "AWS::Logs::LogGroup": "logs:CreateLogGroup",
        "AWS::Logs::MetricFilter": "logs:PutMetricFilter",
        "AWS::IAM::Role": "iam:CreateRole",
        "AWS::IAM::Policy": "iam:PutRolePolicy",
        "AWS::IAM::ManagedPolicy": "iam:CreatePolicy",
        "AWS::Lambda::Function": "lambda:CreateFunction",
        "RecursiveLoop": "lambda:PutFunctionRecursionConfig",
        "AWS::Lambda::EventSourceMapping": "lambda:CreateEventSourceMapping",
        "AWS::Events::Rule": "events:PutRule",
        "AWS::Events::EventBusPolicy": "events:PutPermission",
        "AWS::CloudWatch::Alarm": "cloudwatch:PutMetricAlarm",
        "AWS::CloudWatch::Dashboard": "cloudwatch:PutDashboard",
    }
    assert {each["Type"] for each in MAIN["Resources"].values()} <= makes.keys()
    assert set(makes.values()) <= actions("DeployStack", "DeployResources")
