"""Let the embedded STS return roles whose sessions end when a test requires it."""

import datetime as dt
from collections.abc import Callable
from typing import Any
from unittest import mock

from moto.core.utils import utcnow
from moto.sts.models import AssumedRole, STSBackend

Assume = Callable[..., AssumedRole]


def assuming(change: Callable[[AssumedRole], object]) -> Any:
    """Let STS return changed roles; the mock records its calls."""
    assume: Assume = STSBackend.assume_role

    def changed(backend: STSBackend, **arguments: Any) -> AssumedRole:
        role = assume(backend, **arguments)
        change(role)
        return role

    return mock.patch.object(STSBackend, "assume_role", autospec=True, side_effect=changed)


def expiring(minutes: float) -> Any:
    def expire(role: AssumedRole) -> None:
        role.expiration = utcnow() + dt.timedelta(minutes=minutes)

    return assuming(expire)
