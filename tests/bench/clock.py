"""Work → the CPU seconds that it takes: what else the machine does is not counted."""

import time
from collections.abc import Callable

Work = Callable[[], object]


def cpu_seconds(work: Work) -> float:
    """Do the work once; nothing but the standard library is needed, so that any Python can."""
    started = time.process_time()
    work()
    return time.process_time() - started
