"""The part of `purgemap doctor` that compares a stack with the map: deployment renders, operations compare."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial

from purgemap.aws.inspection import (
    Accounts,
    ActionsOnResource,
    BucketConfig,
    BucketState,
    FunctionConfig,
    NotRead,
    read_function,
    read_or_reason,
)
from purgemap.deployment.diff import compare_maps, format_text
from purgemap.deployment.package import ROUTES_FILE
from purgemap.deployment.stack import DeployedZip, Stack, UnreadableZipError, find_stack, read_deployed_zip
from purgemap.deployment.template import LEDGER_OUTPUT, list_role_permissions, list_rules
from purgemap.operations.diagnosis import (
    DoctorFinding,
    ServiceExpectation,
    check_deployed_map,
    describe_not_read,
    diagnose_service,
    inspect_service,
    merge_not_checked,
    report_missing_stack,
)
from purgemap.routemap import RouteMap

_OUTPUTS = ("FunctionName", "FunctionRoleArn", "QueueUrl", "DeadLetterQueueUrl")
_BUS = "CentralBusArn"


def diagnose_stack(
    route_map: RouteMap, accounts: Accounts, stack_name: str, buckets: Iterable[BucketState]
) -> tuple[list[DoctorFinding], bool]:
    """Return the findings of a stack that has the events of some buckets, and whether it could be read."""
    client = accounts.client("cloudformation", accounts.own)
    stack = read_or_reason("cloudformation:DescribeStacks", partial(find_stack, client, stack_name))
    if isinstance(stack, NotRead):
        return [describe_not_read(f"the stack {stack_name}", "the stack", stack)], False
    if stack is None:
        return [report_missing_stack(stack_name)], False
    if not all(name in stack.outputs for name in _OUTPUTS):
        return [report_missing_stack(stack_name, stack.status)], False
    # Stacks of older versions may lack this output.
    forwarding = _group_elsewhere(buckets, stack) if _BUS in stack.outputs else {}
    return list(merge_not_checked(_diagnose(route_map, accounts, stack_name, stack, forwarding))), True


def _group_elsewhere(buckets: Iterable[BucketState], stack: Stack) -> dict[tuple[str, str], tuple[str, ...]]:
    """Group the buckets whose events another account or region must forward to the stack."""
    region, account = stack.id.split(":")[3:5]
    elsewhere: dict[tuple[str, str], tuple[str, ...]] = {}
    for bucket in buckets:
        if isinstance(bucket, BucketConfig) and (bucket.account, bucket.region) != (account, region):
            place = (bucket.account, bucket.region)
            elsewhere[place] = (*elsewhere.get(place, ()), bucket.name)
    return elsewhere


def _diagnose(
    route_map: RouteMap,
    accounts: Accounts,
    stack_name: str,
    stack: Stack,
    forwarding: Mapping[tuple[str, str], tuple[str, ...]],
) -> Iterator[DoctorFinding]:
    deployed = _read_deployed(accounts, stack)
    function = read_function(accounts, stack.outputs["FunctionName"])
    yield from check_deployed_map(stack_name, _list_differences(route_map, deployed, function))
    if isinstance(function, NotRead):
        yield describe_not_read(f"the function {stack.outputs['FunctionName']}", "its code and variables", function)
    # One cause is one finding: a stack that runs another map is compared with that map.
    expected = _expect(route_map if isinstance(deployed, NotRead) else deployed.route_map, stack_name, stack)
    expected = replace(expected, forwarding=forwarding)
    yield from diagnose_service(expected, inspect_service(accounts, expected))


def _read_deployed(accounts: Accounts, stack: Stack) -> DeployedZip | NotRead:
    try:
        return read_deployed_zip(accounts.client("s3", accounts.own), stack)
    except UnreadableZipError as error:
        return NotRead(str(error), "s3:GetObject" if "AccessDenied" in str(error) else "")


def _list_differences(
    route_map: RouteMap, deployed: DeployedZip | NotRead, function: FunctionConfig | NotRead
) -> list[str] | NotRead:
    """List how the map that the function serves differs from the map of the files."""
    if isinstance(deployed, NotRead):
        return deployed
    if isinstance(function, FunctionConfig):
        routes = function.variables.get("PURGEMAP_ROUTES")
        if routes != ROUTES_FILE:
            return [f"the function's PURGEMAP_ROUTES is {routes or 'not set'}, not {ROUTES_FILE}"]
        if function.code_sha256 != deployed.sha256:
            return ["the function runs another zip than the stack's"]
    # Equal maps need no comparison, which takes seconds for 10,000 routes.
    if deployed.route_map.document == route_map.document:
        return []
    lines = format_text(compare_maps(deployed.route_map, route_map))
    return [f"{line.change} {line.kind} {line.text}" for line in lines if line.change != "warning"]


def _expect(route_map: RouteMap, stack_name: str, stack: Stack) -> ServiceExpectation:
    role = stack.outputs["FunctionRoleArn"]
    urls = stack.outputs["QueueUrl"], stack.outputs["DeadLetterQueueUrl"]
    queue_arn, dead_letter_arn = (_queue_arn(stack, url) for url in urls)
    roles: dict[str, set[str | None]] = {}
    for distribution in route_map.distributions_by_id.values():
        if distribution.role_arn:
            roles.setdefault(distribution.role_arn, set()).add(distribution.external_id)
    return ServiceExpectation(
        stack_name,
        role,
        *urls,
        list_rules(route_map, stack_name, queue_arn, dead_letter_arn),
        {
            arn: [ActionsOnResource(permission.actions, permission.arn) for permission in permissions]
            for arn, permissions in list_role_permissions(route_map, role, _table_arn(stack)).items()
        },
        {arn: frozenset(ids) for arn, ids in roles.items()},
        stack.outputs.get(_BUS, ""),
    )


def _queue_arn(stack: Stack, url: str) -> str:
    return _arn(stack, "sqs", url.rpartition("/")[2])


def _table_arn(stack: Stack) -> str:
    """Return the ARN of the ledger's table, "" for a stack without one."""
    name = stack.outputs.get(LEDGER_OUTPUT)
    return _arn(stack, "dynamodb", f"table/{name}") if name else ""


def _arn(stack: Stack, service: str, resource: str) -> str:
    # A stack's ARN has the partition, the region and the account of its resources.
    _, partition, _, region, account, *_ = stack.id.split(":")
    return f"arn:{partition}:{service}:{region}:{account}:{resource}"
