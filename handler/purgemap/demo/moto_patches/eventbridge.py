"""Make moto's EventBridge rules deliver as AWS's do."""

import copy
import logging
from collections.abc import Callable
from typing import Any

from moto.core.exceptions import ServiceException
from moto.events.models import Rule

from purgemap.demo.moto_patches.registry import replaces

_log = logging.getLogger(__name__)


@replaces(Rule, "send_to_targets")
def _send_to_targets(original: Callable[..., None], rule: Rule, event: Any, **options: bool) -> None:
    """Deliver to each target of an enabled rule, even if another target fails.

    moto: a disabled rule delivers, too. The first target that is unknown or missing (a Lambda function, a deleted
    queue) silently ends the delivery to all later targets and rules. PutEvents requires a library that reads JSON paths
    for every target, also for one without an input transformer; and its events have a member that AWS's don't have.
    """
    event = {name: value for name, value in event.items() if name != "ingestion-time"}
    if rule.state == "DISABLED":
        return
    for target in list(rule.targets):
        target_rule = copy.copy(rule)
        target_rule.targets = [target]
        try:
            if "InputTransformer" in target:
                original(target_rule, event, **options)
            else:
                original(target_rule, event, transform_input=False)
        except (NotImplementedError, ServiceException) as error:
            _log.warning("rule %s: no delivery to %s: %s", rule.name, target["Arn"], error)
