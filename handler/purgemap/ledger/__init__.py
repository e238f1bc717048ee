"""The content ledger: which uploads changed nothing that viewers get."""

from purgemap.ledger.content_ledger import BUDGET_SECONDS, FailedMark, Ledger, LedgerCheck, LedgerResult
from purgemap.ledger.edges import (
    TRACKING_ID,
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
from purgemap.ledger.fingerprint import CHECKSUM_PREFIX, FINGERPRINT_FIELDS, fingerprint
from purgemap.ledger.object_versions import ObjectVersion
from purgemap.ledger.preview import preview_unchanged

__all__ = [
    "BUDGET_SECONDS",
    "CHECKSUM_PREFIX",
    "FINGERPRINT_FIELDS",
    "TRACKING_ID",
    "FailedMark",
    "Ledger",
    "LedgerCheck",
    "LedgerResult",
    "LedgerTable",
    "Mark",
    "MarkResult",
    "NewRecord",
    "ObjectHead",
    "ObjectHeads",
    "ObjectId",
    "ObjectVersion",
    "Record",
    "Tracking",
    "fingerprint",
    "preview_unchanged",
]
