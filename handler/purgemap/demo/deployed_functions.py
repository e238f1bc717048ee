"""Run the functions that `purgemap deploy` deploys into the embedded AWS, as Lambda's event source mappings do.

moto stores functions and mappings, and runs them in Docker only.
"""

import contextlib
import math
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError
from moto.core.models import DEFAULT_ACCOUNT_ID

from purgemap.demo.function_process import FunctionCode, FunctionProcess
from purgemap.demo.local_aws import LocalAws
from purgemap.demo.server import REGION
from purgemap.demo.sqs_poller import EventSource

_MAX_JOIN_SECONDS = 5.0  # an invocation may take a minute; its process ends with this one
_PAUSE_SECONDS = 1.0  # before the next attempt with a queue that does not answer


@contextlib.contextmanager
def run_deployed_functions(aws: LocalAws) -> Iterator["DeployedFunctions"]:
    """Run the functions of the mappings that `follow` finds, until the block ends."""
    functions = DeployedFunctions(aws)
    try:
        yield functions
    finally:
        functions.stop()


@dataclass(slots=True)
class DeployedFunctions:
    """The enabled event source mappings of the account, each polled in a thread of its own."""

    aws: LocalAws
    _stopping: threading.Event = field(default_factory=threading.Event)
    _threads: dict[str, threading.Thread] = field(default_factory=dict)  # by the id of the mapping

    def follow(self) -> bool:
        """Poll for each mapping that is new, and return whether there is any mapping."""
        mappings = _enabled_mappings()
        for id_ in mappings.keys() - self._threads.keys():
            self._threads[id_] = threading.Thread(target=self._poll, args=(id_,), name=f"mapping {id_}", daemon=True)
            self._threads[id_].start()
        for id_ in self._threads.keys() - mappings.keys():
            self._threads.pop(id_).join(_MAX_JOIN_SECONDS)
        return bool(mappings)

    def stop(self) -> None:
        """End all threads and processes."""
        self._stopping.set()
        for thread in self._threads.values():
            thread.join(_MAX_JOIN_SECONDS)

    def _poll(self, id_: str) -> None:
        with contextlib.closing(_NewestFunction(self.aws)) as function:
            source: EventSource | None = None
            while mapping := self._mapping(id_):
                # The queue may be deleted before its mapping.
                try:
                    source = source or self._source(mapping, function)
                    function.name = mapping.function_arn.rpartition(":")[2]
                    source.batch_size, source.window_seconds = mapping.batch_size, mapping.max_batch_window or 0
                    source.poll()
                except ClientError:
                    self._stopping.wait(_PAUSE_SECONDS)

    def _mapping(self, id_: str) -> Any:
        """Return a mapping that still exists, None after the end of the block."""
        return None if self._stopping.is_set() else _enabled_mappings().get(id_)

    def _source(self, mapping: Any, function: "_NewestFunction") -> EventSource:
        sqs = self.aws.client("sqs")
        url = sqs.get_queue_url(QueueName=mapping.event_source_arn.rpartition(":")[2])["QueueUrl"]
        source = EventSource(sqs, url, mapping.event_source_arn, function.invoke)
        # The clock jumps to the end of the batching window, so that neither Ctrl-C nor `destroy` waits for it.
        source.now = lambda: time.monotonic() if self._mapping(mapping.uuid) else math.inf
        return source


class _NewestFunction:
    """A function whose process is replaced when a deployment changed its code or variables."""

    def __init__(self, aws: LocalAws) -> None:
        self.name = ""
        self._aws = aws
        self._process: FunctionProcess | None = None

    def invoke(self, event: Any, _context: object) -> Any:
        """Invoke the code that is deployed now."""
        code = _read_code(self.name)
        if self._process is None or self._process.code != code or not self._process.is_running():
            self.close()
            self._process = FunctionProcess(code, self._aws.environment)
        return self._process.invoke(event)

    def close(self) -> None:
        """End the function's process."""
        if self._process:
            self._process.close()
            self._process = None


def _backend() -> Any:
    """Return moto's Lambda of the account, None before the first deployment.

    Importing it takes a second, so a demo without a deployment does not.
    """
    # While a request imports the module in another thread, it has no attributes yet.
    backends = getattr(sys.modules.get("moto.awslambda.models"), "lambda_backends", None)
    return backends and backends[DEFAULT_ACCOUNT_ID][REGION]


def _enabled_mappings() -> Mapping[str, Any]:
    backend = _backend()
    mappings = backend.list_event_source_mappings(None, None) if backend else []
    return {mapping.uuid: mapping for mapping in mappings if mapping.enabled}


def _read_code(name: str) -> FunctionCode:
    function = _backend().get_function(name)
    return FunctionCode(
        name=function.function_name,
        sha256=function.code_sha_256,
        handler=function.handler,
        timeout_seconds=float(function.timeout),
        variables=tuple(sorted(function.environment_vars.items())),
        archive=function.code_bytes,
    )
