"""The map's buckets → event rules: as few as their patterns' size allows, named by what they match."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from purgemap.deployment.template.aws_limits import PATTERN_CHARACTERS, check_rules
from purgemap.deployment.template.event_patterns import event_pattern_values, is_wildcard
from purgemap.deployment.template.stable_groups import stable_groups
from purgemap.routemap import RouteMap

# EventBridge also bounds how complex the wildcards of one pattern may be, and names no number.
_WILDCARDS_PER_RULE = 10

Name = Callable[[str], dict[str, Any]]
_Accounts = tuple[str, ...]


def name_from_stack_name(digest: str) -> dict[str, Any]:
    """Name a rule STACK-DIGEST, so that the queues' policies can tell this stack's rules before they are there."""
    return {"Fn::Sub": f"${{AWS::StackName}}-{digest}"}


def name_from_stack_id(digest: str) -> dict[str, Any]:
    """Name a rule likewise, where the stack's own name may be too long: a StackSet names its stacks.

    A name takes 64 characters: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
    """
    stack = {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}
    return {"Fn::Sub": [f"purgemap-${{Stack}}-{digest}", {"Stack": stack}]}


def render_rules(
    routes: RouteMap, *, target: Mapping[str, Any], name: Name = name_from_stack_name, **attributes: Any
) -> dict[str, Any]:
    """Make a rule for each group of the map's buckets, by logical id; raises RenderError for more than a bus takes.

    A logical id is a digest of the rule's pattern. A rule never changes: CloudFormation makes the new one first and
    takes the old one away at the end, so no event falls between; one that both match comes twice, which is harmless.
    """
    groups = [group for accounts in _account_sets(routes) for group in _groups(routes, accounts)]
    check_rules(len(groups), sum(any(map(is_wildcard, matchers)) for matchers, _ in groups))
    rules = {}
    for pattern in (pattern_of(matchers, accounts) for matchers, accounts in groups):
        digest = hashlib.sha256(json.dumps(pattern).encode()).hexdigest()[:16]
        properties = {"Name": name(digest), **_properties(pattern, target)}
        rules[f"Rule{digest}"] = {"Type": "AWS::Events::Rule", **attributes, "Properties": properties}
    return dict(sorted(rules.items()))


def _account_sets(routes: RouteMap) -> list[_Accounts]:
    """Return each set of accounts that the map names for a bucket; the empty one is any account."""
    buckets = (*routes.buckets, *(pattern for pattern, _ in routes.patterns))
    return sorted({tuple(routes.accounts.get(bucket, ())) for bucket in buckets})


def _groups(routes: RouteMap, accounts: _Accounts) -> Iterator[tuple[Sequence[str], _Accounts]]:
    """Yield the matchers of a rule each, for the buckets of these accounts."""

    def has_accounts(bucket: str) -> bool:
        return tuple(routes.accounts.get(bucket, ())) == accounts

    matchers = event_pattern_values(
        filter(has_accounts, routes.buckets), filter(has_accounts, (pattern for pattern, _ in routes.patterns))
    )
    for texts in matchers:
        for group in stable_groups(texts, lambda members: _fits(members, accounts)).values():
            yield group, accounts


def pattern_of(matchers: Sequence[str], accounts: Sequence[str] = ()) -> dict[str, Any]:
    """Match the changes of objects in some buckets, given as JSON texts, of some accounts or any.

    Without the detail types it would match CloudTrail's records of S3, too. Without accounts, an account that the
    central bus admits could name a bucket so that a bucket pattern matches it, and spend invalidations.
    """
    return {
        "source": ["aws.s3"],
        **({"account": list(accounts)} if accounts else {}),
        "detail-type": ["Object Created", "Object Deleted"],
        "detail": {"bucket": {"name": [json.loads(matcher) for matcher in matchers]}},
    }


def _fits(matchers: Sequence[str], accounts: _Accounts) -> bool:
    # With the spaces that json.dumps writes: CloudFormation doesn't say how it writes a pattern.
    is_short = len(json.dumps(pattern_of(matchers, accounts))) <= PATTERN_CHARACTERS
    return is_short and sum(map(is_wildcard, matchers)) <= _WILDCARDS_PER_RULE


def _properties(pattern: Mapping[str, Any], target: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "Description": "Changes in buckets of the map, for purgemap",
        "EventPattern": pattern,
        "Targets": [target],
    }
