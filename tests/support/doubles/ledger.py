"""The table of the ledger and the heads of objects in memory. A test selects failures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from purgemap.ledger import Mark, MarkResult, NewRecord, ObjectHead, ObjectId, Record, Tracking
from purgemap.routemap import Distribution


@dataclass
class Row:
    """An item of the table. The real one omits empty texts."""

    sequencer: str = ""
    mark: str = ""
    fingerprint: str = ""
    etag: str = ""
    seen: float = 0.0
    is_deleted: bool = False


class MemoryLedgerTable:
    """`ledger.LedgerTable` in memory; `calls` names each call with the ids of its objects.

    Objects in `unreadable`, `unmarkable` and `unrecordable` fail.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.rows: dict[ObjectId, Row] = {}
        self.tracking: Tracking | None = Tracking({}, "")
        self.is_tracking_writable = True
        self.unreadable: set[ObjectId] = set()
        self.unmarkable: set[ObjectId] = set()
        self.unrecordable: set[ObjectId] = set()
        self.calls: list[tuple[str, list[ObjectId]]] = []

    def read(self, ids: Sequence[ObjectId], deadline: float) -> dict[ObjectId, Record]:
        self.calls.append(("read", list(ids)))
        if self._now() >= deadline:
            return {}
        readable = [id_ for id_ in ids if id_ in self.rows and id_ not in self.unreadable]
        rows = {id_: self.rows[id_] for id_ in readable}
        return {id_: Record(row.fingerprint, row.etag, row.sequencer, row.seen) for id_, row in rows.items()}

    def mark(self, marks: Sequence[Mark], deadline: float) -> list[MarkResult]:
        self.calls.append(("mark", [mark.object_id for mark in marks]))
        return [self._mark(mark) if self._now() < deadline else MarkResult.FAILED for mark in marks]

    def _mark(self, mark: Mark) -> MarkResult:
        if mark.object_id in self.unmarkable:
            return MarkResult.FAILED
        row = self.rows.get(mark.object_id, Row())
        if len(row.sequencer) == len(mark.sequencer) and row.sequencer >= mark.sequencer != "":
            return MarkResult.NEWER
        sequencer = mark.sequencer or row.sequencer
        self.rows[mark.object_id] = Row(sequencer, mark.token, "", row.etag, row.seen, mark.is_deleted)
        return MarkResult.MARKED

    def record(self, records: Sequence[NewRecord], deadline: float) -> int:
        self.calls.append(("record", [record.object_id for record in records]))
        return sum(not (self._now() < deadline and self._record(record)) for record in records)

    def _record(self, record: NewRecord) -> bool:
        row = self.rows.get(record.object_id)
        if row is None or row.mark != record.token or record.object_id in self.unrecordable:
            return False
        self.rows[record.object_id] = Row(row.sequencer, row.mark, record.fingerprint, record.etag, self._now())
        return True

    def read_tracking(self, deadline: float) -> Tracking | None:
        self.calls.append(("read_tracking", []))
        return self.tracking if self._now() < deadline else None

    def write_tracking(self, since: Mapping[str, float], version: str, deadline: float) -> bool:
        self.calls.append(("write_tracking", []))
        if self.tracking is None or self.tracking.version != version or self._now() >= deadline:
            return False
        if not self.is_tracking_writable:
            return False
        self.tracking = Tracking(dict(since), f"{version}+")
        return True

    def list_keys(self, bucket: str, prefix: str, deadline: float, limit: int) -> list[str] | None:
        self.calls.append(("keys", []))
        rows = [id_ for id_, row in self.rows.items() if not row.is_deleted]
        keys = sorted(key for name, key in rows if name == bucket and key.startswith(prefix))
        return keys if self._now() < deadline and len(keys) <= limit else None


class MemoryObjectHeads:
    """`ledger.ObjectHeads` in memory; `calls` holds the ids of each call. An object without a head can't be read.

    `before_call` is called first, as another function may run meanwhile.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.heads: dict[ObjectId, ObjectHead] = {}
        self.before_call: Callable[[], object] = lambda: None
        self.calls: list[list[ObjectId]] = []
        self.roles: list[str | None] = []

    def head(self, ids: Sequence[tuple[ObjectId, Distribution]], deadline: float) -> list[ObjectHead | None]:
        self.before_call()
        self.calls.append([id_ for id_, _ in ids])
        self.roles += [distribution.role_arn for _, distribution in ids]
        return [self.heads.get(id_) if self._now() < deadline else None for id_, _ in ids]
