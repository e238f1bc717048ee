"""Event rules deliver exactly the map's buckets, and an edit of the map leaves other rules as they are."""

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.events.models import EventPattern

from conftest import LoadMap
from purgemap.deployment.template.stable_groups import stable_groups
from purgemap.deployment.template.yaml_template import load_template
from purgemap.routemap.patterns import Pattern
from support.rendered import RULE, Render, bucket_matchers, map_of, member_of, names, of_type, patterns_of, stack_of

GUID = "1c0ea8bc-2a3b-4c5d-8e6f-7a8b9c0d1e2f"

BOTH = pytest.mark.parametrize("render", [stack_of, member_of])
OWNER, OTHER = "111122223333", "444455556666"


def event(
    bucket: str, detail_type: str = "Object Created", source: str = "aws.s3", account: str = OWNER
) -> dict[str, Any]:
    detail = {"bucket": {"name": bucket}, "object": {}}
    return {"source": source, "detail-type": detail_type, "account": account, "detail": detail}


def deliveries(template: dict[str, Any], event: Any) -> int:
    """Count the rules that match an event, by moto's implementation of patterns."""
    return sum(EventPattern(None, pattern).matches_event(event) for pattern in patterns_of(template))


@BOTH
def test_rules_deliver_buckets_of_the_map_once_and_no_others(render: Render) -> None:
    template = render(map_of(["acme-www", "acme-docs"], patterns=["shop-*"]))
    assert [deliveries(template, event(bucket)) for bucket in ("acme-www", "acme-docs", "shop-eu")] == [1, 1, 1]
    assert [deliveries(template, event(bucket)) for bucket in ("acme-www2", "acme", "my-shop-eu")] == [0, 0, 0]


@BOTH
def test_rules_deliver_events_of_the_maps_accounts_only(render: Render) -> None:
    template = render(map_of(["acme-www"], patterns=["site-*", "shop-*"], accounts={"site-*": [OWNER]}))
    assert [deliveries(template, event("site-a", account=account)) for account in (OWNER, OTHER)] == [1, 0]
    for bucket in ("acme-www", "shop-eu"):
        assert [deliveries(template, event(bucket, account=account)) for account in (OWNER, OTHER)] == [1, 1]


@BOTH
def test_rules_keep_a_bucket_beside_a_pattern_with_accounts(render: Render) -> None:
    template = render(map_of(["site-www"], patterns=["site-*"], accounts={"site-*": [OWNER]}))
    assert deliveries(template, event("site-www", account=OTHER)) == 1


def test_map_has_accounts_if_all_routes_of_a_bucket_do(map_from_yaml: LoadMap) -> None:
    routes = map_from_yaml(
        """
        version: 1
        routes:
          - {bucket: "site-*", distributions: [E1EXAMPLE1ABCD], accounts: ["111122223333"]}
          - {bucket: "site-*", prefix: x/, distributions: [E2EXAMPLE1ABCD], accounts: ["444455556666"]}
          - {bucket: acme-www, distributions: [E1EXAMPLE1ABCD], accounts: ["111122223333"]}
          - {bucket: acme-www, prefix: x/, distributions: [E2EXAMPLE1ABCD]}
        """
    )
    assert routes.accounts == {"site-*": [OWNER, OTHER]}


def test_rules_deliver_changes_of_objects_only() -> None:
    template = stack_of(map_of(["acme-www"]))
    assert deliveries(template, event("acme-www", "Object Deleted")) == 1
    assert deliveries(template, event("acme-www", "Object Tags Added")) == 0
    assert deliveries(template, event("acme-www", "AWS API Call via CloudTrail")) == 0
    assert deliveries(template, event("acme-www", source="acme.fake")) == 0


@pytest.mark.parametrize(
    ("pattern", "matcher"),
    [
        ("acme-*", {"prefix": "acme-"}),
        ("acme-{site}", {"prefix": "acme-"}),
        ("*-www", {"suffix": "-www"}),
        ("{site}-www", {"suffix": "-www"}),
        ("acme-*-www", {"wildcard": "acme-*-www"}),
        ("{team}-site-{name}", {"wildcard": "*-site-*"}),
        ("*", {"exists": True}),
        ("{site}", {"exists": True}),
    ],
)
def test_patterns_use_a_wildcard_only_if_no_end_suffices(pattern: str, matcher: object) -> None:
    assert bucket_matchers(stack_of(map_of([], patterns=[pattern]))) == [matcher]


@pytest.mark.parametrize(
    ("buckets", "patterns", "matchers"),
    [
        (["acme-www", "other"], ["acme-*"], ["other", {"prefix": "acme-"}]),
        (["acme-x-www"], ["acme-*-www"], [{"wildcard": "acme-*-www"}]),
        ([], ["acme-*", "acme-docs-*", "acme-{site}", "acme-*-eu"], [{"prefix": "acme-"}]),
        ([], ["*-eu", "*-docs-eu", "acme-*-eu"], [{"suffix": "-eu"}]),
        (["acme-www"], ["*", "acme-*", "*-a-*"], [{"exists": True}]),
    ],
)
def test_patterns_omit_what_another_pattern_covers(buckets: list[str], patterns: list[str], matchers: Any) -> None:
    rendered = bucket_matchers(stack_of(map_of(buckets, patterns=patterns)))
    assert sorted(rendered, key=str) == sorted(matchers, key=str)


BUCKETS = st.text("ab-", min_size=3, max_size=7)
PATTERNS = st.lists(st.text("ab-", min_size=1, max_size=3), min_size=2, max_size=4).flatmap(
    lambda literals: st.tuples(st.booleans(), st.booleans()).map(
        lambda ends: ("*" if ends[0] else "") + "*".join(literals) + ("*" if ends[1] else "")
    )
)


@given(st.sets(BUCKETS, max_size=4), st.lists(PATTERNS, max_size=4, unique=True), BUCKETS)
def test_rules_deliver_exactly_the_maps_buckets(names: set[str], patterns: list[str], bucket: str) -> None:
    is_mapped = bucket in names or any(Pattern(pattern, full_match=True).match(bucket) for pattern in patterns)
    assert bool(deliveries(stack_of(map_of(names, patterns=patterns)), event(bucket))) == is_mapped


@BOTH
def test_rules_send_failures_to_a_queue_that_admits_them(render: Render) -> None:
    template = render(map_of(["acme-www"]))
    (rule,) = of_type(template, RULE).values()
    (target,) = rule["Properties"]["Targets"]
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185}
    assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}}
    assert of_type(template, "AWS::SQS::QueuePolicy").keys() <= set(rule["DependsOn"])


@pytest.mark.parametrize(
    ("render", "stack_name"),
    [(stack_of, "purgemap"), (member_of, f"StackSet-purgemap-member-of-the-central-bus-{GUID}")],
)
def test_rule_names_are_short_and_admitted_by_the_queues(render: Render, stack_name: str) -> None:
    template = render(map_of(names(200)))
    stack = {"AWS::StackName": stack_name, "Stack": GUID}
    for policy in of_type(template, "AWS::SQS::QueuePolicy").values():
        (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
        arn = _resolve(statement["Condition"]["ArnLike"]["aws:SourceArn"], stack)
        for rule in of_type(template, RULE).values():
            name = _resolve(rule["Properties"]["Name"], stack)
            assert len(name) <= 64
            assert fnmatchcase(f"rule/{name}", arn.rpartition(":")[2])


def _resolve(sub: dict[str, Any], values: dict[str, str]) -> str:
    match sub:
        case {"Fn::Sub": [text, {"Stack": {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}}]}:
            return str(text).replace("${Stack}", values["Stack"])
        case {"Fn::Sub": text}:
            return str(text).replace("${AWS::StackName}", values["AWS::StackName"])
    raise AssertionError(sub)


def test_rules_wait_for_the_function_with_the_new_map() -> None:
    (rule,) = of_type(stack_of(map_of(["acme-www"])), RULE).values()
    assert "Function" in rule["DependsOn"], "with its old map it would ignore the new bucket's events"


def test_member_rules_forward_to_another_accounts_bus() -> None:
    (rule,) = of_type(member_of(map_of(["acme-www"])), RULE).values()
    (target,) = rule["Properties"]["Targets"]
    assert target["Arn"] == {"Ref": "CentralBusArn"}
    assert target["RoleArn"] == {"Fn::GetAtt": ["ForwardingRole", "Arn"]}
    assert rule["Condition"] == "Forwards"
    own_bus = {"Fn::Sub": "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/default"}
    is_own = {"Fn::Equals": [{"Ref": "CentralBusArn"}, own_bus]}
    assert {"Fn::Not": [is_own]} in load_template("member.yaml")["Conditions"]["Forwards"]["Fn::And"]


@BOTH
@pytest.mark.parametrize("count", range(195, 206))
def test_rules_change_only_by_new_ids_for_a_new_bucket(render: Render, count: int) -> None:
    before = of_type(render(map_of(names(count))), RULE)
    after = of_type(render(map_of(names(count + 1))), RULE)
    assert all(before[name] == after[name] for name in before.keys() & after.keys()), "no rule changes in place"
    assert len(before.keys() - after.keys()) <= 1
    assert 1 <= len(after.keys() - before.keys()) <= 2, "its own rule, or the two halves of a full one"


def test_rules_are_named_by_what_they_match() -> None:
    rules = of_type(stack_of(map_of(["acme-www"])), RULE)
    same = of_type(stack_of(map_of(["acme-www"], patterns=["x-*"], roles=1)), RULE)
    assert rules.items() <= same.items()


def test_stable_groups_split_as_their_docstring_shows() -> None:
    def fits(group: Any) -> bool:
        return len(group) <= 2

    sites = ["blog", "docs", "shop", "www"]
    assert stable_groups(sites, fits) == {"0": ("blog", "shop"), "1": ("docs", "www")}
    after = {"00": ("news", "shop"), "01": ("blog",), "1": ("docs", "www")}
    assert stable_groups([*sites, "news"], fits) == after


@given(st.sets(st.text("abc", min_size=1, max_size=8), max_size=60), st.text("abc", min_size=1, max_size=8))
def test_stable_groups_change_one_group_for_a_new_text(texts: set[str], new: str) -> None:
    def fits(group: Any) -> bool:
        return len(group) <= 5

    before = stable_groups(texts - {new}, fits)
    after = stable_groups(texts | {new}, fits)
    assert len(set(before.values()) - set(after.values())) <= 1
    assert sorted(text for group in after.values() for text in group) == sorted(texts | {new})
    assert all(fits(group) for group in after.values())


def test_patterns_stay_within_eventbridges_length() -> None:
    longest = [f"{number:04}" + "x" * 59 for number in range(1000)]
    template = stack_of(map_of(longest, patterns=[f"{name}-*" for name in longest[:100]], roles=1))
    assert max(len(json.dumps(pattern)) for pattern in patterns_of(template)) <= 2048
