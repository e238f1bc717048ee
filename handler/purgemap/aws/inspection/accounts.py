"""The accounts that operators' commands read: the caller's own, and others through roles."""

import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

from purgemap.aws.clients import check_credentials, create_client, find_region
from purgemap.aws.errors import AWS_ERRORS, describe_error, error_code, translate_errors
from purgemap.aws.inspection.configurations import NotRead
from purgemap.aws.role_credentials import RoleCredentials
from purgemap.errors import PurgemapError

_Value = TypeVar("_Value")

# A person waits for hundreds of reads, which CloudFront throttles at a rate that it does not publish.
_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 8},
    connect_timeout=5,
    read_timeout=30,
    user_agent_extra="purgemap",
)
_DENIED_CODES = frozenset({"AccessDenied", "AccessDeniedException", "403"})  # HeadBucket's answer has no code
_DEFAULT_REGION = "us-east-1"  # CloudFront, STS, and S3 for a bucket's region need none


class Accounts:
    """Clients of the caller's own account, and of accounts with a role; the ARN of a role names its account."""

    def __init__(self, role_arns: Sequence[str] = ()) -> None:
        """Check the caller's credentials; raises PurgemapError, also for two roles of one account."""
        with translate_errors():
            self._session = botocore.session.Session()
            check_credentials(self._session)
            self.region = find_region(self._session) or _DEFAULT_REGION
            self.own = str(self._create_client(self._session, "sts", self.region).get_caller_identity()["Account"])
        self.role_arns = {self.own: ""} | _roles_by_account(role_arns)
        self._clients: dict[tuple[str, str, str], Any] = {}
        # botocore creates clients in one thread only; reads come from several.
        self._lock = threading.Lock()

    def client(self, service: str, account: str, region: str = "") -> Any:
        """Return the client of a service for one of the accounts."""
        key = (service, account, region or self.region)
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._create_client(self._account_session(account), service, key[2])
            return self._clients[key]

    def _account_session(self, account: str) -> Any:
        role_arn = self.role_arns[account]
        if not role_arn:
            return self._session
        session = botocore.session.Session()
        # The descriptions of the services are read once for all roles.
        session.register_component("data_loader", self._session.get_component("data_loader"))
        # Credentials are fetched with the first call, in a thread that must not wait for the lock of `client`.
        session._credentials = RoleCredentials(  # noqa: SLF001  botocore's profiles set this attribute, too
            lambda: self._create_client(self._session, "sts", self.region), role_arn, None
        )
        return session

    @staticmethod
    def _create_client(session: Any, service: str, region: str) -> Any:
        return create_client(session, service, region_name=region, config=_CONFIG)


def account_of_role(role_arn: str) -> str:
    """Return the account in the ARN of a role."""
    return role_arn.split(":")[4]


def _roles_by_account(role_arns: Sequence[str]) -> dict[str, str]:
    roles: dict[str, str] = {}
    for role_arn in dict.fromkeys(role_arns):
        account = account_of_role(role_arn)
        if account in roles:
            raise PurgemapError(f"{roles[account]} and {role_arn} are roles of one account; pass one of them")
        roles[account] = role_arn
    return roles


def read_or_reason(permission: str, read: Callable[[], _Value]) -> _Value | NotRead:
    """Return a value of AWS, or why it could not be read; `permission` is the one that the read needs."""
    try:
        return read()
    except AWS_ERRORS as error:
        if not isinstance(error, ClientError) or error_code(error) not in _DENIED_CODES:
            return NotRead(describe_error(error))
        if error.operation_name == "AssumeRole":
            return NotRead(f"a role can't be assumed: {describe_error(error)}", "sts:AssumeRole")
        return NotRead(f"needs {permission}", permission)
