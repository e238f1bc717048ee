"""Plan a deployment, then execute or discard it: template, package, change set and refresh, without a terminal."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from purgemap.aws import Aws, SqsQueue, translate_errors
from purgemap.deployment.package import FunctionPackage, package_function
from purgemap.deployment.rollout.refresh import refresh_jobs, send_jobs
from purgemap.deployment.stack import (
    ChangeSet,
    ChangeSetRequest,
    Clients,
    Stack,
    StackEvent,
    check_deployable,
    check_no_example_ids,
    connect,
    create_change_set,
    discard_change_set,
    ensure_artifact_bucket,
    execute_change_set,
    find_stack,
    load_deployed_map,
    merge_tags,
    upload_artifacts,
)
from purgemap.deployment.template import LEDGER_OUTPUT, load_main_template, load_template, render_stack
from purgemap.errors import PurgemapError
from purgemap.jobs import Job
from purgemap.routemap import RouteMap, did_you_mean

# Parameters of the template that a deployment sets itself: where the function's zip is, and when it was counted.
_COUNTS_TIME = "FolderCountsTime"
_OWN_PARAMETERS = ("CodeBucket", "CodeKey", _COUNTS_TIME)
_MEMORY = "MemorySize"


@dataclass(frozen=True, slots=True)
class DeploymentOptions:
    """The stack to deploy to, and its new values: the stack keeps each parameter, tag and role that is not given.

    Without `artifact_bucket`, purgemap's own bucket of the account and region gets the artifacts. `refresh` also
    invalidates the sites that the map adds or changes.
    """

    stack_name: str
    artifact_bucket: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    role_arn: str | None = None
    refresh: bool = False


@dataclass(frozen=True, slots=True)
class DeploymentPlan:
    """A deployment that waits for a decision: its artifacts are uploaded, and its change set is ready."""

    clients: Clients
    stack_name: str
    artifact_bucket: str
    package: FunctionPackage
    template: str
    change_set: ChangeSet
    refresh_jobs: tuple[Job, ...]


def plan_deployment(
    route_map: RouteMap, options: DeploymentOptions, package: Callable[[RouteMap], FunctionPackage] = package_function
) -> DeploymentPlan | None:
    """Render, package and upload, then create a change set; None if it would change nothing.

    Raises PurgemapError for what purgemap or AWS refuses, and then leaves no change set. Everything that needs no AWS
    is checked before the first call.
    """
    template = load_main_template(route_map)
    _check_parameters(options.parameters, template)
    rendered = render_stack(route_map)
    clients = connect()
    check_no_example_ids(route_map, clients.cloudformation)
    with translate_errors():
        stack = find_stack(clients.cloudformation, options.stack_name)
        check_deployable(options.stack_name, stack)
        # The deployed map is read before the upload: if that fails, nothing has changed.
        old_map = load_deployed_map(clients.s3, stack) if options.refresh else None
        function = package(route_map)
        bucket = options.artifact_bucket or ensure_artifact_bucket(clients.s3, clients.account, clients.region)
        code_key, template_url = upload_artifacts(clients, bucket, function.archive, rendered)
        request = ChangeSetRequest(
            f"purgemap-{function.sha256[:12]}-{time.time_ns()}",  # unique: AWS refuses a name that exists
            template_url,
            {
                **_previous_parameters(stack, template),
                **options.parameters,
                **_own_parameters(stack, function, bucket, code_key),
            },
            merge_tags(stack, options.tags),
            options.role_arn,
        )
        change_set = create_change_set(clients.cloudformation, options.stack_name, stack, request)
    if change_set is None:
        return None
    jobs = refresh_jobs(old_map, route_map, change_set.id, time.time()) if old_map is not None else []
    return DeploymentPlan(clients, options.stack_name, bucket, function, rendered, change_set, tuple(jobs))


def _check_parameters(parameters: Mapping[str, str], template: Mapping[str, Any]) -> None:
    names = sorted(template["Parameters"].keys() - set(_OWN_PARAMETERS))
    for name in parameters.keys() - set(names):
        raise PurgemapError(f"--parameter {name}: the template has no such parameter; {did_you_mean(name, names)}")


def _previous_parameters(stack: Stack | None, template: Mapping[str, Any]) -> Mapping[str, str | None]:
    # A parameter that an older template had must not be sent: CloudFormation refuses unknown ones.
    if stack is None:
        return {}
    kept: dict[str, str | None] = dict.fromkeys(template["Parameters"].keys() & stack.parameters.keys())
    if (LEDGER_OUTPUT in stack.outputs) != (LEDGER_OUTPUT in template["Outputs"]):
        # The map begins or ceases to skip unchanged uploads, which needs more memory. A stack that has the other
        # default gets the new one; a size that somebody chose stays.
        defaults = (load_template(name)["Parameters"][_MEMORY]["Default"] for name in ("template.yaml", "ledger.yaml"))
        if stack.parameters.get(_MEMORY) in {str(default) for default in defaults}:
            kept[_MEMORY] = str(template["Parameters"][_MEMORY]["Default"])
    return kept


def _own_parameters(
    stack: Stack | None, function: FunctionPackage, bucket: str, code_key: str
) -> Mapping[str, str | None]:
    code = {"CodeBucket": bucket, "CodeKey": code_key}
    # A new time for the same counts would make each deployment an update.
    if stack and _COUNTS_TIME in stack.parameters and stack.parameters.get("CodeKey") == code_key:
        return code
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {**code, _COUNTS_TIME: now if function.has_folder_counts else ""}


def execute_deployment(plan: DeploymentPlan, on_event: Callable[[StackEvent], None]) -> Mapping[str, str]:
    """Execute the change set and return the stack's outputs; raises PurgemapError with the reason of a failure."""
    cloudformation = plan.clients.cloudformation
    with translate_errors():
        execute_change_set(cloudformation, plan.change_set, on_event)
        stack = find_stack(cloudformation, plan.change_set.stack_id)
    return stack.outputs if stack else {}


def send_refresh(plan: DeploymentPlan, outputs: Mapping[str, str]) -> None:
    """Send the refresh jobs to the queue that a stack's outputs name; raises PurgemapError for those not accepted."""
    with translate_errors():
        # The function sends the invalidations: it has the permissions, here and in other accounts, and the retries.
        send_jobs(plan.refresh_jobs, SqsQueue(Aws(region=plan.clients.region), outputs["QueueUrl"]))


def discard_deployment(plan: DeploymentPlan) -> None:
    """Delete the change set, and the empty stack that it created; the artifacts stay in their bucket."""
    with translate_errors():
        discard_change_set(plan.clients.cloudformation, plan.change_set)
