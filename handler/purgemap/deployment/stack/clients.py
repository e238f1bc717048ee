"""Region, profile and endpoints, as botocore finds them → clients of the services that a deployment calls."""

from typing import Any, NamedTuple, Protocol

import botocore.session
from botocore.config import Config
from botocore.exceptions import NoRegionError

from purgemap.aws import check_credentials, create_client, find_region, translate_errors

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

    def describe_events(self, **asked: Any) -> Any:
        """List what happened in an operation, such as the creation of a change set."""

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


def connect() -> Clients:
    """Make the clients; raises PurgemapError for a region or credentials that are missing or invalid."""
    with translate_errors():
        session = botocore.session.Session()
        region = find_region(session)
        if not region:
            raise NoRegionError
        services = ("cloudformation", "s3", "sts")
        clients = [create_client(session, name, region_name=region, config=_CONFIG) for name in services]
        check_credentials(session)
    return Clients(region, *clients)
