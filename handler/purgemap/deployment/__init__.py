"""From a map to a running stack: function package, template, stack, map diff, rollout."""
