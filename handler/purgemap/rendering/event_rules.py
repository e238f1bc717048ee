"""The map's buckets → event rules: as few as their patterns' size allows, named by what they match."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from purgemap.rendering.grouping import stable_groups
from purgemap.rendering.limits import PATTERN_CHARACTERS, check_rules
from purgemap.rendering.matchers import is_wildcard, matchers_of
from purgemap.routes.table import Routes

# EventBridge also bounds how complex the wildcards of one pattern may be, and names no number.
_WILDCARDS_PER_RULE = 10


def render_rules(routes: Routes, *, target: Mapping[str, Any], **attributes: Any) -> dict[str, Any]:
    """Make a rule for each group of the map's buckets, by logical id; raises RenderError for more than a bus takes.

    A logical id is a digest of the rule's pattern. A rule never changes: CloudFormation makes the new one first and
    takes the old one away at the end, so no event falls between; one that both match comes twice, which is harmless.
    """
    matchers = matchers_of(routes.buckets, (pattern for pattern, _ in routes.patterns))
    groups = [group for texts in matchers for group in stable_groups(texts, _fits).values()]
    check_rules(len(groups), sum(any(map(is_wildcard, group)) for group in groups))
    rules = (_rule(pattern_of(group), target, attributes) for group in groups)
    return dict(sorted(rules))


def pattern_of(matchers: Sequence[str]) -> dict[str, Any]:
    """Match the changes of objects in some buckets, given as JSON texts.

    Without the detail types it would match CloudTrail's records of S3, too.
    """
    return {
        "source": ["aws.s3"],
        "detail-type": ["Object Created", "Object Deleted"],
        "detail": {"bucket": {"name": [json.loads(matcher) for matcher in matchers]}},
    }


def _fits(matchers: Sequence[str]) -> bool:
    # With the spaces that json.dumps writes: CloudFormation doesn't say how it writes a pattern.
    is_short = len(json.dumps(pattern_of(matchers))) <= PATTERN_CHARACTERS
    return is_short and sum(map(is_wildcard, matchers)) <= _WILDCARDS_PER_RULE


def _rule(pattern: Mapping[str, Any], target: Mapping[str, Any], attributes: Mapping[str, Any]) -> tuple[str, Any]:
    digest = hashlib.sha256(json.dumps(pattern).encode()).hexdigest()[:16]
    properties = {
        # Named, so that the queues' policies can tell this stack's rules before they are there.
        "Name": {"Fn::Sub": f"${{AWS::StackName}}-{digest}"},
        "Description": "Changes in buckets of the map, for purgemap",
        "EventPattern": pattern,
        "Targets": [target],
    }
    return f"Rule{digest}", {"Type": "AWS::Events::Rule", **attributes, "Properties": properties}
