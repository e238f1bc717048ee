"""Create the clients of the services that a deployment calls."""

from typing import Any, NamedTuple, Protocol

import botocore.session
from botocore.config import Config
from botocore.exceptions import NoRegionError

from purgemap.aws import check_credentials, create_client, find_region, translate_errors

# A person or a pipeline waits, and CloudFormation throttles its own calls at a few per second. So calls have more
# attempts than botocore's three, with short timeouts.
_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 6},
    connect_timeout=5,
    read_timeout=60,
    user_agent_extra="purgemap",
)


class CloudFormation(Protocol):
    """The calls to CloudFormation; requests and responses are botocore's."""

    def describe_stacks(self, **request: Any) -> Any:
        """Describe a stack, by name or id."""

    def describe_stack_events(self, **request: Any) -> Any:
        """List the events of a stack, the latest first."""

    def describe_events(self, **request: Any) -> Any:
        """List the events of an operation, such as the creation of a change set."""

    def create_change_set(self, **request: Any) -> Any:
        """Start to compare a template with a stack."""

    def describe_change_set(self, **request: Any) -> Any:
        """Describe the state and the changes of a change set."""

    def execute_change_set(self, **request: Any) -> Any:
        """Start to apply a change set to its stack."""

    def delete_change_set(self, **request: Any) -> Any:
        """Delete a change set."""

    def delete_stack(self, **request: Any) -> Any:
        """Start to delete a stack."""


class Clients(NamedTuple):
    """The region of a deployment, and the clients for it."""

    region: str
    cloudformation: CloudFormation
    s3: Any
    sts: Any

    @property
    def account(self) -> str:
        """The account number of the credentials; calls AWS."""
        return str(self.sts.get_caller_identity()["Account"])


def connect() -> Clients:
    """Create the clients; raises PurgemapError for a region or credentials that are missing or invalid."""
    with translate_errors():
        session = botocore.session.Session()
        region = find_region(session)
        if not region:
            raise NoRegionError
        services = ("cloudformation", "s3", "sts")
        clients = [create_client(session, name, region_name=region, config=_CONFIG) for name in services]
        check_credentials(session)
    return Clients(region, *clients)
