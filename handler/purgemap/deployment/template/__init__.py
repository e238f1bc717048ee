"""The CloudFormation that runs a map: the templates of `deploy/`, completed with event rules and permissions."""

from purgemap.deployment.template.aws_limits import RenderError
from purgemap.deployment.template.content_ledger import LEDGER_OUTPUT
from purgemap.deployment.template.event_rules import render_rules
from purgemap.deployment.template.iam_member_roles import list_role_permissions
from purgemap.deployment.template.iam_policies import list_permissions
from purgemap.deployment.template.render import list_rules, load_main_template, render_member, render_stack
from purgemap.deployment.template.yaml_template import load_template

__all__ = [
    "LEDGER_OUTPUT",
    "RenderError",
    "list_permissions",
    "list_role_permissions",
    "list_rules",
    "load_main_template",
    "load_template",
    "render_member",
    "render_rules",
    "render_stack",
]
