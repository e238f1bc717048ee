"""What some work costs, without other processes: its CPU seconds, and marks by which callgrind counts instructions."""

import os
import time
from collections.abc import Callable

Work = Callable[[], object]

MARK = "getppid"
"""The function of libc that marks begin and end of each work; nothing else calls it."""


def cpu_seconds(work: Work) -> float:
    """Measure one run of the work; only the standard library is used, so that any Python can run it."""
    os.getppid()
    started = time.process_time()
    work()
    seconds = time.process_time() - started
    os.getppid()
    return seconds
