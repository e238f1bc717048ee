"""The commands of an operator, without a terminal."""

from purgemap.operations.change_input import ChangeInput, read_listed_keys, route_change_list
from purgemap.operations.check import (
    CheckedMap,
    CheckResult,
    RoutePlace,
    SurveyedMap,
    check_map,
    list_map_files,
    load_checked_map,
    survey_map,
)
from purgemap.operations.dead_letter_scan import DeadLetterScan
from purgemap.operations.dead_letters import DeadLetter, affected_distributions
from purgemap.operations.explain import (
    Explanation,
    Invalidation,
    MatchedTarget,
    explain_change,
    is_bucket_in_map,
    suggest_bucket,
)
from purgemap.operations.first_map import EXAMPLE_MAP, SCHEMA_NAME, add_schema_line, read_schema
from purgemap.operations.folder_counts import compile_folder_counts, count_folders
from purgemap.operations.invalidate import RetryTimes, invalidate_jobs
from purgemap.operations.needed_items import Need, build_need, counts_after, list_needs
from purgemap.operations.plan import Plan, PlanSummary, plan_changes, summarize_plan
from purgemap.operations.preview import PlannedInvalidation, preview_change, preview_jobs
from purgemap.operations.redrive import RedriveFilter, RedriveResult, preview_redrive, redrive_letters
from purgemap.operations.status import (
    DeadLetterStatus,
    DistributionStatus,
    QueueStatus,
    Status,
    read_change_age,
    read_dead_letters,
    read_distributions,
    read_queue,
)
from purgemap.operations.wait import (
    ChangeTimes,
    WaitResult,
    WaitTimes,
    read_change_times,
    wait_until_fresh,
)

__all__ = [
    "EXAMPLE_MAP",
    "SCHEMA_NAME",
    "ChangeInput",
    "ChangeTimes",
    "CheckResult",
    "CheckedMap",
    "DeadLetter",
    "DeadLetterScan",
    "DeadLetterStatus",
    "DistributionStatus",
    "Explanation",
    "Invalidation",
    "MatchedTarget",
    "Need",
    "Plan",
    "PlanSummary",
    "PlannedInvalidation",
    "QueueStatus",
    "RedriveFilter",
    "RedriveResult",
    "RetryTimes",
    "RoutePlace",
    "Status",
    "SurveyedMap",
    "WaitResult",
    "WaitTimes",
    "add_schema_line",
    "affected_distributions",
    "build_need",
    "check_map",
    "compile_folder_counts",
    "count_folders",
    "counts_after",
    "explain_change",
    "invalidate_jobs",
    "is_bucket_in_map",
    "list_map_files",
    "list_needs",
    "load_checked_map",
    "plan_changes",
    "preview_change",
    "preview_jobs",
    "preview_redrive",
    "read_change_age",
    "read_change_times",
    "read_dead_letters",
    "read_distributions",
    "read_listed_keys",
    "read_queue",
    "read_schema",
    "redrive_letters",
    "route_change_list",
    "suggest_bucket",
    "summarize_plan",
    "survey_map",
    "wait_until_fresh",
]
