"""A deployment: planned, confirmed, executed; and the invalidations that a changed map needs."""

from purgemap.deployment.rollout.deploy import (
    DeploymentOptions,
    DeploymentPlan,
    discard_deployment,
    execute_deployment,
    plan_deployment,
    send_refresh,
)
from purgemap.deployment.rollout.refresh import MANUAL_HINT

__all__ = [
    "MANUAL_HINT",
    "DeploymentOptions",
    "DeploymentPlan",
    "discard_deployment",
    "execute_deployment",
    "plan_deployment",
    "send_refresh",
]
