"""Run a function from its unpacked zip: reads events from stdin, and writes responses to stdout, as lines of JSON.

This file is the script of a process of its own. Its path has the standard library and the zip and nothing else, as in
Lambda, so it may import nothing of this package: `purgemap` is the one in the zip.
"""

import importlib
import json
import os
import sys
import time
import traceback
import uuid
from collections.abc import Callable
from typing import Any


class FunctionContext:
    """The members of Lambda's context object that the handler reads."""

    def __init__(self, seconds: float) -> None:
        self.aws_request_id = str(uuid.uuid4())
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self._deadline = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until the invocation is ended."""
        return max(0, int((self._deadline - time.monotonic()) * 1000))


def main(task_root: str, handler_name: str) -> None:
    """Answer every event that stdin brings, until it ends."""
    # The function logs to stdout, so responses get a descriptor that it does not know, and its log goes to stderr.
    responses = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.path.insert(0, task_root)
    module, _, name = handler_name.rpartition(".")
    handler = getattr(importlib.import_module(module), name)
    for line in sys.stdin:
        responses.write(json.dumps(_answer(handler, json.loads(line))) + "\n")
        responses.flush()


def _answer(handler: Callable[[Any, Any], Any], request: dict[str, Any]) -> dict[str, Any]:
    try:
        # A response without a form in JSON is an error of the function, in Lambda, too.
        return {"response": json.loads(json.dumps(handler(request["event"], FunctionContext(request["seconds"]))))}
    except Exception:  # noqa: BLE001  any error that a function raises fails its batch
        return {"error": traceback.format_exc()}


if __name__ == "__main__":
    main(*sys.argv[1:])
