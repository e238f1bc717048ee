"""botocore's sessions and clients, one per service and role."""

import copy
import os
import threading
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.credentials import EnvProvider
from botocore.exceptions import BotoCoreError, NoCredentialsError
from botocore.handlers import BUILTIN_HANDLERS, REGISTER_FIRST
from botocore.httpsession import DEFAULT_CA_BUNDLE

from purgemap.aws.answers import AnswerParserFactory
from purgemap.aws.errors import translate_errors
from purgemap.aws.role_credentials import RoleCredentials
from purgemap.delivery import CALL, EVENT_CALL, ROLE_CALL, CallSettings
from purgemap.errors import PurgemapError

SERVICES = frozenset({"cloudfront", "cloudwatch", "events", "sqs", "sts"})
"""The services that `Aws` creates clients for."""

LEDGER_SERVICES = frozenset({"dynamodb", "s3"})
"""More services, for a map with a content ledger. botocore's handlers of S3 would delay every other start."""

HEAD_THREADS = 32
"""The heads of objects that are read at the same time."""

# One endpoint of these serves all regions, so their calls need no region.
_GLOBAL_SERVICES = {"cloudfront", "sts"}

LEDGER_CALL = CallSettings(attempts=1, connect_timeout=1, read_timeout=2)
"""A batch waits for these calls, so a slow one is given up: the object is invalidated, or the ledger retries."""

_SETTINGS = {"events": EVENT_CALL, "sts": ROLE_CALL}


@cache  # on first use: each takes 0.04 ms, and a start needs one of them
def client_config(service: str) -> Config:
    """Return the attempts and timeouts of a service's calls."""
    return _config(_SETTINGS.get(service, CALL))


def _config(settings: CallSettings, **more: Any) -> Config:
    # Not adaptive: that mode once delayed a call for half a minute.
    return Config(
        retries={"mode": "standard", "total_max_attempts": settings.attempts},
        connect_timeout=settings.connect_timeout,
        read_timeout=settings.read_timeout,
        user_agent_extra="purgemap",
        **more,
    )


_ANSWER_PARSERS = AnswerParserFactory()

# Only the function's zip has it: the certificates of botocore's file, one by one, as OpenSSL finds them by subject.
_CA_DIRECTORY = Path(DEFAULT_CA_BUNDLE).with_suffix("")


class Aws:
    """Clients with the region, endpoints and credentials of botocore's settings.

    A `region` or an `endpoint_url` replaces botocore's. `ledger_call` adds LEDGER_SERVICES, with its timeouts. Raises
    PurgemapError for an incomplete access key.
    """

    def __init__(
        self,
        *,
        region: str | None = None,
        endpoint_url: str | None = None,
        ledger_call: CallSettings | None = None,
    ) -> None:
        self._services = SERVICES | LEDGER_SERVICES if ledger_call else SERVICES
        self._ledger_call = ledger_call or CALL
        self._session = _create_session(self._services)
        with translate_errors():
            # The first of botocore's providers. Creating the others, which follow only without a key, takes 0.6 ms.
            self._session._credentials = EnvProvider().load()  # noqa: SLF001
            self._region = region or find_region(self._session)
        self._endpoint_url = endpoint_url
        self._clients: dict[tuple[str, str | None, str | None], Any] = {}
        # botocore creates clients in one thread only; calls may come from several.
        self._lock = threading.Lock()

    def in_region(self, region: str) -> "Aws":
        """Return the same session's clients for another region."""
        other = copy.copy(self)
        other._region, other._clients = region, {}  # noqa: SLF001  a copy of this class
        return other

    def check(self, service: str = "cloudfront") -> None:
        """Raise PurgemapError, with a hint, if no call to a service can succeed."""
        with translate_errors():
            self.client(service)
            check_credentials(self._session)

    def client(self, service: str, role_arn: str | None = None, external_id: str | None = None) -> Any:
        """Return the client of a service, with a role's permissions if `role_arn` is given."""
        key = (service, role_arn, external_id)
        with self._lock:
            if key not in self._clients:
                session = self._session if role_arn is None else self._role_session(role_arn, external_id)
                self._clients[key] = self._create_client(session, service)
            return self._clients[key]

    def _create_client(self, session: Any, service: str) -> Any:
        region = self._region or ("us-east-1" if service in _GLOBAL_SERVICES else None)
        if service in LEDGER_SERVICES:
            config = _config(self._ledger_call, max_pool_connections=HEAD_THREADS)
        else:
            config = client_config(service)
        return create_client(session, service, region_name=region, endpoint_url=self._endpoint_url, config=config)

    def _create_sts_client(self) -> Any:
        # A new one for each session of a role: a connection kept for an hour may be dead, and there is one attempt.
        with self._lock:
            return self._create_client(self._session, "sts")

    def _role_session(self, role_arn: str, external_id: str | None) -> Any:
        # Without credentials, AssumeRole would fail with another error than every other call.
        if self._session.get_credentials() is None:
            raise NoCredentialsError
        session = _create_session(self._services)
        # All roles share botocore's service descriptions: unpruned, they take ten megabytes each.
        session.register_component("data_loader", self._session.get_component("data_loader"))
        # botocore's profiles set this attribute, too.
        session._credentials = RoleCredentials(self._create_sts_client, role_arn, external_id)  # noqa: SLF001
        return session


def find_region(session: Any) -> str | None:
    """Find the region: AWS_DEFAULT_REGION, the profile's, else AWS_REGION."""
    # boto3 ignores AWS_REGION, which the AWS CLI and Lambda set.
    return session.get_config_variable("region") or os.environ.get("AWS_REGION") or None


def create_client(session: Any, service: str, **settings: Any) -> Any:
    """Create a client whose calls raise ForeignAnswerError; raises PurgemapError for an invalid endpoint."""
    session.register_component("response_parser_factory", _ANSWER_PARSERS)
    try:
        client = session.create_client(service, **settings)
    except BotoCoreError:
        raise
    except ValueError as error:  # botocore has no error of its own for this
        raise PurgemapError(f"{error}; an endpoint, as in AWS_ENDPOINT_URL, is a URL: http://localhost:4566") from error
    _use_ca_directory(client)
    return client


def _use_ca_directory(client: Any) -> None:
    """Verify servers with the CA directory in place of botocore's own file; other certificates win as before."""
    # botocore has no setting for a directory. This method sets the certificates of urllib3's pool before each request.
    # With a later botocore that has another method, the client uses the file.
    http = client._endpoint.http_session  # noqa: SLF001
    set_up = getattr(http, "_setup_ssl_cert", None)
    if set_up is None or not _CA_DIRECTORY.is_dir():
        return

    def set_up_with_directory(pool: Any, *arguments: Any) -> None:
        set_up(pool, *arguments)
        if pool.ca_certs == DEFAULT_CA_BUNDLE:
            # In this order, so that a connection of another thread finds one of the two.
            pool.ca_cert_dir, pool.ca_certs = str(_CA_DIRECTORY), None

    http._setup_ssl_cert = set_up_with_directory  # noqa: SLF001


def check_credentials(session: Any) -> None:
    """Raise botocore's error if there are no credentials, or a profile's cannot be fetched."""
    credentials = session.get_credentials()
    if credentials is None:
        raise NoCredentialsError
    credentials.get_frozen_credentials()


def _create_session(services: frozenset[str]) -> botocore.session.Session:
    # Nine in ten of botocore's event handlers are for other services or documentation. Registering them all takes
    # longer than creating a client.
    session = botocore.session.Session(include_builtin_handlers=False)
    for event, handler, *order in BUILTIN_HANDLERS:
        service = event.partition(".")[2].partition(".")[0]
        if not service or service in services:
            if order and order[0] is REGISTER_FIRST:  # of S3
                session.get_component("event_emitter").register_first(event, handler)
            else:
                session.register(event, handler)
    return session
