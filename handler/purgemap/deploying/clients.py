"""The surroundings (region, profile, endpoint) → clients of the services that a deployment calls."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from purgemap.aws import words_of
from purgemap.errors import PurgemapError

# A person or a pipeline waits here, and CloudFormation's own calls are throttled at a few a second.
_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 6},
    connect_timeout=5,
    read_timeout=60,
    user_agent_extra="purgemap",
)


class CloudFormation(Protocol):
    """The calls that are made to CloudFormation; parameters and answers are botocore's."""

    def describe_stacks(self, **asked: Any) -> Any:
        """Find a stack, by name or id."""

    def describe_stack_events(self, **asked: Any) -> Any:
        """List what happened to a stack, the latest first."""

    def create_change_set(self, **asked: Any) -> Any:
        """Start to compare a template with a stack."""

    def describe_change_set(self, **asked: Any) -> Any:
        """Tell how far that is, and what differs."""

    def execute_change_set(self, **asked: Any) -> Any:
        """Start to make the stack what the template says."""

    def delete_change_set(self, **asked: Any) -> Any:
        """Forget a comparison."""

    def delete_stack(self, **asked: Any) -> Any:
        """Start to delete a stack."""


class Clients(NamedTuple):
    """The region that is deployed to, and the clients for it."""

    region: str
    cloudformation: CloudFormation
    s3: Any
    sts: Any

    @property
    def account(self) -> str:
        """The number of the account that is deployed to; asks AWS."""
        return str(self.sts.get_caller_identity()["Account"])


def connect(environment: Mapping[str, str]) -> Clients:
    """Make the clients that the surroundings ask for; raises PurgemapError where nothing names a region."""
    with told():
        session = botocore.session.Session()
        region = environment.get("AWS_REGION") or session.get_config_variable("region")
    if not region:
        raise PurgemapError("no region; set AWS_REGION, or give the profile of AWS_PROFILE one")
    services = ("cloudformation", "s3", "sts")
    return Clients(region, *(session.create_client(name, region_name=region, config=_CONFIG) for name in services))


@contextmanager
def told() -> Iterator[None]:
    """Turn what botocore raises into a line: the call, AWS's code and AWS's words."""
    try:
        yield
    except ClientError as error:
        raise PurgemapError(words_of(error)) from error
    except BotoCoreError as error:
        raise PurgemapError(f"{type(error).__name__}: {error}") from error
