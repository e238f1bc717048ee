"""Items of one distribution, with their scopes → the cheapest invalidations that cover them all."""

from purgemap.planning.cover import is_wildcard
from purgemap.planning.listing import Listing, collateral
from purgemap.planning.planner import Plan, deal, plan
from purgemap.planning.rungs import RUNGS, tightened
from purgemap.planning.whole_scopes import whole_scopes

__all__ = ["RUNGS", "Listing", "Plan", "collateral", "deal", "is_wildcard", "plan", "tightened", "whole_scopes"]
