"""The templates to deploy: deploy/template.yaml or deploy/member.yaml, completed with what depends on the map."""

from typing import Any

from purgemap.deployment.template.aws_limits import check_template
from purgemap.deployment.template.content_ledger import add_ledger
from purgemap.deployment.template.event_rules import name_from_stack_id, render_rules
from purgemap.deployment.template.iam_member_roles import render_roles
from purgemap.deployment.template.iam_policies import document_size, list_permissions, render_policies
from purgemap.deployment.template.yaml_template import dump_template, load_template
from purgemap.routemap import RouteMap

HEADER = "# Written by `purgemap render`. Don't edit it: edit the map or deploy/, and render again.\n"

# EventBridge's defaults, and its maximum:
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
_RETRIES = {"MaximumEventAgeInSeconds": 24 * 3600, "MaximumRetryAttempts": 185}


def render_stack(routes: RouteMap) -> str:
    """Render the template of the service for a map; raises RenderError if it exceeds a limit of AWS."""
    template = load_main_template(routes)
    role = template["Resources"]["Role"]["Properties"]
    used_characters = sum(document_size(policy["PolicyDocument"]) for policy in role["Policies"])
    policies = render_policies(list_permissions(routes), "Role", used_characters=used_characters)
    rules = render_rules(
        routes,
        target={"Id": "queue", "Arn": {"Fn::GetAtt": ["Queue", "Arn"]}, **_delivery()},
        # The function first: with its old map it would ignore the events of a new bucket.
        DependsOn=["QueuePolicy", "DeadLetterQueuePolicy", "Function"],
    )
    return _format(template, Resources=policies | rules)


def load_main_template(routes: RouteMap) -> dict[str, Any]:
    """Load the main template, for a map that skips unchanged uploads with its ledger; copy it before you change it."""
    template = load_template("template.yaml")
    return add_ledger(template) if routes.skips_unchanged else template


def list_rules(routes: RouteMap, stack_name: str, queue_arn: str, dead_letter_arn: str) -> dict[str, dict[str, Any]]:
    """List the rules that a stack has for a map by their names: pattern, description and targets, as EventBridge's."""
    delivery = {"RetryPolicy": _RETRIES, "DeadLetterConfig": {"Arn": dead_letter_arn}}
    rules = render_rules(
        routes,
        target={"Id": "queue", "Arn": queue_arn, **delivery},
        namer=lambda digest: {"Name": f"{stack_name}-{digest}"},
    )
    properties = (rule["Properties"] for rule in rules.values())
    return {str(each["Name"]["Name"]): each for each in properties}


def render_member(routes: RouteMap) -> str:
    """Render the template for a map's other accounts and regions; raises RenderError if it exceeds a limit of AWS."""
    conditions, roles = render_roles(routes)
    rules = render_rules(
        routes,
        target={
            "Id": "central-bus",
            "Arn": {"Ref": "CentralBusArn"},
            "RoleArn": {"Fn::GetAtt": ["ForwardingRole", "Arn"]},
            **_delivery(),
        },
        namer=name_from_stack_id,
        Condition="Forwards",
        DependsOn=["DeadLetterQueuePolicy"],
    )
    return _format(load_template("member.yaml"), Conditions=conditions, Resources=roles | rules)


def _delivery() -> dict[str, Any]:
    return {"RetryPolicy": _RETRIES, "DeadLetterConfig": {"Arn": {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}}}


def _format(template: dict[str, Any], **additions: dict[str, Any]) -> str:
    """Format a template with additions to its sections."""
    completed = template | {section: template[section] | added for section, added in additions.items()}
    text = HEADER + dump_template(completed)
    check_template(list(completed["Resources"]), len(text.encode()))
    return text
