"""How far one event travels: the package's calls, and how often they change the module, in a warm function."""

import json
import logging
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import purgemap
from conftest import LoadMap
from purgemap.batch_log import logger
from purgemap.lambda_function import serve
from purgemap.pipeline import Service
from purgemap.routing import Router
from support.doubles.memory import MemoryCloudFront, MemoryQueue
from support.payloads import s3_event, sqs_batch

PACKAGE = str(Path(purgemap.__file__).parent)
MAX_CALLS, MAX_MODULE_CHANGES = 100, 45

MAP = "{version: 1, routes: [{bucket: site, distributions: [E1EXAMPLE1ABCD]}]}"


@pytest.fixture
def silent_log() -> Iterator[None]:
    handler, logger.propagate = logging.NullHandler(), False
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield
    logger.removeHandler(handler)
    logger.propagate = True


def trace(work: Any) -> list[str]:
    """List the module of each call of a function of the package; comprehensions are no calls since Python 3.12."""
    modules = []

    def record(frame: FrameType, event: str, _argument: Any) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(PACKAGE) and not code.co_name.startswith("<"):
            modules.append(code.co_filename)

    sys.setprofile(record)
    try:
        work()
    finally:
        sys.setprofile(None)
    return modules


@pytest.mark.usefixtures("silent_log")
def test_compact_event_takes_few_calls_and_module_changes(map_from_yaml: LoadMap) -> None:
    route_map, queue = map_from_yaml(MAP), MemoryQueue()
    handler = serve(Service(route_map, Router(route_map), MemoryCloudFront(), queue, queue), calls_per_second=0.5)
    payloads = [sqs_batch([json.dumps(s3_event("site", f"page{n}.html"), separators=(",", ":"))]) for n in range(3)]
    for payload in payloads[:-1]:
        handler(payload, None)
    modules = trace(lambda: handler(payloads[-1], None))
    changes = sum(module != following for module, following in pairwise(modules))
    assert (len(modules) <= MAX_CALLS, changes <= MAX_MODULE_CHANGES) == (True, True), (len(modules), changes)
