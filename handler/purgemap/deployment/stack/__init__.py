"""A CloudFormation stack that runs the function: found, changed by a change set, and its artifacts."""

from purgemap.deployment.stack.artifacts import (
    DeployedZip,
    UnreadableZipError,
    ensure_artifact_bucket,
    load_deployed_map,
    read_deployed_zip,
    upload_artifacts,
)
from purgemap.deployment.stack.bucket_listing import MAX_LISTED_KEYS, find_buckets, list_pages
from purgemap.deployment.stack.change_set import (
    ChangeSet,
    ChangeSetRequest,
    ResourceChange,
    create_change_set,
    discard_change_set,
)
from purgemap.deployment.stack.clients import Clients, CloudFormation, connect
from purgemap.deployment.stack.deployed import DeployedStack, StackMissingError, read_stack
from purgemap.deployment.stack.execution import delete_stack, execute_change_set
from purgemap.deployment.stack.preflight import check_deployable, check_no_example_ids, check_removable
from purgemap.deployment.stack.stack import RESERVED_TAGS, Stack, find_stack, merge_tags
from purgemap.deployment.stack.stack_events import StackEvent, unwrap_reason
from purgemap.deployment.stack.waiting_messages import QueueCount, check_empty, count_messages

__all__ = [
    "MAX_LISTED_KEYS",
    "RESERVED_TAGS",
    "ChangeSet",
    "ChangeSetRequest",
    "Clients",
    "CloudFormation",
    "DeployedStack",
    "DeployedZip",
    "QueueCount",
    "ResourceChange",
    "Stack",
    "StackEvent",
    "StackMissingError",
    "UnreadableZipError",
    "check_deployable",
    "check_empty",
    "check_no_example_ids",
    "check_removable",
    "connect",
    "count_messages",
    "create_change_set",
    "delete_stack",
    "discard_change_set",
    "ensure_artifact_bucket",
    "execute_change_set",
    "find_buckets",
    "find_stack",
    "list_pages",
    "load_deployed_map",
    "merge_tags",
    "read_deployed_zip",
    "read_stack",
    "unwrap_reason",
    "upload_artifacts",
]
