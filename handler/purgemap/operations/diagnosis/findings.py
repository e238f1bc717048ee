"""The findings of `purgemap doctor`: their codes, and how severe each is."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from purgemap.text import join_with_limit

if TYPE_CHECKING:
    from purgemap.aws.inspection import NotRead

Severity = Literal["error", "warning", "not-checked"]

NOT_CHECKED: Final = "not-checked"
"""The code and the severity of a finding about something that could not be read."""

# x-doctor silences warnings only, so the schema lists them, too: a test compares both.
CODES: Mapping[str, Severity] = {
    "distribution-missing": "error",
    "distribution-disabled": "warning",
    "tenant-missing": "error",
    "tenant-only": "error",
    "id-twice": "warning",
    "bucket-missing": "error",
    "eventbridge-off": "error",
    "bucket-not-an-origin": "warning",
    "origin-path-differs": "error",
    "origin-unrouted": "warning",
    "url-rewritten": "warning",
    "query-strings-in-cache-key": "warning",
    "default-root-object": "warning",
    "error-page-cached": "warning",
    "tags-without-header": "error",
    "role-not-assumable": "error",
    "stack-missing": "error",
    "map-differs": "error",
    "rule-missing": "error",
    "permission-missing": "error",
    "dead-letters": "error",
    "deliveries-failing": "error",
    NOT_CHECKED: NOT_CHECKED,
}
"""The severity of each code. An error makes stale objects certain, or stops deliveries; a warning may be intended."""


class DoctorFinding(NamedTuple):
    """A fault, or something that could not be checked.

    `where` names the distribution, bucket, role, rule or stack. `fix` is a command, or what to write into the map.
    """

    code: str
    severity: Severity
    where: str
    message: str
    fix: str


def finding(code: str, where: str, message: str, fix: str) -> DoctorFinding:
    """Return a finding with the severity of its code."""
    return DoctorFinding(code, CODES[code], where, message, fix)


def describe_not_read(where: str, subject: str, value: "NotRead") -> DoctorFinding:
    """Return a finding about a value that could not be read; it names the permission if one is missing."""
    fix = f"allow {value.permission}" if value.permission else "remove the cause, and run `purgemap doctor` again"
    return not_checked(where, f"{subject}: {value.reason}", fix)


def not_checked(where: str, reason: str, fix: str) -> DoctorFinding:
    """Return a finding about something that could not be read; `fix` names the permission or the option."""
    return DoctorFinding(NOT_CHECKED, NOT_CHECKED, where, f"not checked: {reason}", fix)


def merge_not_checked(findings: Iterable[DoctorFinding]) -> Iterator[DoctorFinding]:
    """Merge the findings of one missing permission into one; the others keep their order."""
    # Otherwise one missing permission would be 500 findings for 500 distributions, and hide the faults among them.
    places_by_reason: dict[tuple[str, str], list[str]] = {}
    for each in findings:
        if each.code == NOT_CHECKED:
            places_by_reason.setdefault((each.message, each.fix), []).append(each.where)
        else:
            yield each
    for (message, fix), places in places_by_reason.items():
        yield DoctorFinding(NOT_CHECKED, NOT_CHECKED, join_with_limit(list(dict.fromkeys(places))), message, fix)
