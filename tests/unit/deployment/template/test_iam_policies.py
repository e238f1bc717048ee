"""The function has the permissions for its calls, on the map's resources, and no others."""

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import LoadMap
from purgemap.completion_events import SOURCE
from purgemap.deployment.package.source_files import LEDGER_MODULES, ON_DEMAND
from purgemap.deployment.template.aws_limits import MAX_INLINE_CHARACTERS, MAX_MANAGED_CHARACTERS, MAX_MANAGED_POLICIES
from purgemap.deployment.template.yaml_template import load_template
from support.aws_calls import INVALIDATION_ACTIONS, calls_of, code_words, parse_file
from support.rendered import many, map_of, member_of, names, of_type, stack_of

MAP = """\
version: 1
distributions:
  www:  {id: E2EXAMPLE1ABCD}
  docs: {id: E3EXAMPLE2ABCD, role_arn: "arn:aws:iam::222222222222:role/purgemap", external_id: acme}
  blog: {id: E4EXAMPLE3ABCD, role_arn: "arn:aws:iam::222222222222:role/purgemap", external_id: acme}
  shop: {tenant: dt_1a2b3c}
  free: {id: E6EXAMPLE5ABCD, max_paths_per_day: 0}
  news: {tenant: dt_4d5e6f, role_arn: "arn:aws:iam::333333333333:role/team/purge"}
routes:
  - {bucket: acme-www, distributions: [www, docs, blog, shop, news, free, E5EXAMPLE4ABCD]}
"""

# Past invalidations are read to count them, for max_paths_per_day.
READS = ("cloudfront:GetInvalidation", "cloudfront:ListInvalidations")
CALLS = ("cloudfront:CreateInvalidation", *READS)

# Calls of Lambda itself with the function's role.
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions
# https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html#monitoring-cloudwatchlogs-prereqs
LAMBDAS_OWN = {
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
}


def function_modules(*further_modules: str) -> list[Path]:
    """Find the modules of purgemap that the function loads, and that further modules of it load."""
    modules = ", ".join(("purgemap.lambda_function", *ON_DEMAND, *further_modules))
    code = f"import sys, {modules}; print(*(m.__file__ for n, m in sys.modules.items() if 'purgemap' in n))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return [Path(file) for file in answer.stdout.split()]


def function_calls(*further_modules: str) -> set[str]:
    """Find the calls of the function's code, and AssumeRole, which botocore calls for it."""
    trees = [parse_file(file) for file in function_modules(*further_modules)]
    assumes = "AssumeRoleCredentialFetcher" in {word for tree in trees for word in code_words(tree)}
    services = ("cloudfront", "sqs", "sts", "logs", "events", "s3", "lambda", "dynamodb")
    return calls_of(trees, services) | ({"sts:AssumeRole"} if assumes else set())


def statements(
    template: dict[str, Any], role: str = "Role", *, with_event_bus: bool = False
) -> Iterator[dict[str, Any]]:
    """Yield the statements of a role in a stack without an event bus, or with one."""
    documents = [policy["PolicyDocument"] for policy in template["Resources"][role]["Properties"].get("Policies", [])]
    policies = (
        policy["Properties"]
        for policy in of_type(template, "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy").values()
        if with_event_bus or policy.get("Condition") != "HasEventBus"
    )
    documents += [policy["PolicyDocument"] for policy in policies if policy["Roles"] == [{"Ref": role}]]
    for document in documents:
        yield from document["Statement"]


def resources_by_action(
    template: dict[str, Any], role: str = "Role", *, with_event_bus: bool = False
) -> dict[str, list[str]]:
    granted: defaultdict[str, list[str]] = defaultdict(list)
    for statement in statements(template, role, with_event_bus=with_event_bus):
        assert statement["Effect"] == "Allow"
        for action in many(statement["Action"]):
            granted[action] += [_text(resource) for resource in many(statement["Resource"])]
    return {action: sorted(resources) for action, resources in granted.items()}


def _text(resource: Any) -> str:
    match resource:
        case {"Fn::GetAtt": [name, attribute]}:
            return f"{name}.{attribute}"
        case {"Fn::Sub": text}:
            return str(text)
    return str(resource)


def test_permissions_are_those_of_the_function_calls(map_from_yaml: LoadMap) -> None:
    granted = resources_by_action(stack_of(map_from_yaml(MAP)), with_event_bus=True).keys()
    assert function_calls() - granted == set(), "calls without a permission"
    assert granted - function_calls() - LAMBDAS_OWN == set(), "permissions without a call"
    assert function_calls() == {*INVALIDATION_ACTIONS, "events:PutEvents", "sqs:SendMessage", "sts:AssumeRole"}


def test_permissions_of_a_ledger_are_those_of_its_calls(map_from_yaml: LoadMap) -> None:
    skipping_map = MAP + "  - {bucket: acme-docs, distributions: [www], skip_unchanged: true}\n"
    before, after = (resources_by_action(stack_of(map_from_yaml(text))).keys() for text in (MAP, skipping_map))
    # Without the right to list, S3 says of a missing object that access is denied; the ledger treats both alike.
    calls = function_calls(*LEDGER_MODULES) - {"s3:ListBucket"}
    assert after - before == calls - function_calls()
    assert {"s3:GetObject", "dynamodb:UpdateItem"} <= after


def test_permissions_name_the_resources_of_map_and_stack(map_from_yaml: LoadMap) -> None:
    own = "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}"
    counted = [f"{own}:distribution/E2EXAMPLE1ABCD", f"{own}:distribution/E5EXAMPLE4ABCD"]
    assert resources_by_action(stack_of(map_from_yaml(MAP))) == {
        "cloudfront:CreateInvalidation": [*counted, f"{own}:distribution/E6EXAMPLE5ABCD"],
        **dict.fromkeys(READS, counted),
        **{f"{call}ForDistributionTenant": [f"{own}:distribution-tenant/dt_1a2b3c"] for call in CALLS},
        "sts:AssumeRole": ["arn:aws:iam::222222222222:role/purgemap", "arn:aws:iam::333333333333:role/team/purge"],
        "sqs:ReceiveMessage": ["Queue.Arn"],
        "sqs:DeleteMessage": ["Queue.Arn"],
        "sqs:GetQueueAttributes": ["Queue.Arn"],
        "sqs:SendMessage": ["DeadLetterQueue.Arn", "Queue.Arn"],
        "logs:CreateLogStream": ["LogGroup.Arn"],
        "logs:PutLogEvents": ["LogGroup.Arn"],
    }


def test_permissions_have_no_wildcard_resource(map_from_yaml: LoadMap) -> None:
    for template in (stack_of(map_from_yaml(MAP)), member_of(map_from_yaml(MAP))):
        for role in of_type(template, "AWS::IAM::Role"):
            granted = statements(template, role, with_event_bus=True)
            assert not [statement for statement in granted if "*" in json.dumps(statement)]


def test_event_bus_gets_events_of_purgemap_only() -> None:
    permission = load_template("template.yaml")["Resources"]["EventBusPermission"]
    assert permission["Condition"] == "HasEventBus"
    (statement,) = permission["Properties"]["PolicyDocument"]["Statement"]
    (bounded,) = [
        statement
        for statement in load_template("github/role.yaml")["Resources"]["FunctionBoundary"]["Properties"][
            "PolicyDocument"
        ]["Statement"]
        if statement["Action"] == "events:PutEvents"
    ]
    for granted in (statement, bounded):
        assert granted["Condition"] == {"ForAllValues:StringEquals": {"events:source": SOURCE}}


def test_permissions_exclude_tenants_and_roles_if_unused() -> None:
    actions = resources_by_action(stack_of(map_of(["acme-www"]))).keys()
    assert actions - LAMBDAS_OWN == {"sqs:SendMessage", *CALLS}


def test_permissions_match_the_queues_of_the_environment() -> None:
    template = load_template("template.yaml")["Resources"]
    environment = template["Function"]["Properties"]["Environment"]["Variables"]
    queues = {environment[f"PURGEMAP_{name}_URL"]["Ref"] for name in ("QUEUE", "DEAD_LETTER_QUEUE")}
    granted = resources_by_action(load_template("template.yaml"))
    assert set(granted["sqs:SendMessage"]) == {f"{queue}.Arn" for queue in queues}
    assert granted["sqs:ReceiveMessage"] == [_text(template["EventSource"]["Properties"]["EventSourceArn"])]


def test_member_roles_have_the_permissions_used_through_them(map_from_yaml: LoadMap) -> None:
    template = member_of(map_from_yaml(MAP))
    own = "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}"
    roles = {
        (resource["Condition"], resource["Properties"]["Path"], resource["Properties"]["RoleName"]): name
        for name, resource in of_type(template, "AWS::IAM::Role").items()
        if resource.get("Condition", "").startswith("Account")
    }
    assert {key: resources_by_action(template, name) for key, name in roles.items()} == {
        ("Account222222222222", "/", "purgemap"): {
            call: [f"{own}:distribution/E3EXAMPLE2ABCD", f"{own}:distribution/E4EXAMPLE3ABCD"] for call in CALLS
        },
        ("Account333333333333", "/team/", "purge"): {
            f"{call}ForDistributionTenant": [f"{own}:distribution-tenant/dt_4d5e6f"] for call in CALLS
        },
    }
    for account in ("222222222222", "333333333333"):
        is_there = {"Fn::Equals": [{"Ref": "AWS::AccountId"}, account]}
        assert template["Conditions"][f"Account{account}"] == {"Fn::And": [{"Condition": "MakesRoles"}, is_there]}


def test_member_roles_trust_the_function_with_the_external_id(map_from_yaml: LoadMap) -> None:
    template = member_of(map_from_yaml(MAP))
    trusts = {
        resource["Properties"]["RoleName"]: resource["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        for resource in of_type(template, "AWS::IAM::Role").values()
        if "RoleName" in resource["Properties"] and resource["Condition"].startswith("Account")
    }
    trust = {"Effect": "Allow", "Principal": {"AWS": {"Ref": "FunctionRoleArn"}}, "Action": "sts:AssumeRole"}
    assert trusts == {
        "purgemap": [{**trust, "Condition": {"StringEquals": {"sts:ExternalId": ["acme"]}}}],
        "purge": [trust],
    }


def characters(document: Any) -> int:
    """Count characters as IAM does, with long values of the stack's own."""
    text = json.dumps(document, separators=(",", ":"))
    for short, long in (("${AWS::Partition}", "aws-cn"), ("${AWS::AccountId}", "1" * 12), ('{"Fn::Sub":"', '"')):
        text = text.replace(short, long)
    return len(text.replace('"}', '"'))


def documents(template: dict[str, Any], kind: str) -> list[Any]:
    return [policy["Properties"]["PolicyDocument"] for policy in of_type(template, kind).values()]


@pytest.mark.parametrize("count", [1, 100, 150, 200, 1000])
def test_policies_stay_within_iams_limits(count: int) -> None:
    template = stack_of(map_of(names(count)))
    inline = [policy["PolicyDocument"] for policy in template["Resources"]["Role"]["Properties"]["Policies"]]
    inline += documents(template, "AWS::IAM::Policy")
    managed = documents(template, "AWS::IAM::ManagedPolicy")
    assert sum(map(characters, inline)) <= MAX_INLINE_CHARACTERS
    assert all(characters(document) <= MAX_MANAGED_CHARACTERS for document in managed)
    assert len(managed) <= MAX_MANAGED_POLICIES
    assert len(resources_by_action(template)["cloudfront:CreateInvalidation"]) == count


def test_policies_change_one_in_place_for_a_new_site() -> None:
    before = of_type(stack_of(map_of(names(200))), "AWS::IAM::ManagedPolicy")
    after = of_type(stack_of(map_of(names(201))), "AWS::IAM::ManagedPolicy")
    assert before.keys() == after.keys()
    assert len([name for name in before if before[name] != after[name]]) == 1


@pytest.mark.parametrize(("count", "later"), [(200, 500), (400, 1000), (300, 301), (1000, 1250)])
def test_policies_miss_no_permission_while_they_are_split(count: int, later: int) -> None:
    before = of_type(stack_of(map_of(names(count))), "AWS::IAM::ManagedPolicy")
    after = of_type(stack_of(map_of(names(later))), "AWS::IAM::ManagedPolicy")
    assert before.keys() <= after.keys(), "the role never has more policies than afterwards"
    for name, policy in before.items():
        moved = arns(policy) - arns(after[name])
        receivers = {other for other in after if moved & arns(after[other])}
        assert receivers <= waited_for(name, after), "a policy keeps a permission until another one has it"


def arns(policy: dict[str, Any]) -> set[str]:
    return {
        _text(arn)
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        for arn in many(statement["Resource"])
    }


def waited_for(name: str, policies: dict[str, dict[str, Any]]) -> set[str]:
    direct = set(policies[name].get("DependsOn", []))
    return direct.union(*(waited_for(other, policies) for other in direct))
