"""What a stack must have for its map, and what AWS has of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from purgemap.aws.inspection import (
    Accounts,
    ActionsOnResource,
    MissingRole,
    NotRead,
    QueueConfig,
    RuleConfig,
    account_of_role,
    find_denied,
    read_failed_deliveries,
    read_forwarding,
    read_queue,
    read_rules,
    read_trust_policy,
    try_to_assume,
)

Place: TypeAlias = tuple[str, str]
"""An account and a region."""


@dataclass(frozen=True, slots=True)
class ServiceExpectation:
    """A stack, and what it must have for its map.

    `rules` are EventBridge's properties by name. `permissions` are by the ARN of a role: the function's and those that
    it assumes. `external_ids` has an entry for each role of the map, with None for a call without an id. The
    `central_bus` receives the events of buckets elsewhere, which `forwarding` has by account and region.
    """

    stack_name: str
    function_role: str
    queue_url: str
    dead_letter_url: str
    rules: Mapping[str, Mapping[str, Any]]
    permissions: Mapping[str, Sequence[ActionsOnResource]]
    external_ids: Mapping[str, frozenset[str | None]]
    # Stacks of older versions have no such output, so nothing can be compared.
    central_bus: str = ""
    forwarding: Mapping[Place, tuple[str, ...]] = field(default_factory=dict)


class RoleInspection(NamedTuple):
    """A role of the map: its trust policy. Without that, `refusal` is why the caller itself can't assume the role."""

    trust: Mapping[str, Any] | MissingRole | NotRead
    refusal: NotRead | None


class ServiceInspection(NamedTuple):
    """What AWS has of a stack; `denied` and `roles` are by the ARN of a role.

    `forwarded` has the event patterns of the rules that forward to the stack's bus.
    """

    rules: tuple[RuleConfig, ...] | NotRead
    failed_deliveries: Mapping[str, int] | NotRead
    queue: QueueConfig | NotRead
    dead_letters: QueueConfig | NotRead
    denied: Mapping[str, tuple[ActionsOnResource, ...] | MissingRole | NotRead]
    roles: Mapping[str, RoleInspection]
    forwarded: Mapping[Place, tuple[Mapping[str, Any], ...] | NotRead] = MappingProxyType({})


def inspect_service(accounts: Accounts, expected: ServiceExpectation) -> ServiceInspection:
    """Read what AWS has of a stack."""
    return ServiceInspection(
        # A stack's rules are named after it, so one list has them all.
        read_rules(accounts, f"{expected.stack_name}-"),
        read_failed_deliveries(accounts, sorted(expected.rules)),
        read_queue(accounts, expected.queue_url),
        read_queue(accounts, expected.dead_letter_url),
        {role: _read_denied(accounts, role, needed) for role, needed in sorted(expected.permissions.items())},
        {role: _inspect_role(accounts, role, ids) for role, ids in sorted(expected.external_ids.items())},
        {place: read_forwarding(accounts, *place, expected.central_bus) for place in sorted(expected.forwarding)},
    )


def _read_denied(
    accounts: Accounts, role_arn: str, needed: Sequence[ActionsOnResource]
) -> tuple[ActionsOnResource, ...] | MissingRole | NotRead:
    account = account_of_role(role_arn)
    # IAM answers for roles of its own account only.
    if account not in accounts.role_arns:
        return _no_reader(account)
    return find_denied(accounts, account, role_arn, needed)


def _inspect_role(accounts: Accounts, role_arn: str, external_ids: frozenset[str | None]) -> RoleInspection:
    account = account_of_role(role_arn)
    is_readable = account in accounts.role_arns
    trust = read_trust_policy(accounts, account, role_arn) if is_readable else _no_reader(account)
    if not isinstance(trust, MissingRole | NotRead):
        return RoleInspection(trust, None)
    # Any of the ids shows that the role exists.
    external_id = min((id_ for id_ in external_ids if id_), default=None)
    return RoleInspection(trust, try_to_assume(accounts, role_arn, external_id))


def _no_reader(account: str) -> NotRead:
    return NotRead(f"no --role-arn reads account {account}")
