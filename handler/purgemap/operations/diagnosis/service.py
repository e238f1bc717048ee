"""Compare a stack with what its map requires: rules, queues, permissions and roles."""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from purgemap.aws.inspection import (
    FAILURE_MINUTES,
    ActionsOnResource,
    MissingRole,
    NotRead,
    QueueConfig,
    RuleConfig,
)
from purgemap.operations.diagnosis.findings import DoctorFinding, describe_not_read, finding
from purgemap.operations.diagnosis.service_inspection import RoleInspection, ServiceExpectation, ServiceInspection
from purgemap.operations.diagnosis.trust_policies import admits, trust_policy
from purgemap.text import join_with_limit, pluralize

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: 10,240 for all inline policies of a role,
# of which the function's own queues and log use some.
_MAX_POLICY_CHARACTERS = 9_000


def report_missing_stack(stack_name: str, status: str = "") -> DoctorFinding:
    """Return the finding of a map without a stack, or with one that lacks purgemap's outputs."""
    fault = f"is {status} and has no function or queue" if status else "does not exist"
    message = f"the stack {fault}, so no change is invalidated"
    return finding("stack-missing", _stack(stack_name), message, f"purgemap deploy --stack-name {stack_name}")


def check_deployed_map(stack_name: str, differences: Sequence[str] | NotRead) -> Iterator[DoctorFinding]:
    """Report how the map of a stack's function differs from the map of the files."""
    if isinstance(differences, NotRead):
        yield describe_not_read(_stack(stack_name), "the deployed map", differences)
    elif differences:
        message = f"the deployed map is another: {join_with_limit(differences)}"
        # What changed before the deployment was not invalidated.
        fix = f"purgemap deploy --stack-name {stack_name} --refresh"
        yield finding("map-differs", _stack(stack_name), message, fix)


def _stack(name: str) -> str:
    return f"the stack {name}"


def diagnose_service(expected: ServiceExpectation, inspection: ServiceInspection) -> Iterator[DoctorFinding]:
    """Report what a stack lacks, and what it could not deliver."""
    yield from _check_rules(expected, inspection.rules)
    yield from _check_deliveries(expected, inspection)
    yield from _check_dead_letters(expected, inspection.dead_letters)
    for role_arn, role in inspection.roles.items():
        yield from _check_role(expected, role_arn, role)
    for role_arn, denied in inspection.denied.items():
        yield from _check_permissions(role_arn, expected.permissions[role_arn], denied)


def _check_rules(expected: ServiceExpectation, rules: tuple[RuleConfig, ...] | NotRead) -> Iterator[DoctorFinding]:
    if isinstance(rules, NotRead):
        yield describe_not_read(f"the rules {expected.stack_name}-*", "the event rules", rules)
        return
    rules_by_name = {rule.name: rule for rule in rules}
    for name, properties in sorted(expected.rules.items()):
        fault = _find_fault(rules_by_name.get(name), properties)
        if fault:
            buckets = [
                bucket if isinstance(bucket, str) else json.dumps(bucket)
                for bucket in properties["EventPattern"]["detail"]["bucket"]["name"]
            ]
            message = f"{fault}, so changes of {join_with_limit(buckets)} are not invalidated"
            yield finding("rule-missing", f"the rule {name}", message, _put_rule(name, properties))


def _find_fault(rule: RuleConfig | None, properties: Mapping[str, Any]) -> str:
    if rule is None:
        return "the rule does not exist"
    if not rule.is_enabled:
        return "the rule is disabled"
    if _normalize(rule.pattern) != _normalize(properties["EventPattern"]):
        return "the rule has another event pattern"
    missing = [target["Arn"] for target in properties["Targets"] if target["Arn"] not in rule.targets]
    return f"the rule has no target {missing[0]}" if missing else ""


def _normalize(pattern: Any) -> Any:
    """Sort the lists of an event pattern, in which the order has no meaning."""
    if isinstance(pattern, Mapping):
        return {key: _normalize(value) for key, value in pattern.items()}
    return sorted(map(json.dumps, pattern)) if isinstance(pattern, list) else pattern


def _put_rule(name: str, properties: Mapping[str, Any]) -> str:
    # Not `purgemap deploy`: CloudFormation does not see that a resource was changed without it.
    pattern, targets = _quoted(properties["EventPattern"]), _quoted(properties["Targets"])
    description = shlex.quote(properties["Description"])
    return (
        f"aws events put-rule --name {name} --description {description} --event-pattern {pattern} && "
        f"aws events put-targets --rule {name} --targets {targets}"
    )


def _check_deliveries(expected: ServiceExpectation, inspection: ServiceInspection) -> Iterator[DoctorFinding]:
    failures = inspection.failed_deliveries
    if isinstance(failures, NotRead):
        yield describe_not_read(f"the rules {expected.stack_name}-*", "the metric FailedInvocations", failures)
        return
    for rule, count in sorted(failures.items()):
        failed = pluralize(count, "delivery", "deliveries")
        message = f"{failed} to the queue failed in the last {FAILURE_MINUTES} minutes; they are dead letters"
        yield finding("deliveries-failing", f"the rule {rule}", message, _repair_deliveries(expected, inspection.queue))


def _repair_deliveries(expected: ServiceExpectation, queue: QueueConfig | NotRead) -> str:
    if isinstance(queue, NotRead) or _admits_rules(queue, expected.stack_name):
        return f"purgemap status --stack-name {expected.stack_name}"
    # As in deploy/template.yaml.
    rules = queue.arn.replace(":sqs:", ":events:").rpartition(":")[0] + f":rule/{expected.stack_name}-*"
    statement = {
        "Sid": "RulesOfThisStack",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue.arn,
        "Condition": {"ArnLike": {"aws:SourceArn": rules}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    attributes = _quoted({"Policy": policy})
    return f"aws sqs set-queue-attributes --queue-url {expected.queue_url} --attributes {attributes}"


def _admits_rules(queue: QueueConfig, stack_name: str) -> bool:
    # The statement of deploy/template.yaml, or a wider one without a condition.
    statements = json.dumps(queue.policy)
    return "events.amazonaws.com" in statements and (f":rule/{stack_name}-*" in statements)


def _check_dead_letters(expected: ServiceExpectation, queue: QueueConfig | NotRead) -> Iterator[DoctorFinding]:
    if isinstance(queue, NotRead):
        yield describe_not_read(expected.dead_letter_url, "the dead-letter queue", queue)
    elif queue.messages:
        letters = pluralize(queue.messages, "dead letter")
        message = f"{letters}: changes that were not invalidated; `purgemap status` shows why"
        fix = f"purgemap redrive --stack-name {expected.stack_name}"
        yield finding("dead-letters", f"the queue {queue.arn.rpartition(':')[2]}", message, fix)


def _check_role(expected: ServiceExpectation, role_arn: str, role: RoleInspection) -> Iterator[DoctorFinding]:
    external_ids, trust = expected.external_ids[role_arn], role.trust
    if isinstance(trust, NotRead):
        # A caller that can assume the role has proved that it exists; one that can't may lack a permission only.
        if role.refusal:
            yield describe_not_read(role_arn, "whether the function may assume the role", trust)
    elif isinstance(trust, MissingRole):
        if role.refusal:
            fix = f"purgemap render --member --output member.yaml && {_deploy_member(expected)}"
            yield finding("role-not-assumable", role_arn, "the role does not exist", fix)
    elif not admits(trust, expected.function_role, external_ids):
        message = f"its trust policy does not admit the function's role {expected.function_role}"
        document = _quoted(trust_policy(expected.function_role, external_ids))
        command = f"aws iam update-assume-role-policy --role-name {_name(role_arn)} --policy-document {document}"
        yield finding("role-not-assumable", role_arn, message, command)


def _deploy_member(expected: ServiceExpectation) -> str:
    return (
        f"aws cloudformation deploy --stack-name {expected.stack_name}-member --template-file member.yaml "
        f"--capabilities CAPABILITY_NAMED_IAM --parameter-overrides FunctionRoleArn={expected.function_role}"
    )


def _check_permissions(
    role_arn: str, needed: Sequence[ActionsOnResource], denied: tuple[ActionsOnResource, ...] | MissingRole | NotRead
) -> Iterator[DoctorFinding]:
    if isinstance(denied, NotRead):
        yield describe_not_read(role_arn, "its permissions", denied)
    elif denied and not isinstance(denied, MissingRole):
        texts = [f"{action} on {arn.rpartition(':')[2]}" for actions, arn in denied for action in actions]
        message = f"the role lacks {join_with_limit(texts)}"
        yield finding("permission-missing", role_arn, message, _put_policy(role_arn, needed, denied))


def _put_policy(role_arn: str, needed: Sequence[ActionsOnResource], denied: Sequence[ActionsOnResource]) -> str:
    # The policy of the rendered stack if it is inline; otherwise one more, so that no other policy is replaced.
    name, document = "map", _quoted(_policy(needed))
    if len(document) > _MAX_POLICY_CHARACTERS:
        name, document = "map-repair", _quoted(_policy(denied))
    return f"aws iam put-role-policy --role-name {_name(role_arn)} --policy-name {name} --policy-document {document}"


def _policy(permissions: Sequence[ActionsOnResource]) -> dict[str, Any]:
    arns_by_actions: dict[tuple[str, ...], list[str]] = {}
    for actions, arn in permissions:
        arns_by_actions.setdefault(actions, []).append(arn)
    statements = [
        {"Effect": "Allow", "Action": list(actions), "Resource": arns} for actions, arns in arns_by_actions.items()
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _name(role_arn: str) -> str:
    return role_arn.rpartition("/")[2]


def _quoted(value: Any) -> str:
    return shlex.quote(json.dumps(value, separators=(",", ":")))
