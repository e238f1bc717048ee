"""Virtual time shared by many tasks: one runs at a time, and the first to wake runs next.

Tasks are threads, so that the real code runs unchanged. They hand control to each other, so that a seed always gives
the same order, and no real time passes.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import heappop, heappush
from math import inf
from types import TracebackType
from typing import Self, TypeVar

from support.doubles.clock import Clock

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class KilledError(BaseException):
    """The function's process ends here; no `except Exception` may stop that."""


class Life:
    """The lifetime that an invocation's tasks share; it ends by a kill or at the deadline."""

    def __init__(self, deadline: float = inf) -> None:
        self.deadline = deadline
        self.is_over = False

    def kill(self) -> None:
        self.is_over = True
        raise KilledError


class Task:
    """A thread that waits for its turn; `error` is the exception that ended it."""

    def __init__(self, work: Callable[[], object], life: Life) -> None:
        self.work = work
        self.life = life
        self.turn = threading.Lock()
        self.turn.acquire()
        self.ticket = 0
        self.is_done = False
        self.waiters: list[Task] = []
        self.error: BaseException | None = None


class Timeline:
    """The clock of a run, and its tasks."""

    def __init__(self) -> None:
        self.clock = Clock()
        self._heap: list[tuple[float, int, Task]] = []
        self._count = 0
        self._current = Task(lambda: None, Life())

    def start(self, work: Callable[[], object], life: Life | None = None) -> Task:
        """Begin a task now, after what is due already; its life is its starter's unless one is named."""
        task = Task(work, life or self._current.life)
        threading.Thread(target=self._run, args=(task,), daemon=True).start()
        self._schedule(task, self.clock.now)
        return task

    def sleep(self, seconds: float) -> None:
        """Let others run for a while; raises KilledError if the task's life ends meanwhile."""
        task = self._current
        self._schedule(task, min(self.clock.now + seconds, max(task.life.deadline, self.clock.now)))
        self._switch(task)

    def wake(self, task: Task) -> None:
        """Wake a sleeper now."""
        self._schedule(task, self.clock.now)

    @property
    def current(self) -> Task:
        """The task that runs."""
        return self._current

    def join(self, tasks: Sequence[Task]) -> None:
        """Wait until tasks are done; raises what ended one of them."""
        for task in tasks:
            self.wait_for(task)
        for task in tasks:
            if task.error:
                raise task.error

    def wait_for(self, task: Task) -> None:
        """Wait until a task is done, however it ended."""
        if not task.is_done:
            task.waiters.append(self._current)
            self._switch(self._current)

    def _schedule(self, task: Task, at: float) -> None:
        self._count += 1
        task.ticket = self._count  # an earlier one in the heap is void
        heappush(self._heap, (at, self._count, task))

    def _switch(self, task: Task) -> None:
        self._hand_over()
        task.turn.acquire()
        if self.clock.now >= task.life.deadline:
            task.life.is_over = True
        if task.life.is_over:
            raise KilledError

    def _hand_over(self) -> None:
        at, ticket, following = heappop(self._heap)
        while ticket != following.ticket:
            at, ticket, following = heappop(self._heap)
        self.clock.now = max(self.clock.now, at)
        self._current = following
        following.turn.release()

    def _run(self, task: Task) -> None:
        task.turn.acquire()
        try:
            task.work()
        except BaseException as error:  # noqa: BLE001  it is raised again where the task is waited for
            task.error = error
        task.is_done = True
        for waiter in task.waiters:
            self._schedule(waiter, self.clock.now)
        self._hand_over()


class Pool:
    """A replacement of `delivery`'s ThreadPoolExecutor that runs accounts concurrently in virtual time."""

    timeline: Timeline

    def __init__(self, max_workers: int) -> None:
        self.max_workers = max_workers

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is left to shut down."""

    def map(self, work: Callable[[_Item], _Result], items: Iterable[_Item]) -> Iterator[_Result]:
        """Do the work for every thing at once; raises what one of them raises."""
        results: dict[int, _Result] = {}

        def do(place: int, item: _Item) -> None:
            results[place] = work(item)

        tasks = [
            self.timeline.start(lambda place=place, item=item: do(place, item))  # type: ignore[misc]
            for place, item in enumerate(items)
        ]
        self.timeline.join(tasks)
        return iter([results[place] for place in range(len(tasks))])
