"""CloudFront, SQS and STS by way of botocore."""

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.credentials import EnvProvider
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, ParamValidationError
from botocore.handlers import BUILTIN_HANDLERS

from purgemap.aws.answers import AnswerParserFactory
from purgemap.aws.errors import describe_error, error_code, translate_errors
from purgemap.aws.role_credentials import RoleCredentials
from purgemap.delivery import CALL, ROLE_CALL, CallSettings, FailureKind, InvalidationError, QueueMessage
from purgemap.errors import PurgemapError
from purgemap.routemap import TENANT, Distribution

SERVICES = frozenset({"cloudfront", "cloudwatch", "sqs", "sts"})
"""What `Aws` makes clients of."""

# One endpoint serves all regions of these, so a missing region must not refuse a call.
_GLOBAL_SERVICES = {"cloudfront", "sts"}


def _config(settings: CallSettings) -> Config:
    # botocore's adaptive mode was seen to hold one call back for half a minute.
    return Config(
        retries={"mode": "standard", "total_max_attempts": settings.attempts},
        connect_timeout=settings.connect_timeout,
        read_timeout=settings.read_timeout,
        user_agent_extra="purgemap",
    )


CONFIGS = {service: _config(ROLE_CALL if service == "sts" else CALL) for service in SERVICES}

_ANSWER_PARSERS = AnswerParserFactory()

# Codes beside the documented ones are seen in the field: Throttling has no model, and comes as HTTP 400.
# https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateInvalidation.html#API_CreateInvalidation_Errors
_REFUSALS = {
    "TooManyInvalidationsInProgress": FailureKind.QUOTA_EXCEEDED,
    "Throttling": FailureKind.THROTTLED,
    "ThrottlingException": FailureKind.THROTTLED,
    "TooManyRequestsException": FailureKind.THROTTLED,
    "RequestLimitExceeded": FailureKind.THROTTLED,
    "AccessDenied": FailureKind.ACCESS_DENIED,
    "AccessDeniedException": FailureKind.ACCESS_DENIED,
    "NoSuchDistribution": FailureKind.NOT_FOUND,
    "EntityNotFound": FailureKind.NOT_FOUND,
    "InvalidArgument": FailureKind.INVALID_ARGUMENT,
    "InvalidationBatchAlreadyExists": FailureKind.INVALID_ARGUMENT,
    "InconsistentQuantities": FailureKind.INVALID_ARGUMENT,
    "BatchTooLarge": FailureKind.INVALID_ARGUMENT,
}

# SendMessageBatch takes ten messages, and no more in all than one message may have.
_ENTRIES_PER_CALL = 10
_BYTES_PER_CALL = 256 * 1024


class Aws:
    """Clients with the region, endpoints and credentials that botocore finds, one per service and role.

    A region or an endpoint that is given replaces botocore's. Raises PurgemapError for half of a key.
    """

    def __init__(self, *, region: str | None = None, endpoint_url: str | None = None) -> None:
        self._session = _session()
        with translate_errors():
            # The first of botocore's own providers. To make the others, which follow if it finds nothing, takes 0.6 ms.
            self._session._credentials = EnvProvider().load()  # noqa: SLF001
            self._region = region or find_region(self._session)
        self._endpoint_url = endpoint_url
        self._clients: dict[tuple[str, str | None, str | None], Any] = {}
        # Making clients is not thread-safe in botocore; using them is.
        self._lock = threading.Lock()

    def check(self, service: str = "cloudfront") -> None:
        """Raise PurgemapError, with what to set, where no call to a service can succeed."""
        with translate_errors():
            self.client(service)
            check_credentials(self._session)

    def client(self, service: str, role_arn: str | None = None, external_id: str | None = None) -> Any:
        """Return the client of one of SERVICES, with the rights of a role where one is named."""
        key = (service, role_arn, external_id)
        with self._lock:
            if key not in self._clients:
                session = self._session if role_arn is None else self._assume(role_arn, external_id)
                self._clients[key] = self._create(session, service)
            return self._clients[key]

    def _create(self, session: Any, service: str) -> Any:
        region = self._region or ("us-east-1" if service in _GLOBAL_SERVICES else None)
        return create_client(
            session, service, region_name=region, endpoint_url=self._endpoint_url, config=CONFIGS[service]
        )

    def _create_sts(self) -> Any:
        # A new one each time: a connection that was kept for an hour may be dead, and there is one attempt.
        with self._lock:
            return self._create(self._session, "sts")

    def _assume(self, role_arn: str, external_id: str | None) -> Any:
        """Make a session with the credentials of a role.

        Raises NoCredentialsError where there are none to assume the role with, as every other call does.
        """
        if self._session.get_credentials() is None:
            raise NoCredentialsError
        session = _session()
        # What botocore's data says of services is read once for all roles: ten megabytes each, unpruned.
        session.register_component("data_loader", self._session.get_component("data_loader"))
        session._credentials = RoleCredentials(self._create_sts, role_arn, external_id)  # noqa: SLF001  as botocore's profiles do
        return session


def find_region(session: Any) -> str | None:
    """Find boto3's region (AWS_DEFAULT_REGION, then the profile's), else AWS_REGION, which boto3 ignores."""
    return session.get_config_variable("region") or os.environ.get("AWS_REGION") or None


def create_client(session: Any, service: str, **settings: Any) -> Any:
    """Make a client, whose calls raise ForeignAnswerError for what AWS did not answer.

    Raises PurgemapError for an endpoint that is not a URL: botocore has no error of its own for that.
    """
    session.register_component("response_parser_factory", _ANSWER_PARSERS)
    try:
        return session.create_client(service, **settings)
    except BotoCoreError:
        raise
    except ValueError as error:
        raise PurgemapError(f"{error}; an endpoint, as in AWS_ENDPOINT_URL, is a URL: http://localhost:4566") from error


def check_credentials(session: Any) -> None:
    """Raise what botocore does where there are no credentials, or where those of a profile can't be fetched."""
    credentials = session.get_credentials()
    if credentials is None:
        raise NoCredentialsError
    credentials.get_frozen_credentials()


def _session() -> botocore.session.Session:
    """Make a session with botocore's own event handlers, but for those of other services and of documentation.

    Nine in ten are, and registering all of them takes longer than making a client.
    """
    session = botocore.session.Session(include_builtin_handlers=False)
    for event, handler, *_ in BUILTIN_HANDLERS:
        _, _, of = event.partition(".")
        if not of or of.partition(".")[0] in SERVICES:
            session.register(event, handler)
    return session


class AwsCloudFront:
    """`delivery.CloudFront` over real clients."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        aws.client("cloudfront")

    def create_invalidation(self, distribution: Distribution, items: tuple[str, ...], caller_reference: str) -> str:
        """Ask for an invalidation and return its id; raises RefusedError."""
        batch = {"Paths": {"Quantity": len(items), "Items": list(items)}, "CallerReference": caller_reference}
        with _refusals():
            client = self._aws.client("cloudfront", distribution.role_arn, distribution.external_id)
            if distribution.id.startswith(TENANT):
                tenant = distribution.id.removeprefix(TENANT)
                answer = client.create_invalidation_for_distribution_tenant(Id=tenant, InvalidationBatch=batch)
            else:
                answer = client.create_invalidation(DistributionId=distribution.id, InvalidationBatch=batch)
            return str(answer["Invalidation"]["Id"])


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn whatever a call raises, or the role behind it, into a refusal: others of the batch must still be called."""
    try:
        yield
    except ClientError as error:
        raise InvalidationError(
            _REFUSALS.get(error_code(error), FailureKind.SERVER_ERROR), describe_error(error)
        ) from error
    except ParamValidationError as error:
        raise InvalidationError(FailureKind.INVALID_ARGUMENT, str(error)) from error
    except Exception as error:
        raise InvalidationError(FailureKind.SERVER_ERROR, describe_error(error)) from error


class SqsQueue:
    """`keeping.Queue` over SendMessageBatch."""

    def __init__(self, aws: Aws, url: str) -> None:
        self._aws = aws
        self._url = url

    def send(self, messages: Sequence[QueueMessage]) -> list[str]:
        """Send messages; returns for each why it was not kept, "" if it was."""
        reasons = ["not sent"] * len(messages)
        for places in _calls(messages):
            for place, reason in self._send(messages, places).items():
                reasons[place] = reason
        return reasons

    def _send(self, messages: Sequence[QueueMessage], places: Sequence[int]) -> dict[int, str]:
        entries = [
            {"Id": str(place), "MessageBody": messages[place].body, "DelaySeconds": messages[place].delay}
            for place in places
        ]
        try:
            answer = self._aws.client("sqs").send_message_batch(QueueUrl=self._url, Entries=entries)
            return {place: reason for place, reason in _parse_reasons(answer) if place in places}
        except Exception as error:  # noqa: BLE001  the records go back for whatever fails here
            return dict.fromkeys(places, describe_error(error))


def _parse_reasons(answer: Any) -> Iterator[tuple[int, str]]:
    """Parse SendMessageBatch's answer: the place of each message, and why it was not kept, "" if it was."""
    for entry in answer.get("Successful", []):
        yield int(entry["Id"]), ""
    for entry in answer.get("Failed", []):
        yield int(entry["Id"]), f"{entry['Code']}: {entry.get('Message', '')}"


def _calls(messages: Sequence[QueueMessage]) -> Iterator[list[int]]:
    """Share messages out over calls, by their places."""
    call: list[int] = []
    size = 0
    for place, message in enumerate(messages):
        length = len(message.body.encode())
        if call and (len(call) == _ENTRIES_PER_CALL or size + length > _BYTES_PER_CALL):
            yield call
            call, size = [], 0
        call.append(place)
        size += length
    if call:
        yield call
