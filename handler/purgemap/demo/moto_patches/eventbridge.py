"""moto's EventBridge rules → rules that deliver as AWS's do."""

import copy
import logging
from collections.abc import Callable
from typing import Any

from moto.core.exceptions import ServiceException
from moto.events.models import Rule

from purgemap.demo.moto_patches.patch import patch

_log = logging.getLogger(__name__)


def deliver_each_target_by_itself() -> None:
    """Deliver nothing for a disabled rule, and keep no target from its event because another fails.

    moto: a disabled rule delivers; the first target that it doesn't know or find (a Lambda function, a queue that is
    gone) silently ends the delivery to every target and rule after it.
    """
    patch(Rule, "send_to_targets", _send_to_targets)


PATCHES = (deliver_each_target_by_itself,)


def _send_to_targets(original: Callable[..., None], rule: Rule, event: Any, **how: bool) -> None:
    if rule.state == "DISABLED":
        return
    for target in list(rule.targets):
        alone = copy.copy(rule)
        alone.targets = [target]
        try:
            original(alone, event, **how)
        except (NotImplementedError, ServiceException) as error:
            _log.warning("rule %s: no delivery to %s: %s", rule.name, target["Arn"], error)
