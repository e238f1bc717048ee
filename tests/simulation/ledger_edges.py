"""The edges of the ledger in memory: each call takes virtual time, fails in part, and may kill the process.

Other functions run while a call waits, so they come between any two of them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from purgemap.ledger import Mark, MarkResult, NewRecord, ObjectHead, ObjectId, Record, Tracking
from purgemap.routemap.compiled import Distribution
from simulation.faults import Faults
from simulation.objects import Objects
from simulation.timeline import Timeline
from support.doubles.ledger import MemoryLedgerTable

SECONDS_PER_CALL = 0.02
_SECONDS_OF_SLOW_CALLS = (1.0, 3.0, 6.0)

# Real calls hold 100 objects. Fewer let functions meet more often.
_OBJECTS_PER_CALL = 40

_NEVER = float("inf")

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def _batches(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    return (items[start : start + _OBJECTS_PER_CALL] for start in range(0, len(items), _OBJECTS_PER_CALL))


class LedgerTables:
    """The table of the deployed stack, which goes with the option and comes back empty."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self.current = MemoryLedgerTable(timeline.clock)

    def delete(self) -> None:
        """Delete the table: functions that still run find none."""
        self.current = MemoryLedgerTable(self._timeline.clock)


class _Calls:
    """Calls that take time, and end at a deadline."""

    def __init__(self, timeline: Timeline, faults: Faults) -> None:
        self._timeline = timeline
        self._faults = faults

    def _call(self, deadline: float) -> bool:
        """Spend the time of a call; returns whether it still began in time."""
        self._faults.kill_perhaps()
        if self._timeline.clock() >= deadline:
            return False
        slow = self._faults.occurs(self._faults.plan.ledger_slow)
        seconds = _SECONDS_OF_SLOW_CALLS[self._faults.draw(3)] if slow else SECONDS_PER_CALL
        self._timeline.sleep(min(seconds, deadline - self._timeline.clock()))
        return True

    def _answered(self) -> None:
        """Spend the time of the answer."""
        self._timeline.sleep(SECONDS_PER_CALL)
        self._faults.kill_perhaps()

    def _fails(self) -> bool:
        return self._faults.occurs(self._faults.plan.ledger_errors)


class SimulatedLedgerTable(_Calls):
    """`ledger.LedgerTable` over the table that was there when the function started."""

    def __init__(self, tables: LedgerTables, timeline: Timeline, faults: Faults) -> None:
        super().__init__(timeline, faults)
        self._tables = tables
        self._table = tables.current

    def read(self, ids: Sequence[ObjectId], deadline: float) -> dict[ObjectId, Record]:
        records: dict[ObjectId, Record] = {}
        for some in _batches(ids):
            if self._call(deadline) and self._is_there() and not self._fails():
                records |= self._table.read([id_ for id_ in some if not self._fails()], deadline=_NEVER)
            self._answered()
        return records

    def mark(self, marks: Sequence[Mark], deadline: float) -> list[MarkResult]:
        results: list[MarkResult] = []
        for some in _batches(marks):
            self._timeline.sleep(min(self._faults.plan.mark_seconds, max(0.0, deadline - self._timeline.clock())))
            results += self._write(some, self._table.mark, deadline) or [MarkResult.FAILED] * len(some)
        return results

    def record(self, records: Sequence[NewRecord], deadline: float) -> int:
        return sum(
            len(some) if (count := self._write(some, self._table.record, deadline)) is None else count
            for some in _batches(records)
        )

    def read_tracking(self, deadline: float) -> Tracking | None:
        is_read = self._call(deadline) and self._is_there() and not self._fails()
        tracking = self._table.tracking if is_read else None
        self._answered()
        return tracking

    def write_tracking(self, since: Mapping[str, float], version: str, deadline: float) -> bool:
        is_written = self._call(deadline) and self._is_there() and not self._fails()
        is_written = is_written and self._table.write_tracking(since, version, _NEVER)
        self._answered()
        return is_written and not self._fails()

    def list_keys(self, bucket: str, prefix: str, deadline: float, limit: int) -> list[str] | None:
        is_read = self._call(deadline) and self._is_there() and not self._fails()
        keys = self._table.list_keys(bucket, prefix, _NEVER, limit) if is_read else None
        self._answered()
        return keys

    def _write(
        self, items: Sequence[_Item], write: Callable[[Sequence[_Item], float], _Result], deadline: float
    ) -> _Result | None:
        """Write items at one moment; None if the call failed or its answer was lost, whatever it wrote."""
        result = write(items, _NEVER) if self._call(deadline) and self._is_there() and not self._fails() else None
        self._answered()
        return None if self._fails() else result

    def _is_there(self) -> bool:
        return self._tables.current is self._table


class SimulatedObjectHeads(_Calls):
    """`ledger.ObjectHeads` over the objects of the run."""

    def __init__(self, objects: Objects, timeline: Timeline, faults: Faults) -> None:
        super().__init__(timeline, faults)
        self.objects = objects

    def head(self, ids: Sequence[tuple[ObjectId, Distribution]], deadline: float) -> list[ObjectHead | None]:
        return [head for some in _batches(ids) for head in self._read(some, deadline)]

    def _read(self, ids: Sequence[tuple[ObjectId, Distribution]], deadline: float) -> Iterator[ObjectHead | None]:
        is_answered = self._call(deadline)
        for id_, _ in ids:
            fails = not is_answered or self._faults.occurs(self._faults.plan.head_errors)
            yield None if fails else self.objects.head(id_)
        self._answered()
