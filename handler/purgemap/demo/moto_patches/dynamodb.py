"""Make moto's tables thread-safe: no write is lost beside a transaction."""

import threading
from collections.abc import Callable
from typing import Any

from moto.dynamodb.models import DynamoDBBackend

from purgemap.demo.moto_patches.registry import PATCHES, patch

# A transaction calls the other methods.
_LOCK = threading.RLock()


def _one_at_a_time(original: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Run a call while no other one reads or writes.

    moto: a transaction copies its tables first, which fails during another write. If a condition fails, it restores the
    copies, and with them what other calls have written meanwhile.
    """
    with _LOCK:
        return original(*args, **kwargs)


@PATCHES.append
def _serialize_calls() -> None:
    for name in ("transact_write_items", "put_item", "update_item", "delete_item", "get_item", "query"):
        patch(DynamoDBBackend, name, _one_at_a_time)
