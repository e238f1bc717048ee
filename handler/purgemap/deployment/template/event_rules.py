"""Render the event rules for the map's buckets: as few as possible, each named by a digest of its pattern."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from purgemap.deployment.template.aws_limits import MAX_PATTERN_CHARACTERS, check_rules
from purgemap.deployment.template.event_patterns import event_pattern_values, is_wildcard
from purgemap.deployment.template.stable_groups import stable_groups
from purgemap.routemap import RouteMap

# EventBridge also limits the complexity of a pattern's wildcards, but publishes no number.
_MAX_WILDCARDS_PER_RULE = 10

RuleNamer = Callable[[str], dict[str, Any]]
_Accounts = tuple[str, ...]


def name_from_stack_name(digest: str) -> dict[str, Any]:
    """Name a rule STACK-DIGEST, so that the queues' policies can admit a stack's rules by their prefix."""
    return {"Fn::Sub": f"${{AWS::StackName}}-{digest}"}


def name_from_stack_id(digest: str) -> dict[str, Any]:
    """Name a rule purgemap-ID-DIGEST, by the last part of the stack's id."""
    # A StackSet's stack names are too long for a rule's name, which has at most 64 characters:
    # https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
    stack = {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}
    return {"Fn::Sub": [f"purgemap-${{Stack}}-{digest}", {"Stack": stack}]}


def render_rules(
    routes: RouteMap, *, target: Mapping[str, Any], namer: RuleNamer = name_from_stack_name, **attributes: Any
) -> dict[str, Any]:
    """Render a rule for each group of the map's buckets, by logical id; raises RenderError above a bus's limits."""
    groups = list(_group_buckets(routes))
    check_rules(len(groups), sum(any(map(is_wildcard, matchers)) for matchers, _ in groups))
    rules = {}
    for pattern in (build_event_pattern(matchers, accounts) for matchers, accounts in groups):
        # A new pattern is a new rule. CloudFormation creates it before it deletes the old one, so no event is missed.
        # An event that both match is delivered twice, which is harmless.
        digest = hashlib.sha256(json.dumps(pattern).encode()).hexdigest()[:16]
        properties = {
            "Name": namer(digest),
            "Description": "Changes in buckets of the map, for purgemap",
            "EventPattern": pattern,
            "Targets": [target],
        }
        rules[f"Rule{digest}"] = {"Type": "AWS::Events::Rule", **attributes, "Properties": properties}
    return dict(sorted(rules.items()))


def _group_buckets(routes: RouteMap) -> Iterator[tuple[Sequence[str], _Accounts]]:
    """Yield the matchers of each rule with the accounts of its buckets, none for any account."""
    buckets_by_accounts: dict[_Accounts, tuple[list[str], list[str]]] = {}
    for kind, buckets in enumerate((routes.buckets, [pattern for pattern, _ in routes.patterns])):
        for bucket in buckets:
            accounts = tuple(routes.accounts.get(bucket, ()))
            buckets_by_accounts.setdefault(accounts, ([], []))[kind].append(bucket)
    for accounts, (names, patterns) in buckets_by_accounts.items():
        # Names and patterns apart: few rules are then rules with wildcards, of which a bus takes 30.
        for matchers in event_pattern_values(names, patterns):
            fits = partial(_fits_in_rule, accounts=accounts)
            yield from ((group, accounts) for group in stable_groups(matchers, fits).values())


def build_event_pattern(matchers: Sequence[str], accounts: Sequence[str] = ()) -> dict[str, Any]:
    """Build the pattern for changes of objects in some buckets, given as JSON texts, of some accounts or any."""
    return {
        "source": ["aws.s3"],
        # Otherwise an account that the central bus admits could name its bucket to match a pattern, and spend
        # invalidations.
        **({"account": list(accounts)} if accounts else {}),
        # Otherwise CloudTrail's records of S3 calls would match, too.
        "detail-type": ["Object Created", "Object Deleted"],
        "detail": {"bucket": {"name": [json.loads(matcher) for matcher in matchers]}},
    }


def _fits_in_rule(matchers: Sequence[str], accounts: _Accounts) -> bool:
    # With json.dumps' spaces: CloudFormation does not document how it formats a pattern.
    is_short = len(json.dumps(build_event_pattern(matchers, accounts))) <= MAX_PATTERN_CHARACTERS
    return is_short and sum(map(is_wildcard, matchers)) <= _MAX_WILDCARDS_PER_RULE
