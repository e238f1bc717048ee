"""What is refused: example ids in AWS, stacks that cannot be updated, and stacks that cannot be removed."""

from contextlib import nullcontext
from dataclasses import replace

import pytest

from conftest import LoadMap
from purgemap.deployment.stack.clients import connect
from purgemap.deployment.stack.preflight import check_deployable, check_no_example_ids, check_removable
from purgemap.deployment.stack.stack import Stack
from purgemap.deployment.template import load_template
from purgemap.errors import PurgemapError
from support.rendered import RULE, map_of, of_type, stack_of

MAP = "version: 1\nroutes:\n  - {bucket: acme-www, distributions: [E2EXAMPLE1ABCD]}\n"


@pytest.mark.parametrize("id_", ["E2QWRUHAPOMQZL", "EXAMPL3E4ABCD"])
def test_example_ids_pass_ids_that_aws_could_assign(map_from_yaml: LoadMap, id_: str) -> None:
    check_no_example_ids(map_from_yaml(MAP.replace("E2EXAMPLE1ABCD", id_)), connect().cloudformation)


@pytest.mark.parametrize("dual_stack", ["false", "true"])
@pytest.mark.parametrize("region", ["eu-central-1", "us-gov-west-1", "cn-north-1", "eusc-de-east-1"])
def test_example_ids_are_refused_in_every_partition(
    map_from_yaml: LoadMap, monkeypatch: pytest.MonkeyPatch, region: str, dual_stack: str
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    monkeypatch.setenv("AWS_USE_DUALSTACK_ENDPOINT", dual_stack)
    with pytest.raises(PurgemapError, match="E2EXAMPLE1ABCD is an example's id"):
        check_no_example_ids(map_from_yaml(MAP), connect().cloudformation)


def stack(status: str) -> Stack:
    return Stack("stack", status, {}, {})


@pytest.mark.parametrize(
    ("status", "way_out"),
    [
        ("UPDATE_IN_PROGRESS", "try again when that is over"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "try again when that is over"),
        ("ROLLBACK_COMPLETE", "aws cloudformation delete-stack --stack-name purgemap"),
        ("UPDATE_ROLLBACK_FAILED", "aws cloudformation continue-update-rollback --stack-name purgemap"),
    ],
)
def test_stack_that_cannot_be_updated_is_refused_with_way_out(status: str, way_out: str) -> None:
    with pytest.raises(PurgemapError, match=way_out):
        check_deployable("purgemap", stack(status))


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS"])
def test_stack_in_final_status_or_never_executed_is_deployable(status: str) -> None:
    check_deployable("purgemap", stack(status))


def test_stack_name_too_long_for_rule_names_is_refused() -> None:
    (rule,) = of_type(stack_of(map_of(["acme-www"])), RULE).values()
    longest = 64 - len(rule["Properties"]["Name"]["Fn::Sub"].removeprefix("${AWS::StackName}"))
    check_deployable("x" * longest, None)
    with pytest.raises(PurgemapError, match=f"too long for its event rules: {longest} characters at most"):
        check_deployable("x" * (longest + 1), None)


SERVICE = Stack("stack", "CREATE_COMPLETE", {}, {}, description="purgemap: keeps CloudFront caches true to S3. More.")


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "ROLLBACK_COMPLETE", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED"])
def test_stack_of_the_service_is_removable(status: str) -> None:
    check_removable("purgemap", replace(SERVICE, status=status))


@pytest.mark.parametrize(
    ("stack", "way_out"),
    [
        (replace(SERVICE, status="DELETE_IN_PROGRESS"), "is DELETE_IN_PROGRESS: another change is running"),
        (stack("REVIEW_IN_PROGRESS"), "never executed; delete it: aws cloudformation delete-stack --stack-name web"),
        (stack("CREATE_COMPLETE"), "is not one of purgemap deploy: .* delete-stack --stack-name web$"),
    ],
)
def test_removal_refuses_stack_with_its_way_out(stack: Stack, way_out: str) -> None:
    with pytest.raises(PurgemapError, match=way_out):
        check_removable("web", stack)


def test_removable_stack_has_the_description_of_the_template() -> None:
    for template, is_removable in (("template.yaml", True), ("member.yaml", False)):
        described = replace(SERVICE, description=load_template(template)["Description"])
        with nullcontext() if is_removable else pytest.raises(PurgemapError, match="is not one of purgemap deploy"):
            check_removable("purgemap", described)
