"""AWS service limits, checked before deployment; each message names the limit and a way to stay below it."""

from collections.abc import Sequence

from purgemap.errors import PurgemapError

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
MAX_RESOURCES = 500
MAX_TEMPLATE_BYTES = 1_000_000
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
MAX_PATTERN_CHARACTERS = 2048
MAX_RULES = 300
MAX_WILDCARD_RULES = 30
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html, all without white space.
MAX_INLINE_CHARACTERS = 10_240
MAX_MANAGED_CHARACTERS = 6_144
MAX_MANAGED_POLICIES = 20  # the highest quota; an account that has 10 can request it
MAX_TRUST_CHARACTERS = 2048


class RenderError(PurgemapError):
    """A map whose stack AWS would refuse; the message names the limit."""


def check_rules(rules: int, wildcard_rules: int) -> None:
    """Check the number of event rules against a bus's limits; raises RenderError."""
    if rules > MAX_RULES:
        raise RenderError(
            f"the map's buckets need {rules} event rules, and an event bus takes {MAX_RULES}: "
            "for buckets that start alike, write one pattern that ends in *, such as acme-*"
        )
    if wildcard_rules > MAX_WILDCARD_RULES:
        raise RenderError(
            f"the map's bucket patterns need {wildcard_rules} event rules with wildcards, and an event bus takes "
            f"{MAX_WILDCARD_RULES}: a pattern needs none if its only * or capture is at its start or end"
        )


def check_policies(policies: int) -> None:
    """Check the number of managed policies against a role's limit; raises RenderError."""
    if policies > MAX_MANAGED_POLICIES:
        raise RenderError(
            f"the permissions on the map's distributions fill {policies} managed policies of "
            f"{MAX_MANAGED_CHARACTERS:,} characters, and a role takes {MAX_MANAGED_POLICIES}: give some of the "
            "distributions a role_arn; `purgemap render --member` creates these roles, in this account, too"
        )


def check_trust(role: str, size: int) -> None:
    """Check the length of a role's trust policy against IAM's limit; raises RenderError."""
    if size > MAX_TRUST_CHARACTERS:
        raise RenderError(
            f"the external ids of {role} fill {size:,} characters of its trust policy, and IAM takes "
            f"{MAX_TRUST_CHARACTERS:,}: use one external_id per role"
        )


def check_template(resources: Sequence[str], size: int) -> None:
    """Check a template's resources and its size in bytes against CloudFormation's limits; raises RenderError."""
    if len(resources) > MAX_RESOURCES:
        raise RenderError(
            f"the stack needs {len(resources)} resources, and CloudFormation takes {MAX_RESOURCES}: "
            "split the map over several stacks"
        )
    if size > MAX_TEMPLATE_BYTES:
        raise RenderError(
            f"the template has {size:,} bytes, and CloudFormation takes {MAX_TEMPLATE_BYTES:,}: "
            "split the map over several stacks, or write bucket patterns that end in *"
        )
