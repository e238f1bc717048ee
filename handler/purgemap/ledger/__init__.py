"""The content ledger: which uploads changed nothing that viewers get."""

from purgemap.ledger.edges import (
    LedgerTable,
    Mark,
    MarkResult,
    NewRecord,
    ObjectHead,
    ObjectHeads,
    ObjectId,
    Record,
    Tracking,
)

__all__ = [
    "LedgerTable",
    "Mark",
    "MarkResult",
    "NewRecord",
    "ObjectHead",
    "ObjectHeads",
    "ObjectId",
    "Record",
    "Tracking",
]
