"""A deployment: planned, confirmed, executed; and the invalidations that a changed map needs."""

from purgemap.deployment.rollout.refresh import MANUAL_HINT, refresh_jobs, send

__all__ = ["MANUAL_HINT", "refresh_jobs", "send"]
