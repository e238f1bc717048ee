"""Check the event rules of a stack, and those that forward the events of other accounts and regions to it."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from purgemap.aws.inspection import NotRead, RuleConfig
from purgemap.operations.diagnosis.findings import DoctorFinding, describe_not_read, finding
from purgemap.operations.diagnosis.repairs import deploy_member, json_argument
from purgemap.operations.diagnosis.service_inspection import ServiceExpectation, ServiceInspection
from purgemap.text import join_with_limit


def check_rules(expected: ServiceExpectation, rules: tuple[RuleConfig, ...] | NotRead) -> Iterator[DoctorFinding]:
    """Report rules that are gone, disabled or changed."""
    if isinstance(rules, NotRead):
        yield describe_not_read(f"the rules {expected.stack_name}-*", "the event rules", rules)
        return
    # The name contains a digest of the pattern, so a rule of another map has another name.
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
    pattern, targets = json_argument(properties["EventPattern"]), json_argument(properties["Targets"])
    description = shlex.quote(properties["Description"])
    return (
        f"aws events put-rule --name {name} --description {description} --event-pattern {pattern} && "
        f"aws events put-targets --rule {name} --targets {targets}"
    )


def check_forwarding(expected: ServiceExpectation, inspection: ServiceInspection) -> Iterator[DoctorFinding]:
    """Report buckets of other accounts and regions whose events do not reach the stack's bus."""
    for (account, region), patterns in inspection.forwarded.items():
        where = f"region {region} of account {account}"
        if isinstance(patterns, NotRead):
            yield describe_not_read(where, "the rules that forward events", patterns)
            continue
        buckets = [
            bucket
            for bucket in expected.forwarding[account, region]
            if not any(admits_bucket(pattern, bucket) for pattern in patterns)
        ]
        if buckets:
            message = (
                f"no rule forwards events to the stack, so changes of {join_with_limit(buckets)} are not invalidated"
            )
            yield finding(
                "rule-missing",
                where,
                message,
                deploy_member(expected.stack_name, region=region, CentralBusArn=expected.central_bus),
            )


def admits_bucket(pattern: Mapping[str, Any], bucket: str) -> bool:
    """Return whether a pattern matches a bucket's name; other fields, and other operators, count as matching."""
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
    detail = pattern.get("detail") or {}
    names = (detail.get("bucket") or {}).get("name")
    return names is None or any(_matches(matcher, bucket) for matcher in names)


def _matches(matcher: Any, bucket: str) -> bool:
    # Operators that the rendered rules do not use admit every bucket: a rule written by hand is not a fault.
    match matcher:
        case str(name):
            return name == bucket
        case {"prefix": str(prefix)}:
            return bucket.startswith(prefix)
        case {"suffix": str(suffix)}:
            return bucket.endswith(suffix)
        case {"wildcard": str(wildcard)}:
            return re.fullmatch(".*".join(map(re.escape, wildcard.split("*"))), bucket) is not None
    return True
