"""The pipeline's role: one branch can assume it, on GitHub or GitLab, and it can change purgemap's stack only."""

import ast
import json
import re
from fnmatch import fnmatchcase
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

import purgemap
from purgemap.deployment.template.aws_limits import MAX_MANAGED_CHARACTERS
from purgemap.deployment.template.iam_policies import document_size
from purgemap.deployment.template.render import render_stack
from purgemap.deployment.template.yaml_template import load_template
from support.aws_calls import INVALIDATION_ACTIONS, calls_of, parse_file
from support.places import ROOT
from support.rendered import many, map_of, of_type, read, skipping

PACKAGE = Path(purgemap.__file__).parent
ROLE = load_template("github/role.yaml")
MAIN = load_template("template.yaml")
POLICIES = ("DeployStack", "DeployResources", "Diagnosis")


(_TRUST,) = ROLE["Resources"]["DeployRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
CONDITION, ON_GITLAB, ON_GITHUB = _TRUST["Fn::If"]


def test_role_trusts_one_branch_of_one_repository() -> None:
    assert ROLE["Conditions"][CONDITION] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "GitLabProject"}, ""]}]}
    audience = {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}
    assert ON_GITHUB["Condition"]["StringEquals"] == audience
    for parameter in ("Repository", "Branch", "GitLabProject"):
        assert not re.fullmatch(ROLE["Parameters"][parameter]["AllowedPattern"], "acme/*")


def test_role_trusts_one_branch_of_a_gitlab_project() -> None:
    conditions = ON_GITLAB["Condition"]
    assert conditions.keys() == {"StringEquals"}, "no wildcards"
    values = {"GitLabProject": "acme/web/sites", "Branch": "main"}
    assert {key: _resolved(value, values) for key, value in conditions["StringEquals"].items()} == {
        "gitlab.com:aud": "https://gitlab.com",
        "gitlab.com:sub": "project_path:acme/web/sites:ref_type:branch:ref:main",
    }


def test_role_is_for_one_platform() -> None:
    ((rule,),) = (rule["Assertions"] for rule in ROLE["Rules"].values())
    default = ROLE["Parameters"]["Repository"]["Default"]

    def is_fulfilled(condition: Any, parameters: dict[str, str]) -> bool:
        ((function, arguments),) = condition.items()
        if function == "Fn::Equals":
            return parameters[arguments[0]["Ref"]] == str(arguments[1])
        results = [is_fulfilled(argument, parameters) for argument in arguments]
        by_function = {"Fn::Not": not results[0], "Fn::And": all(results), "Fn::Or": any(results)}
        return by_function[str(function)]

    accepted = {
        (repository, project): is_fulfilled(rule["Assert"], {"Repository": repository, "GitLabProject": project})
        for repository in (default, "acme/sites")
        for project in ("", "acme/sites")
    }
    assert accepted == {
        (default, ""): False,
        (default, "acme/sites"): True,
        ("acme/sites", ""): True,
        ("acme/sites", "acme/sites"): False,
    }


@pytest.mark.parametrize(
    ("project", "is_project"),
    [("acme/sites", True), ("acme/web.x/sub_1/sites-2", True), ("", True), ("acme", False), ("acme//x", False)],
)
def test_role_accepts_paths_of_gitlab_projects(project: str, *, is_project: bool) -> None:
    pattern = ROLE["Parameters"]["GitLabProject"]["AllowedPattern"]
    assert bool(re.fullmatch(pattern, project)) is is_project


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
    values = {"Repository": repository, "Branch": "main"}

    def matches(operator: str) -> bool:
        patterns = many(ON_GITHUB["Condition"][operator]["token.actions.githubusercontent.com:sub"])
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
        # A subject forged by another repository of the owner: its base branch is called x/sites@3.
        ("acme/sites", "repo:acme@12/other@34:base_ref:x/sites@3:ref:refs/heads/main", False),
    ],
)
def test_role_trusts_both_forms_of_a_subject(repository: str, subject: str, *, is_trusted: bool) -> None:
    assert re.fullmatch(ROLE["Parameters"]["Repository"]["AllowedPattern"], repository)
    assert _trusts(repository, subject) == is_trusted


@pytest.mark.parametrize("repository", ["acme", "acme/*", "acme@*/sites@*", "acme@12/sites", "acme/sites@34", "a/b/c"])
def test_role_refuses_patterns_of_repositories(repository: str) -> None:
    assert not re.fullmatch(ROLE["Parameters"]["Repository"]["AllowedPattern"], repository)


def statements(policy: str) -> list[dict[str, Any]]:
    document: list[dict[str, Any]] = ROLE["Resources"][policy]["Properties"]["PolicyDocument"]["Statement"]
    return document


def actions(*policies: str) -> set[str]:
    return {action for policy in policies for statement in statements(policy) for action in many(statement["Action"])}


def test_role_creates_and_widens_bounded_roles_only() -> None:
    widening = {"iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:PutRolePermissionsBoundary"}
    granted = [statement for statement in statements("DeployStack") if widening & set(many(statement["Action"]))]
    bounds = [statement["Condition"]["StringEquals"] for statement in granted]
    assert bounds == [{"iam:PermissionsBoundary": {"Ref": "FunctionBoundary"}}] * 2
    assert not actions("DeployStack") & {"iam:DeleteRolePermissionsBoundary", "iam:*"}


def test_role_cannot_change_its_own_resources() -> None:
    own = [
        resource["Properties"]
        for resource in ROLE["Resources"].values()
        if resource["Type"] in ("AWS::IAM::Role", "AWS::IAM::ManagedPolicy")
    ]
    (path,) = {properties["Path"] for properties in own}
    assert not re.fullmatch(ROLE["Parameters"]["StackName"]["AllowedPattern"], path.strip("/"))
    policies = (statement for policy in ("DeployStack", "Diagnosis") for statement in statements(policy))
    iam = [statement for statement in policies if "iam:" in json.dumps(statement["Action"])]
    assert {re.split("[/]", statement["Resource"]["Fn::Sub"], maxsplit=1)[1] for statement in iam} == {"${StackName}/*"}


def test_stack_creates_roles_and_policies_under_its_path() -> None:
    path = {"Fn::Sub": "/${AWS::StackName}/"}
    template = read(render_stack(map_of([f"acme-{number}" for number in range(400)])))
    kinds = ("AWS::IAM::Role", "AWS::IAM::ManagedPolicy")
    created = [resource for kind in kinds for resource in of_type(template, kind).values()]
    assert [resource["Properties"]["Path"] for resource in created] == [path] * len(created)
    assert {resource["Type"] for resource in created} == set(kinds)


def test_role_has_wildcard_resources_only_where_aws_requires() -> None:
    everywhere = {
        statement["Sid"]: "Condition" in statement
        for policy in POLICIES
        for statement in statements(policy)
        if statement["Resource"] == "*"
    }
    assert everywhere == {"EventSource": True, "Looks": False, "Lists": False}


def test_role_may_read_what_doctor_reads() -> None:
    row = next(line for line in (ROOT / "deploy/README.md").read_text().splitlines() if "| `purgemap doctor` |" in line)
    needed = set(re.findall(r"`([a-z0-9]+:[A-Z]\w+)`", row))
    with_fix = {"s3:PutBucketNotification"}
    assert needed - with_fix <= actions(*POLICIES)
    assert not with_fix & actions(*POLICIES)
    verbs = {action.partition(":")[2] for action in actions("Diagnosis")}
    assert all(re.match("Describe|Get|List|Simulate", verb) for verb in verbs), "it changes nothing"


def test_role_may_list_the_buckets_of_its_account_only() -> None:
    (buckets,) = (statement for statement in statements("Diagnosis") if statement["Sid"] == "Buckets")
    assert buckets["Condition"] == {"StringEquals": {"aws:ResourceAccount": {"Ref": "AWS::AccountId"}}}
    assert FOR_BUCKETS - actions("Diagnosis") == {"s3:PutBucketNotification"}


def test_boundary_allows_all_that_the_main_template_does() -> None:
    role = MAIN["Resources"]["Role"]["Properties"]
    policies = [*role["Policies"], MAIN["Resources"]["EventBusPermission"]["Properties"]]
    listed = [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]
    static = {action for statement in listed for action in many(statement["Action"])}
    ledger = read(render_stack(skipping(map_of(["acme-www"]))))
    (rights,) = of_type(ledger, "AWS::IAM::Policy").values()
    statements_of_map = rights["Properties"]["PolicyDocument"]["Statement"]
    rendered = {action for statement in statements_of_map for action in many(statement["Action"])}
    assert {"dynamodb:GetItem", "s3:GetObject"} <= rendered
    assert actions("FunctionBoundary") == {*INVALIDATION_ACTIONS, "sts:AssumeRole"} | static | rendered


def test_boundary_admits_only_the_uploads_that_are_named() -> None:
    (reads,) = [each for each in statements("FunctionBoundary") if each["Action"] == "s3:GetObject"]
    nothing = {"Fn::Sub": "${ArtifactBucket.Arn}/none"}
    assert reads["Resource"] == {"Fn::If": ["SkipsUnchanged", {"Ref": "UploadedObjects"}, nothing]}
    assert ROLE["Parameters"]["UploadedObjects"]["Default"] == ""


def deployment_calls() -> set[str]:
    """Find the calls of `purgemap deploy`; with --refresh it also sends jobs by the function's client of the queue."""
    files = [*PACKAGE.glob("deployment/**/*.py"), *PACKAGE.glob("cli/deploy*.py")]
    edges = [node for file in PACKAGE.glob("aws/*.py") for node in ast.walk(parse_file(file))]
    (queue,) = [node for node in edges if isinstance(node, ast.ClassDef) and node.name == "SqsQueue"]
    return calls_of([*map(parse_file, files), queue], ("cloudformation", "s3", "sts", "sqs", "lambda", "iam", "events"))


# Needs no permission: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
FREE = {"sts:GetCallerIdentity"}
# The stack's own tags: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudformation.html
FOR_TAGS = {"cloudformation:TagResource", "cloudformation:UntagResource"}
# To create a bucket; the pipeline names an existing one.
ONLY_WITHOUT_ARTIFACT_BUCKET = {
    "s3:CreateBucket",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketVersioning",
    "s3:PutEncryptionConfiguration",
}

# To list the map's buckets and to switch on their events: they belong to others than the pipeline. A deployment without
# the permissions to list goes on.
FOR_BUCKETS = {"s3:ListAllMyBuckets", "s3:ListBucket", "s3:GetBucketNotification", "s3:PutBucketNotification"}


def test_role_permissions_are_those_of_the_deployments_calls() -> None:
    own = {"Stack", "Artifacts", "WhatIsMissing", "Refresh"}
    granted = {
        action
        for statement in statements("DeployStack")
        if statement["Sid"] in own
        for action in many(statement["Action"])
    }
    assert deployment_calls() == granted - FOR_TAGS | FREE | ONLY_WITHOUT_ARTIFACT_BUCKET
    for pipeline in ("github/deploy.yaml", "gitlab/pipeline.yaml"):
        assert "--artifact-bucket" in files("purgemap.deploy").joinpath(pipeline).read_text()
    readme = (ROOT / "deploy/README.md").read_text()
    _, _, first_deployment = readme.partition("without `--artifact-bucket` creates a bucket")
    # Creating the bucket includes its object ownership.
    create_bucket = ONLY_WITHOUT_ARTIFACT_BUCKET | {"s3:PutBucketOwnershipControls"}
    assert set(re.findall(r"`(s3:[A-Za-z]+)`", first_deployment)) == create_bucket
    (needs,) = (line for line in readme.splitlines() if line.startswith("| `purgemap deploy` |"))
    assert set(re.findall(r"`(s3:[A-Za-z]+)`", needs)) == FOR_BUCKETS
    services = {action.partition(":")[0] for action in granted}
    others = [statement for statement in statements("DeployStack") if statement["Sid"] not in own]
    assert services.isdisjoint(action.partition(":")[0] for other in others for action in many(other["Action"]))


def test_role_sends_to_the_stacks_queue_only() -> None:
    (refresh,) = [
        statement for statement in statements("DeployStack") if "sqs:SendMessage" in many(statement["Action"])
    ]
    assert "Queue" in MAIN["Resources"]
    assert refresh["Resource"]["Fn::Sub"].endswith(":${StackName}-Queue-*"), "as CloudFormation names it"


def test_artifact_bucket_keeps_every_zip() -> None:
    assert not re.search("Expiration|Transition", json.dumps(ROLE["Resources"]["ArtifactBucket"]))


@pytest.mark.parametrize("policy", ["FunctionBoundary", *POLICIES])
def test_role_policies_stay_within_iams_length_for_any_name(policy: str) -> None:
    document = json.dumps(ROLE["Resources"][policy]["Properties"]["PolicyDocument"])
    for name, longest in {"StackName": "x" * 41, "AWS::Region": "ap-southeast-1", "AWS::Partition": "aws"}.items():
        document = document.replace(f"${{{name}}}", longest)
    assert document_size(json.loads(document)) <= MAX_MANAGED_CHARACTERS


def test_role_may_create_every_type_of_resource() -> None:
    actions_by_type = {
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
        "AWS::DynamoDB::Table": "dynamodb:CreateTable",
    }
    ledger = read(render_stack(skipping(map_of(["acme-www"]))))
    assert {resource["Type"] for resource in ledger["Resources"].values()} <= actions_by_type.keys()
    assert set(actions_by_type.values()) <= actions("DeployStack", "DeployResources")
