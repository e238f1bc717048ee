"""What AWS would refuse is refused here, before anything is deployed, with the limit and a way out."""

from collections.abc import Sequence

from purgemap.errors import PurgemapError

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
RESOURCES = 500
TEMPLATE_BYTES = 1_000_000
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
PATTERN_CHARACTERS = 2048
RULES = 300
WILDCARD_RULES = 30
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html; white space doesn't count.
INLINE_CHARACTERS = 10_240
MANAGED_CHARACTERS = 6_144
MANAGED_POLICIES = 20  # where an account starts with 10, Service Quotas raises it
TRUST_CHARACTERS = 2048


class RenderError(PurgemapError):
    """A map for which AWS would refuse the stack."""


def check_rules(rules: int, wildcard_rules: int) -> None:
    """Refuse more event rules than a bus takes; raises RenderError."""
    if rules > RULES:
        raise RenderError(
            f"the map's buckets need {rules} event rules, and an event bus takes {RULES}: "
            "write bucket patterns that end in *, as acme-*, for buckets that share a start"
        )
    if wildcard_rules > WILDCARD_RULES:
        raise RenderError(
            f"the map's bucket patterns need {wildcard_rules} event rules with wildcards, and an event bus takes "
            f"{WILDCARD_RULES}: patterns with * or a capture only at one end need none"
        )


def check_policies(policies: int) -> None:
    """Refuse more policies than a role takes; raises RenderError."""
    if policies > MANAGED_POLICIES:
        raise RenderError(
            f"the rights on the map's distributions fill {policies} managed policies of {MANAGED_CHARACTERS:,} "
            f"characters, and a role takes {MANAGED_POLICIES}: reach some of the distributions through roles of "
            "their own (role_arn; `purgemap render --member` makes them, for this account, too)"
        )


def check_trust(role: str, size: int) -> None:
    """Refuse a role's trust policy that is longer than IAM takes; raises RenderError."""
    if size > TRUST_CHARACTERS:
        raise RenderError(
            f"the external ids of {role} fill {size:,} characters of its trust policy, and IAM takes "
            f"{TRUST_CHARACTERS:,}: give one external_id for a role"
        )


def check_template(resources: Sequence[str], size: int) -> None:
    """Refuse a template that CloudFormation would not take; raises RenderError."""
    if len(resources) > RESOURCES:
        raise RenderError(
            f"the stack needs {len(resources)} resources, and CloudFormation takes {RESOURCES}: "
            "split the map over several stacks"
        )
    if size > TEMPLATE_BYTES:
        raise RenderError(
            f"the template has {size:,} bytes, and CloudFormation takes {TEMPLATE_BYTES:,}: "
            "split the map over several stacks, or write bucket patterns that end in *"
        )
