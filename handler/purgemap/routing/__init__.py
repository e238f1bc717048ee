"""Object changes and the map → targets."""

from purgemap.routing.router import Router
from purgemap.routing.targets import RoutedChanges, Skip, Target, substitute_captures

__all__ = ["RoutedChanges", "Router", "Skip", "Target", "substitute_captures"]
