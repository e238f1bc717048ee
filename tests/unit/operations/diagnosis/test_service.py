"""The checks of `purgemap doctor` that compare a stack with its map, on values."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from purgemap.aws.inspection import ActionsOnResource, MissingRole, NotRead, QueueConfig, RuleConfig
from purgemap.operations.diagnosis import ServiceExpectation, check_deployed_map, diagnose_service
from purgemap.operations.diagnosis.event_rules import admits_bucket
from purgemap.operations.diagnosis.service_inspection import RoleInspection, ServiceInspection
from purgemap.operations.diagnosis.trust_policies import trust_policy

ROLE, MEMBER = "arn:aws:iam::111111111111:role/function", "arn:aws:iam::222222222222:role/purgemap"
QUEUE = "arn:aws:sqs:us-east-1:111111111111:queue"
PATTERN = {"source": ["aws.s3"], "detail": {"bucket": {"name": ["a", {"prefix": "b"}]}}}
RULE = RuleConfig("purgemap-1", PATTERN, is_enabled=True, targets=(QUEUE,))
INVALIDATE = ActionsOnResource(("cloudfront:CreateInvalidation",), "arn:aws:cloudfront::111111111111:distribution/E1")
DENIED = NotRead("a role can't be assumed", "sts:AssumeRole")

EXPECTED = ServiceExpectation(
    stack_name="purgemap",
    function_role=ROLE,
    queue_url="https://sqs/queue",
    dead_letter_url="https://sqs/dead",
    rules={
        "purgemap-1": {"EventPattern": PATTERN, "Description": "purgemap's", "Targets": [{"Id": "queue", "Arn": QUEUE}]}
    },
    permissions={ROLE: [INVALIDATE]},
    external_ids={MEMBER: frozenset({"acme"})},
)
HEALTHY = ServiceInspection(
    rules=(RULE,),
    failed_deliveries={},
    queue=QueueConfig(QUEUE, 3, {}),
    dead_letters=QueueConfig(f"{QUEUE}-dead", 0, {}),
    denied={ROLE: ()},
    roles={MEMBER: RoleInspection(trust_policy(ROLE, {"acme"}), None)},
)


def diagnose(expected: ServiceExpectation = EXPECTED, **changes: Any) -> list[tuple[str, str]]:
    """Return the codes and messages of a service with some changes."""
    return [(each.code, each.message) for each in diagnose_service(expected, HEALTHY._replace(**changes))]


def test_healthy_service_has_no_finding() -> None:
    assert diagnose() == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"is_enabled": False}, "the rule is disabled"),
        ({"pattern": {"source": ["aws.s3"]}}, "the rule has another event pattern"),
        ({"targets": ()}, f"the rule has no target {QUEUE}"),
        ({"name": "purgemap-2"}, "the rule does not exist"),
    ],
)
def test_rule_is_compared_with_the_rendered_one(change: Mapping[str, Any], fault: str) -> None:
    (finding,) = diagnose(rules=(RULE._replace(**change),))
    assert finding == ("rule-missing", f'{fault}, so changes of a, {{"prefix": "b"}} are not invalidated')


def test_rule_may_list_its_buckets_in_any_order() -> None:
    pattern = {"detail": {"bucket": {"name": [{"prefix": "b"}, "a"]}}, "source": ["aws.s3"]}
    assert diagnose(rules=(RULE._replace(pattern=pattern, targets=("arn:other", QUEUE)),)) == []


@pytest.mark.parametrize(
    ("name", "is_admitted"),
    [
        (["b", "acme-eu"], True),
        ([{"prefix": "acme-"}], True),
        ([{"suffix": "-eu"}], True),
        ([{"wildcard": "ac*-*u"}], True),
        ([{"exists": True}], True),
        (["acme", {"prefix": "b"}, {"suffix": "b"}, {"wildcard": "a*b"}], False),
    ],
)
def test_event_pattern_admits_a_bucket(name: list[Any], is_admitted: bool) -> None:  # noqa: FBT001
    assert admits_bucket({"detail": {"bucket": {"name": name}}}, "acme-eu") == is_admitted


def test_event_pattern_without_bucket_admits_all() -> None:
    assert admits_bucket({"source": ["aws.s3"]}, "acme-eu")


def test_buckets_elsewhere_need_a_rule_that_forwards() -> None:
    place = ("111111111111", "eu-west-1")
    expected = replace(EXPECTED, central_bus="arn:bus", forwarding={place: ("acme-eu", "b")})
    (finding,) = diagnose_service(expected, HEALTHY._replace(forwarded={place: (PATTERN,)}))
    assert (finding.code, finding.where) == ("rule-missing", "region eu-west-1 of account 111111111111")
    assert finding.message == "no rule forwards events to the stack, so changes of acme-eu are not invalidated"
    assert finding.fix.endswith("--parameter-overrides CentralBusArn=arn:bus")


def test_role_that_only_the_function_can_assume_is_fine() -> None:
    assert diagnose(roles={MEMBER: RoleInspection(trust_policy(ROLE, {"acme"}), DENIED)}) == []


def test_role_with_unread_trust_is_fine_if_the_caller_assumes_it() -> None:
    unread = NotRead("needs iam:GetRole", "iam:GetRole")
    assert diagnose(roles={MEMBER: RoleInspection(unread, None)}) == []
    (finding,) = diagnose(roles={MEMBER: RoleInspection(unread, DENIED)})
    assert finding[0] == "not-checked"


def test_missing_role_is_not_assumable() -> None:
    roles = {MEMBER: RoleInspection(MissingRole(MEMBER), DENIED)}
    assert diagnose(roles=roles) == [("role-not-assumable", "the role does not exist")]


def test_missing_permissions_are_named_by_action_and_resource() -> None:
    (finding,) = diagnose(denied={ROLE: (INVALIDATE,)})
    assert finding == ("permission-missing", "the role lacks cloudfront:CreateInvalidation on distribution/E1")


def test_many_permissions_get_a_policy_of_their_own() -> None:
    needed = [INVALIDATE._replace(arn=f"{INVALIDATE.arn}{number}") for number in range(200)]
    service = HEALTHY._replace(denied={ROLE: (needed[7],)})
    (finding,) = diagnose_service(replace(EXPECTED, permissions={ROLE: needed}), service)
    assert "--policy-name map-repair " in finding.fix
    assert finding.fix.count("distribution/") == 1


def test_unread_metric_and_queue_name_their_permissions() -> None:
    unread = NotRead("needs x:Y", "x:Y")
    findings = diagnose_service(EXPECTED, HEALTHY._replace(failed_deliveries=unread, dead_letters=unread, rules=unread))
    assert [(each.severity, each.fix) for each in findings] == [("not-checked", "allow x:Y")] * 3


def test_failed_deliveries_to_an_open_queue_need_a_look() -> None:
    statement = {"Principal": {"Service": "events.amazonaws.com"}, "Condition": {"ArnLike": ":rule/purgemap-*"}}
    queue = QueueConfig(QUEUE, 0, {"Statement": [statement]})
    (finding,) = diagnose_service(EXPECTED, HEALTHY._replace(failed_deliveries={"purgemap-1": 1}, queue=queue))
    assert finding.fix == "purgemap status --stack-name purgemap"
    assert finding.message.startswith("1 delivery to the queue failed in the last 15 minutes")


def test_deployed_map_that_cannot_be_read_is_not_checked() -> None:
    (finding,) = check_deployed_map("purgemap", NotRead("s3://b/k: AccessDenied", "s3:GetObject"))
    assert (finding.severity, finding.fix) == ("not-checked", "allow s3:GetObject")
