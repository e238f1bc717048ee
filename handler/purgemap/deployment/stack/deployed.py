"""Read what operators' commands need of a deployed stack: its queues, its function and its parameters."""

from collections.abc import Mapping
from typing import NamedTuple

from purgemap.aws import translate_errors
from purgemap.deployment.stack.clients import Clients, connect
from purgemap.deployment.stack.stack import find_stack
from purgemap.errors import PurgemapError

# The outputs of deploy/template.yaml that every version of it had.
_QUEUE, _DEAD_LETTERS, _FUNCTION = "QueueUrl", "DeadLetterQueueUrl", "FunctionName"


class StackMissingError(PurgemapError):
    """A stack of this name does not exist; `purgemap explore` then shows no queues."""


class DeployedStack(NamedTuple):
    """A stack of `purgemap deploy`, found by its name; its metrics' namespace is this name, too."""

    name: str
    region: str
    queue_url: str
    dead_letter_queue_url: str
    function_name: str
    parameters: Mapping[str, str]
    outputs: Mapping[str, str]


def read_stack(name: str, clients: Clients | None = None) -> DeployedStack:
    """Read a stack by name.

    Raises StackMissingError if it does not exist, PurgemapError if it is not purgemap's or can't be read.
    """
    clients = clients or connect()
    place = f"the stack {name} in {clients.region}"
    with translate_errors(f"{place} (needs cloudformation:DescribeStacks)"):
        stack = find_stack(clients.cloudformation, name)
    if stack is None:
        raise StackMissingError(
            f"{place} does not exist: name the stack with --stack-name and its region with AWS_REGION"
        )
    missing = [output for output in (_QUEUE, _DEAD_LETTERS, _FUNCTION) if output not in stack.outputs]
    if missing:
        raise PurgemapError(
            f"{place} ({stack.status}) has no output {', '.join(missing)}: was it deployed by purgemap?"
        )
    urls = stack.outputs[_QUEUE], stack.outputs[_DEAD_LETTERS]
    return DeployedStack(name, clients.region, *urls, stack.outputs[_FUNCTION], stack.parameters, stack.outputs)
