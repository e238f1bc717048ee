"""A map that skips unchanged uploads gets a table and the permissions to compare; every other map gets none."""

import json
from typing import Any

import pytest

from conftest import LoadMap
from purgemap.deployment.template.iam_member_roles import list_role_permissions
from purgemap.deployment.template.yaml_template import load_template
from support.rendered import many, map_of, member_of, names, of_type, skipping, stack_of

ROLE_ARN = "arn:aws:iam::222222222222:role/purgemap"
MAP = f"""\
version: 1
distributions:
  www:  {{id: E2EXAMPLE1ABCD}}
  docs: {{id: E3EXAMPLE2ABCD, role_arn: "{ROLE_ARN}"}}
routes:
  - {{bucket: acme-www, prefix: skipped/, distributions: [www], skip_unchanged: true}}
  - {{bucket: acme-www, prefix: skipped/below/, distributions: [www], skip_unchanged: true}}
  - {{bucket: acme-www, prefix: always/, distributions: [www, docs]}}
  - {{bucket: "all-{{site}}", prefix: "sites/{{name}}/", distributions: [docs, "{{name}}"], skip_unchanged: true}}
"""
PARTITION = "arn:${AWS::Partition}"
TABLE = f"{PARTITION}:dynamodb:${{AWS::Region}}:${{AWS::AccountId}}:table/${{LedgerTable}}"


def arns(template: dict[str, Any], action: str, role: str = "") -> list[str]:
    kinds = ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")
    policies = [policy["Properties"] for policy in of_type(template, *kinds).values()]
    return [
        arn["Fn::Sub"] if isinstance(arn, dict) else arn
        for policy in policies
        if role in json.dumps(policy["Roles"])
        for statement in policy["PolicyDocument"]["Statement"]
        if action in many(statement["Action"])
        for arn in many(statement["Resource"])
    ]


def test_map_that_skips_nothing_has_no_ledger() -> None:
    text = json.dumps([stack_of(map_of(["acme-www"])), member_of(map_of(["acme-www"], roles=1))])
    assert not [word for word in ("dynamodb", "DynamoDB", "LEDGER", "Ledger", "s3:Get", "unchanged") if word in text]


def test_map_that_skips_adds_a_table_and_its_name() -> None:
    template = stack_of(skipping(map_of(["acme-www"])))
    table = template["Resources"]["LedgerTable"]
    assert table["Properties"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["Properties"]["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}
    assert table["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert [each["AttributeName"] for each in table["Properties"]["KeySchema"]] == ["bucket", "key"]
    variables = template["Resources"]["Function"]["Properties"]["Environment"]["Variables"]
    assert variables["PURGEMAP_LEDGER_TABLE"] == {"Ref": "LedgerTable"}
    assert template["Outputs"]["LedgerTableName"]["Value"] == {"Ref": "LedgerTable"}


def test_table_is_deleted_with_the_option() -> None:
    table = stack_of(skipping(map_of(["acme-www"])))["Resources"]["LedgerTable"]
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Delete", "Delete"), "else old records return"


def test_deployment_wakes_the_function_of_a_ledger() -> None:
    rule = stack_of(skipping(map_of(["acme-www"])))["Resources"]["DeploymentRule"]["Properties"]
    statuses = rule["EventPattern"]["detail"]["status-details"]["status"]
    assert {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"} == set(statuses)
    assert rule["EventPattern"]["detail"]["stack-id"] == [{"Ref": "AWS::StackId"}]
    assert [target["Arn"] for target in rule["Targets"]] == [{"Fn::GetAtt": ["Queue", "Arn"]}]
    assert rule["Name"]["Fn::Sub"].startswith("${AWS::StackName}-"), "as the queues' policies require"


def test_ledger_changes_nothing_else_of_the_template() -> None:
    shipped, template = load_template("template.yaml"), stack_of(skipping(map_of(["acme-www"])))
    for name, resource in shipped["Resources"].items():
        if name not in {"Function", "Dashboard"}:
            assert template["Resources"][name] == resource
    del template["Resources"]["Function"]["Properties"]["Environment"]["Variables"]["PURGEMAP_LEDGER_TABLE"]
    assert template["Resources"]["Function"] == shipped["Resources"]["Function"]
    memory = template["Parameters"]["MemorySize"]
    assert memory == shipped["Parameters"]["MemorySize"] | {"Default": 1769}
    assert template["Parameters"] == shipped["Parameters"] | {"MemorySize": memory}
    assert shipped["Parameters"]["MemorySize"]["Default"] == 512


def test_dashboard_also_shows_what_was_skipped_and_saved() -> None:
    def widgets(template: dict[str, Any]) -> list[dict[str, Any]]:
        body = template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
        shown: list[dict[str, Any]] = json.loads(body)["widgets"]
        return shown

    before, after = widgets(load_template("template.yaml")), widgets(stack_of(skipping(map_of(["acme-www"]))))
    assert after[: len(before)] == before
    counts, saved = after[len(before) :]
    assert ["${AWS::StackName}", "unchanged"] in counts["properties"]["metrics"]
    assert "unchanged * 0.005" in json.dumps(saved)
    bottom = max(widget["y"] + widget["height"] for widget in before)
    assert (counts["y"], saved["y"], saved["x"]) == (bottom, bottom, counts["width"])


def test_function_may_read_only_what_a_route_compares(map_from_yaml: LoadMap) -> None:
    template = stack_of(map_from_yaml(MAP))
    # The capture of the last route can also be www, which has no role.
    assert arns(template, "s3:GetObject") == [
        f"{PARTITION}:s3:::acme-www/skipped/*",
        f"{PARTITION}:s3:::all-*/sites/*/*",
    ]
    for call in ("BatchGetItem", "GetItem", "PutItem", "Query", "UpdateItem"):
        assert arns(template, f"dynamodb:{call}") == [TABLE]


def test_role_of_another_account_may_read_its_uploads(map_from_yaml: LoadMap) -> None:
    template = member_of(map_from_yaml(MAP))
    assert arns(template, "s3:GetObject", "Role") == [f"{PARTITION}:s3:::all-*/sites/*/*"]
    assert arns(template, "dynamodb:GetItem") == []


@pytest.mark.parametrize(
    ("route", "pattern"),
    [
        ("bucket: acme, prefix: a/*/c", "acme/a/*/c*"),
        ('bucket: acme, prefix: "{x}/{y}/"', "acme/*/*/*"),
        (r'bucket: acme, prefix: "1\\*2$3?/"', "acme/1?2?3?/*"),
        ("bucket: acme, prefix: 日本 é/", "acme/*é/*"),
        ('bucket: "*", prefix: a', "*/a*"),
    ],
)
def test_patterns_become_those_of_iam(map_from_yaml: LoadMap, route: str, pattern: str) -> None:
    text = f"version: 1\nroutes: [{{{route}, distributions: [E2EXAMPLE1ABCD], skip_unchanged: true}}]\n"
    assert arns(stack_of(map_from_yaml(text)), "s3:GetObject") == [f"{PARTITION}:s3:::{pattern}"]


def test_permissions_of_many_buckets_are_split(map_from_yaml: LoadMap) -> None:
    template = stack_of(skipping(map_of(names(500), distributions=1)))
    assert len(of_type(template, "AWS::IAM::ManagedPolicy")) > 1
    assert len(arns(template, "s3:GetObject")) == 500
    sites = "".join(f"  s{number}: {{id: E{number:012}X}}\n" for number in range(500))
    one_route = (
        f"version: 1\ndistributions:\n{sites}"
        'routes: [{bucket: all, prefix: "{s}/", distributions: ["{s}"], skip_unchanged: true}]'
    )
    assert arns(stack_of(map_from_yaml(one_route)), "s3:GetObject") == [f"{PARTITION}:s3:::all/*/*"]


def test_doctor_checks_the_permissions_on_the_deployed_table(map_from_yaml: LoadMap) -> None:
    function, table = "arn:aws:iam::111111111111:role/p/f", "arn:aws:dynamodb:eu-west-1:111111111111:table/p-x"
    needed = list_role_permissions(map_from_yaml(MAP), function, table)
    own = {permission.arn: permission.actions for permission in needed[function]}
    assert "dynamodb:Query" in own[table]
    assert own["arn:aws:s3:::acme-www/skipped/*"] == ("s3:GetObject",)
    assert ("s3:GetObject",) in [permission.actions for permission in needed[ROLE_ARN]]
    before_the_table = list_role_permissions(map_from_yaml(MAP), function)[function]
    assert {permission.arn for permission in before_the_table} == own.keys() - {table}
