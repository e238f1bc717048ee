"""The map's buckets become event rules: none is missed, no other is named, and an edit disturbs no rule that stays."""

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
    """Count the rules that match, by moto's reading of patterns."""
    return sum(EventPattern(None, pattern).matches_event(event) for pattern in patterns_of(template))


@BOTH
def test_a_bucket_of_the_map_is_delivered_once_and_no_other_is(render: Render) -> None:
    template = render(map_of(["acme-www", "acme-docs"], patterns=["shop-*"]))
    assert [deliveries(template, event(bucket)) for bucket in ("acme-www", "acme-docs", "shop-eu")] == [1, 1, 1]
    assert [deliveries(template, event(bucket)) for bucket in ("acme-www2", "acme", "my-shop-eu")] == [0, 0, 0]


@BOTH
def test_rule_takes_events_of_the_maps_accounts_only(render: Render) -> None:
    template = render(map_of(["acme-www"], patterns=["site-*", "shop-*"], accounts={"site-*": [OWNER]}))
    assert [deliveries(template, event("site-a", account=account)) for account in (OWNER, OTHER)] == [1, 0]
    for bucket in ("acme-www", "shop-eu"):
        assert [deliveries(template, event(bucket, account=account)) for account in (OWNER, OTHER)] == [1, 1]


@BOTH
def test_bucket_of_any_account_is_not_left_to_a_pattern_with_accounts(render: Render) -> None:
    template = render(map_of(["site-www"], patterns=["site-*"], accounts={"site-*": [OWNER]}))
    assert deliveries(template, event("site-www", account=OTHER)) == 1


def test_accounts_count_if_all_routes_of_a_bucket_name_them(map_from_yaml: LoadMap) -> None:
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


def test_only_changes_of_objects_are_delivered() -> None:
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
def test_a_pattern_costs_a_wildcard_only_if_an_end_does_not_tell_it(pattern: str, matcher: object) -> None:
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
def test_what_a_pattern_covers_is_not_named_again(buckets: list[str], patterns: list[str], matchers: Any) -> None:
    found = bucket_matchers(stack_of(map_of(buckets, patterns=patterns)))
    assert sorted(found, key=str) == sorted(matchers, key=str)


BUCKETS = st.text("ab-", min_size=3, max_size=7)
PATTERNS = st.lists(st.text("ab-", min_size=1, max_size=3), min_size=2, max_size=4).flatmap(
    lambda literals: st.tuples(st.booleans(), st.booleans()).map(
        lambda ends: ("*" if ends[0] else "") + "*".join(literals) + ("*" if ends[1] else "")
    )
)


@given(st.sets(BUCKETS, max_size=4), st.lists(PATTERNS, max_size=4, unique=True), BUCKETS)
def test_a_bucket_is_delivered_if_and_only_if_the_map_has_it(names: set[str], patterns: list[str], bucket: str) -> None:
    is_mapped = bucket in names or any(Pattern(pattern, full_match=True).match(bucket) for pattern in patterns)
    assert bool(deliveries(stack_of(map_of(names, patterns=patterns)), event(bucket))) == is_mapped


@BOTH
def test_a_rule_keeps_what_it_cannot_deliver_and_waits_for_the_right_to(render: Render) -> None:
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
def test_the_queues_let_in_each_rule_of_their_stack_and_its_name_is_one_that_eventbridge_takes(
    render: Render, stack_name: str
) -> None:
    template = render(map_of(names(200)))
    stack = {"AWS::StackName": stack_name, "Stack": GUID}
    for policy in of_type(template, "AWS::SQS::QueuePolicy").values():
        (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
        arn = _put_in(statement["Condition"]["ArnLike"]["aws:SourceArn"], stack)
        for rule in of_type(template, RULE).values():
            name = _put_in(rule["Properties"]["Name"], stack)
            assert len(name) <= 64
            assert fnmatchcase(f"rule/{name}", arn.rpartition(":")[2])


def _put_in(sub: dict[str, Any], values: dict[str, str]) -> str:
    match sub:
        case {"Fn::Sub": [text, {"Stack": {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}}]}:
            return str(text).replace("${Stack}", values["Stack"])
        case {"Fn::Sub": text}:
            return str(text).replace("${AWS::StackName}", values["AWS::StackName"])
    raise AssertionError(sub)


def test_a_rule_of_a_new_bucket_waits_for_the_function_that_knows_it() -> None:
    (rule,) = of_type(stack_of(map_of(["acme-www"])), RULE).values()
    assert "Function" in rule["DependsOn"], "with its old map it would pass over what changes meanwhile"


def test_a_member_forwards_to_the_central_bus_and_not_to_itself() -> None:
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
def test_adding_a_bucket_to_a_map_of_200_changes_only_new_logical_ids(render: Render, count: int) -> None:
    before = of_type(render(map_of(names(count))), RULE)
    after = of_type(render(map_of(names(count + 1))), RULE)
    assert all(before[name] == after[name] for name in before.keys() & after.keys()), "no rule changes in place"
    assert len(before.keys() - after.keys()) <= 1
    assert 1 <= len(after.keys() - before.keys()) <= 2, "its own rule, or the two halves of one that was full"


def test_a_rule_is_called_by_what_it_matches() -> None:
    rules = of_type(stack_of(map_of(["acme-www"])), RULE)
    same = of_type(stack_of(map_of(["acme-www"], patterns=["x-*"], roles=1)), RULE)
    assert rules.items() <= same.items()


@given(st.sets(st.text("abc", min_size=1, max_size=8), max_size=60), st.text("abc", min_size=1, max_size=8))
def test_one_text_more_concerns_one_group(texts: set[str], more: str) -> None:
    def fits(group: Any) -> bool:
        return len(group) <= 5

    before = stable_groups(texts - {more}, fits)
    after = stable_groups(texts | {more}, fits)
    gone = set(before.values()) - set(after.values())
    assert len(gone) <= 1
    assert sorted(text for group in after.values() for text in group) == sorted(texts | {more})
    assert all(fits(group) for group in after.values())


def test_no_pattern_is_longer_than_eventbridge_takes_however_it_is_written() -> None:
    longest = [f"{number:04}" + "x" * 59 for number in range(1000)]
    template = stack_of(map_of(longest, patterns=[f"{name}-*" for name in longest[:100]], roles=1))
    assert max(len(json.dumps(pattern)) for pattern in patterns_of(template)) <= 2048
