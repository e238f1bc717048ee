"""The map → the templates to deploy: deploy/template.yaml or deploy/member.yaml with what the map decides."""

from typing import Any

from purgemap.deployment.template.aws_limits import check_template
from purgemap.deployment.template.event_rules import name_from_stack_id, render_rules
from purgemap.deployment.template.iam_member_roles import render_roles
from purgemap.deployment.template.iam_policies import document_size, list_permissions, render_policies
from purgemap.deployment.template.yaml_template import dump_template, load_template
from purgemap.routemap import RouteMap

HEADER = (
    "# Written by `purgemap render`. What to change stands in the map and in deploy/: edit that, and render again.\n"
)

# EventBridge's own patience, and its most:
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
_RETRIES = {"MaximumEventAgeInSeconds": 24 * 3600, "MaximumRetryAttempts": 185}


def render_stack(routes: RouteMap) -> str:
    """Write the template of the service for a map; raises RenderError for what AWS would refuse."""
    template = load_template("template.yaml")
    role = template["Resources"]["Role"]["Properties"]
    taken = sum(document_size(policy["PolicyDocument"]) for policy in role["Policies"])
    policies = render_policies(list_permissions(routes), "Role", taken=taken)
    rules = render_rules(
        routes,
        target={"Id": "queue", "Arn": {"Fn::GetAtt": ["Queue", "Arn"]}, **_delivery()},
        # The function first: with its old map it would pass over the events of a new bucket.
        DependsOn=["QueuePolicy", "DeadLetterQueuePolicy", "Function"],
    )
    return _write(template, policies | rules)


def render_member(routes: RouteMap) -> str:
    """Write the template for the other accounts and regions of a map; raises RenderError likewise."""
    template = load_template("member.yaml")
    conditions, roles = render_roles(routes)
    template["Conditions"] |= conditions
    rules = render_rules(
        routes,
        target={
            "Id": "central-bus",
            "Arn": {"Ref": "CentralBusArn"},
            "RoleArn": {"Fn::GetAtt": ["ForwardingRole", "Arn"]},
            **_delivery(),
        },
        name=name_from_stack_id,
        Condition="Forwards",
        DependsOn=["DeadLetterQueuePolicy"],
    )
    return _write(template, roles | rules)


def _delivery() -> dict[str, Any]:
    return {"RetryPolicy": _RETRIES, "DeadLetterConfig": {"Arn": {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}}}


def _write(template: dict[str, Any], additions: dict[str, Any]) -> str:
    template["Resources"] |= additions
    text = HEADER + dump_template(template)
    check_template(list(template["Resources"]), len(text.encode()))
    return text
