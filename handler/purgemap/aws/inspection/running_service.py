"""Read over botocore what runs of a stack: its function's code and variables, and its queues."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

from purgemap.aws.inspection.accounts import Accounts, read_or_reason
from purgemap.aws.inspection.configurations import NotRead
from purgemap.aws.monitoring import MESSAGE_COUNTS


class FunctionConfig(NamedTuple):
    """The digest of a function's zip, in base 64, and its environment variables."""

    code_sha256: str
    variables: Mapping[str, str]


class QueueConfig(NamedTuple):
    """A queue: its ARN, the approximate number of its messages, and its policy, empty for none."""

    arn: str
    messages: int
    policy: Mapping[str, Any]


def read_function(accounts: Accounts, name: str) -> FunctionConfig | NotRead:
    """Read a function by its name."""
    client = accounts.client("lambda", accounts.own)
    answer = read_or_reason(
        "lambda:GetFunctionConfiguration", partial(client.get_function_configuration, FunctionName=name)
    )
    if isinstance(answer, NotRead):
        return answer
    return FunctionConfig(str(answer["CodeSha256"]), answer.get("Environment", {}).get("Variables", {}))


def read_queue(accounts: Accounts, url: str) -> QueueConfig | NotRead:
    """Read a queue by its URL."""
    client = accounts.client("sqs", accounts.own)
    # One call has the counts, which are approximate, and the policy.
    names = ["QueueArn", "Policy", *MESSAGE_COUNTS]
    answer = read_or_reason(
        "sqs:GetQueueAttributes", partial(client.get_queue_attributes, QueueUrl=url, AttributeNames=names)
    )
    if isinstance(answer, NotRead):
        return answer
    attributes = answer["Attributes"]
    # Messages in flight are not delivered yet, either.
    messages = sum(int(attributes[name]) for name in MESSAGE_COUNTS)
    return QueueConfig(str(attributes["QueueArn"]), messages, json.loads(attributes.get("Policy") or "{}"))
