"""Plan the removal of a stack, then execute it: its map, and what it leaves, without a terminal."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from purgemap.aws import translate_errors
from purgemap.deployment.stack import (
    CloudFormation,
    Stack,
    StackEvent,
    check_removable,
    connect,
    delete_stack,
    find_stack,
    load_deployed_map,
)
from purgemap.errors import PurgemapError
from purgemap.routemap import RouteMap
from purgemap.text import join_with_limit


@dataclass(frozen=True, slots=True)
class Removal:
    """A removal that waits for a decision; `route_map` is the deployed map, None if it can't be read back."""

    cloudformation: CloudFormation
    stack_name: str
    stack: Stack
    route_map: RouteMap | None


def plan_removal(stack_name: str) -> Removal:
    """Find a stack and read its map; raises PurgemapError for one that is missing, foreign, protected or busy."""
    clients = connect()
    with translate_errors():
        stack = find_stack(clients.cloudformation, stack_name)
        # Success would hide a wrong region or profile, with the stack still there.
        if stack is None:
            raise PurgemapError(
                f"the stack {stack_name} does not exist in {clients.region} of account {clients.account}, so nothing "
                "is removed; name another stack with --stack-name, another region with AWS_DEFAULT_REGION"
            )
        check_removable(stack_name, stack)
        route_map = None
        # The map is only shown: a zip that is gone must not keep the stack.
        with suppress(PurgemapError):
            route_map = load_deployed_map(clients.s3, stack)
    return Removal(clients.cloudformation, stack_name, stack, route_map)


def execute_removal(removal: Removal, on_event: Callable[[StackEvent], None]) -> None:
    """Delete the stack; raises PurgemapError with the reason of a failure."""
    with translate_errors():
        delete_stack(removal.cloudformation, removal.stack, on_event)


def list_remnants(removal: Removal) -> Iterator[str]:
    """Describe what a removal leaves: artifacts, member stacks, and settings of buckets."""
    bucket = removal.stack.parameters.get("CodeBucket")
    if bucket:
        # Stacks of one region share the default bucket, and a rollback of another one needs its old zips.
        yield f"s3://{bucket}/purgemap/, with the zips and templates; delete it if no other stack uses it"
    accounts = _other_accounts(removal) or ["other accounts and regions, if there are any"]
    yield f"member stacks in {join_with_limit(accounts)}, with their roles and forwarding rules; delete them there"
    yield "the buckets' notifications to EventBridge, which other rules may use"


def _other_accounts(removal: Removal) -> list[str]:
    """List the other accounts of distributions and of buckets that the map names."""
    if removal.route_map is None:
        return []
    owners = {distribution.account for distribution in removal.route_map.distributions_by_id.values()}
    owners.update(*removal.route_map.accounts.values())
    return sorted(owners - {"", removal.stack.account})
