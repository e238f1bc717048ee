"""Read event rules over botocore, and how many of their deliveries failed."""

import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from purgemap.aws.inspection.accounts import Accounts, read_or_reason
from purgemap.aws.inspection.cloudfront_reader import MAX_CONCURRENT_READS
from purgemap.aws.inspection.configurations import NotRead

FAILURE_MINUTES = 15
"""Failed deliveries count for this time, so that a repair shows soon."""

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
_MAX_QUERIES = 500


class RuleConfig(NamedTuple):
    """An event rule with the ARNs of its targets; `pattern` is its event pattern."""

    name: str
    pattern: Mapping[str, Any]
    is_enabled: bool
    targets: tuple[str, ...]


def read_rules(accounts: Accounts, prefix: str) -> tuple[RuleConfig, ...] | NotRead:
    """Read the rules of the default bus whose names start with a prefix."""
    client = accounts.client("events", accounts.own)
    pages = partial(client.get_paginator("list_rules").paginate, NamePrefix=prefix)
    rules = read_or_reason("events:ListRules", lambda: [rule for page in pages() for rule in page["Rules"]])
    if isinstance(rules, NotRead):
        return rules
    return read_or_reason("events:ListTargetsByRule", partial(_with_targets, client, rules))


def _with_targets(client: Any, rules: Sequence[Mapping[str, Any]]) -> tuple[RuleConfig, ...]:
    names = [str(rule["Name"]) for rule in rules]
    with ThreadPoolExecutor(MAX_CONCURRENT_READS) as pool:
        targets = pool.map(partial(_list_targets, client), names)
        return tuple(
            RuleConfig(name, json.loads(rule.get("EventPattern") or "{}"), rule["State"] != "DISABLED", arns)
            for name, rule, arns in zip(names, rules, targets, strict=True)
        )


def _list_targets(client: Any, rule: str) -> tuple[str, ...]:
    pages = client.get_paginator("list_targets_by_rule").paginate(Rule=rule)
    return tuple(str(target["Arn"]) for page in pages for target in page["Targets"])


def read_forwarding(
    accounts: Accounts, account: str, region: str, bus_arn: str
) -> tuple[Mapping[str, Any], ...] | NotRead:
    """Read the event patterns of the enabled rules of an account and region that forward to another event bus."""
    client = accounts.client("events", account, region)
    pages = client.get_paginator("list_rule_names_by_target").paginate
    names = read_or_reason(
        "events:ListRuleNamesByTarget",
        lambda: [str(name) for page in pages(TargetArn=bus_arn) for name in page["RuleNames"]],
    )
    if isinstance(names, NotRead):
        return names
    rules = read_or_reason("events:DescribeRule", lambda: [client.describe_rule(Name=name) for name in names])
    if isinstance(rules, NotRead):
        return rules
    return tuple(json.loads(rule.get("EventPattern") or "{}") for rule in rules if rule["State"] != "DISABLED")


def read_failed_deliveries(accounts: Accounts, rules: Sequence[str]) -> Mapping[str, int] | NotRead:
    """Count the failed deliveries of rules in the last minutes, by rule; rules without any have no entry."""
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
    client = accounts.client("cloudwatch", accounts.own)
    return read_or_reason("cloudwatch:GetMetricData", lambda: dict(_count_failures(client, rules)))


def _count_failures(client: Any, rules: Sequence[str]) -> Iterable[tuple[str, int]]:
    now = datetime.now(UTC)
    # CloudWatch's clock may be ahead of this machine's.
    times = {"StartTime": now - timedelta(minutes=FAILURE_MINUTES), "EndTime": now + timedelta(minutes=1)}
    for start in range(0, len(rules), _MAX_QUERIES):
        group = rules[start : start + _MAX_QUERIES]
        queries = [_query(index, rule) for index, rule in enumerate(group)]
        for page in client.get_paginator("get_metric_data").paginate(MetricDataQueries=queries, **times):
            for result in page["MetricDataResults"]:
                count = int(sum(result["Values"]))
                if count:
                    yield group[int(result["Id"][1:])], count


def _query(index: int, rule: str) -> dict[str, Any]:
    metric = {
        "Namespace": "AWS/Events",
        "MetricName": "FailedInvocations",
        "Dimensions": [{"Name": "RuleName", "Value": rule}],
    }
    return {"Id": f"r{index}", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}}
