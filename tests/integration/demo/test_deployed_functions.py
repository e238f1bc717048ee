"""Event source mappings on the embedded AWS: their functions run, are replaced by newer code, and stop."""

import io
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from purgemap.demo.deployed_functions import DeployedFunctions, run_deployed_functions
from purgemap.demo.local_aws import LocalAws
from support.deployed import messages_waiting
from support.local_site import send

pytest_plugins = ["support.local_aws_fixtures"]

TAKES_ALL = "def handle(event, context):\n    return None\n"
REFUSES_ALL = """\
def handle(event, context):
    open({file!r}, "w").close()
    return {{"batchItemFailures": [{{"itemIdentifier": None}}]}}
"""
_PATIENCE_SECONDS = 300


class Account:
    """An account with a queue, a function and a mapping of the one to the other."""

    def __init__(self, aws: LocalAws) -> None:
        self.aws = aws
        self.lambda_ = aws.client("lambda")
        self.sqs = aws.client("sqs")
        # A message that failed is visible again at once.
        self.queue_url = self.sqs.create_queue(QueueName="changes", Attributes={"VisibilityTimeout": "0"})["QueueUrl"]

    def deploy(self, source: str) -> str:
        """Create the function and its mapping; returns the mapping's id."""
        role = self.aws.client("iam").create_role(RoleName="function", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        code = {"ZipFile": archive(source)}
        self.lambda_.create_function(
            FunctionName="site", Runtime="python3.13", Role=role, Handler="module.handle", Code=code, Timeout=60
        )
        mapping = self.lambda_.create_event_source_mapping(
            EventSourceArn=self.aws.queue_arn(self.queue_url), FunctionName="site", BatchSize=10
        )
        return str(mapping["UUID"])

    def waiting(self) -> int:
        return messages_waiting(self.aws, self.queue_url)


def archive(source: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as writer:
        writer.writestr("module.py", source)
    return file.getvalue()


@pytest.fixture
def account(aws: LocalAws) -> Account:
    return Account(aws)


@pytest.fixture
def functions(aws: LocalAws) -> Iterator[DeployedFunctions]:
    with run_deployed_functions(aws) as running:
        yield running


def wait_until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)


def test_function_of_a_mapping_gets_the_messages(account: Account, functions: DeployedFunctions) -> None:
    assert not functions.follow()
    account.deploy(TAKES_ALL)
    send(account.sqs, account.queue_url, 30)
    assert functions.follow()
    wait_until(lambda: account.waiting() == 0)


def test_newer_code_gets_what_older_code_refused(
    account: Account, functions: DeployedFunctions, tmp_path: Path
) -> None:
    refused = tmp_path / "refused"
    account.deploy(REFUSES_ALL.format(file=str(refused)))
    send(account.sqs, account.queue_url, 10)
    functions.follow()
    wait_until(refused.exists)
    account.lambda_.update_function_code(FunctionName="site", ZipFile=archive(TAKES_ALL))
    wait_until(lambda: account.waiting() == 0)


def test_deleted_mapping_gets_no_more_messages(account: Account, functions: DeployedFunctions) -> None:
    mapping = account.deploy(TAKES_ALL)
    functions.follow()
    account.lambda_.delete_event_source_mapping(UUID=mapping)
    assert not functions.follow(), "it waits for the end of the mapping's thread"
    send(account.sqs, account.queue_url, 10)
    assert account.waiting() == 10


def test_queue_that_is_deleted_first_ends_nothing_else(account: Account, functions: DeployedFunctions) -> None:
    mapping = account.deploy(TAKES_ALL)
    functions.follow()
    account.sqs.delete_queue(QueueUrl=account.queue_url)
    assert functions.follow()
    account.lambda_.delete_event_source_mapping(UUID=mapping)
    assert not functions.follow()
