"""Maps of any size render within AWS's limits, or are refused with the limit and a way out."""

import pytest

from conftest import LoadMap
from purgemap.deployment.template.aws_limits import MAX_RESOURCES, MAX_RULES, MAX_TEMPLATE_BYTES, RenderError
from purgemap.deployment.template.render import render_member, render_stack
from support.rendered import RULE, Render, map_of, member_of, names, of_type, stack_of


@pytest.mark.parametrize("sites", [1, 100, 5000])
def test_templates_stay_within_limits_for_many_sites(sites: int) -> None:
    routes = map_of(names(sites), roles=50)
    for text, template in (
        (render_stack(routes), stack_of(routes)),
        (render_member(routes), member_of(routes)),
    ):
        assert len(text.encode()) <= MAX_TEMPLATE_BYTES
        assert len(template["Resources"]) <= MAX_RESOURCES
        assert len(of_type(template, RULE)) <= MAX_RULES


def test_rules_for_5000_sites_of_one_bucket_are_one() -> None:
    assert len(of_type(stack_of(map_of(["acme-sites"], distributions=5000, roles=10)), RULE)) == 1


@pytest.mark.parametrize("render", [stack_of, member_of])
def test_check_rules_refuses_more_than_a_bus_takes(render: Render) -> None:
    buckets = [f"{number:05}" + "x" * 58 for number in range(9000)]
    with pytest.raises(RenderError, match=r"^the map's buckets need \d+ event rules, and an event bus takes 300: "):
        render(map_of(buckets, distributions=0))


def test_check_rules_refuses_too_many_wildcard_rules() -> None:
    patterns = [f"acme-{number:03}-*-www" for number in range(400)]
    with pytest.raises(RenderError, match=r"need \d+ event rules with wildcards, and an event bus takes 30: "):
        stack_of(map_of([], patterns=patterns))


def test_check_rules_accepts_thirty_patterns_with_inner_stars() -> None:
    assert stack_of(map_of([], patterns=[f"acme-{number:03}-*-www" for number in range(30)]))


def test_check_policies_refuses_too_many_and_names_role_arn() -> None:
    with pytest.raises(
        RenderError, match=r"fill \d+ managed policies of 6,144 characters, and a role takes 20: "
    ) as refusal:
        stack_of(map_of(names(5000)))
    assert "role_arn" in str(refusal.value)
    assert stack_of(map_of(names(5000), roles=5)), "with roles it fits"


def test_check_trust_refuses_too_many_external_ids(map_from_yaml: LoadMap) -> None:
    def routes(count: int) -> str:
        role = "role_arn: 'arn:aws:iam::222222222222:role/purgemap'"
        distributions = [f"{{id: E{n:012}X, {role}, external_id: acme-{n:058}}}" for n in range(count)]
        return f"version: 1\nroutes:\n  - {{bucket: acme-www, distributions: [{', '.join(distributions)}]}}\n"

    assert member_of(map_from_yaml(routes(20)))
    with pytest.raises(RenderError, match=r"^the external ids of arn:aws:iam::222222222222:role/purgemap fill 2,"):
        member_of(map_from_yaml(routes(40)))


def test_check_template_refuses_too_many_resources() -> None:
    with pytest.raises(RenderError, match="the stack needs 606 resources, and CloudFormation takes 500: "):
        member_of(map_of(["acme-www"], distributions=300, roles=300))


def test_check_template_refuses_a_template_that_is_too_long() -> None:
    with pytest.raises(RenderError, match=r"the template has [\d,]+ bytes, and CloudFormation takes 1,000,000: "):
        member_of(map_of(["acme-www"], distributions=10_000, roles=10))
