"""Compare a stack with what its map requires, and report what it could not deliver."""

import json
from collections.abc import Iterator, Sequence

from purgemap.aws.inspection import FAILURE_MINUTES, NotRead, QueueConfig
from purgemap.operations.diagnosis.event_rules import check_forwarding, check_rules
from purgemap.operations.diagnosis.findings import DoctorFinding, describe_not_read, finding
from purgemap.operations.diagnosis.repairs import json_argument
from purgemap.operations.diagnosis.roles import check_permissions, check_role
from purgemap.operations.diagnosis.service_inspection import ServiceExpectation, ServiceInspection
from purgemap.text import join_with_limit, pluralize


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
    yield from check_rules(expected, inspection.rules)
    yield from check_forwarding(expected, inspection)
    yield from _check_deliveries(expected, inspection)
    yield from _check_dead_letters(expected, inspection.dead_letters)
    for role_arn, role in inspection.roles.items():
        yield from check_role(expected, role_arn, role)
    for role_arn, denied in inspection.denied.items():
        yield from check_permissions(role_arn, expected.permissions[role_arn], denied)


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
    attributes = json_argument({"Policy": policy})
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
