"""The CPU seconds of some work, without those of other processes."""

import time
from collections.abc import Callable

Work = Callable[[], object]


def cpu_seconds(work: Work) -> float:
    """Measure one run of the work; only the standard library is used, so that any Python can run it."""
    started = time.process_time()
    work()
    return time.process_time() - started
