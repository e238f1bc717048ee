"""A deployment or a removal: planned, confirmed, executed; and the invalidations that a changed map needs."""

from purgemap.deployment.rollout.deploy import (
    DeploymentOptions,
    DeploymentPlan,
    discard_deployment,
    execute_deployment,
    plan_deployment,
    send_refresh,
)
from purgemap.deployment.rollout.refresh import MANUAL_HINT
from purgemap.deployment.rollout.removal import Removal, execute_removal, list_remnants, plan_removal
from purgemap.deployment.rollout.whole_sites import SiteSelection, WholeSites, whole_site_jobs

__all__ = [
    "MANUAL_HINT",
    "DeploymentOptions",
    "DeploymentPlan",
    "Removal",
    "SiteSelection",
    "WholeSites",
    "discard_deployment",
    "execute_deployment",
    "execute_removal",
    "list_remnants",
    "plan_deployment",
    "plan_removal",
    "send_refresh",
    "whole_site_jobs",
]
