"""What is wrong with a map, with the distributions and buckets that it names, and with its stack."""

from purgemap.operations.diagnosis.diagnose import (
    SwitchedBucket,
    diagnose_map,
    enable_notifications,
    inspect_map,
    read_again,
    silent_buckets,
)
from purgemap.operations.diagnosis.findings import CODES, DoctorFinding, describe_not_read, merge_not_checked
from purgemap.operations.diagnosis.inspected_map import MapInspection
from purgemap.operations.diagnosis.service import check_deployed_map, diagnose_service, report_missing_stack
from purgemap.operations.diagnosis.service_inspection import ServiceExpectation, inspect_service

__all__ = [
    "CODES",
    "DoctorFinding",
    "MapInspection",
    "ServiceExpectation",
    "SwitchedBucket",
    "check_deployed_map",
    "describe_not_read",
    "diagnose_map",
    "diagnose_service",
    "enable_notifications",
    "inspect_map",
    "inspect_service",
    "merge_not_checked",
    "read_again",
    "report_missing_stack",
    "silent_buckets",
]
