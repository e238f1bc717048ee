"""Fetch a role's credentials with AssumeRole, and renew them before they expire."""

from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Any

from botocore.credentials import DeferredRefreshableCredentials

from purgemap.aws.answers import ForeignAnswerError

_FIELDS = {"access_key": "AccessKeyId", "secret_key": "SecretAccessKey", "token": "SessionToken"}


class RoleCredentials(DeferredRefreshableCredentials):  # type: ignore[misc]  # botocore has no annotations
    """Credentials that are fetched on first use, and again in the last ten minutes of their session."""

    # botocore's own are renewed five minutes earlier, and ignore a failure. Then each attempt of a call to CloudFront
    # waits for AssumeRole again, and exceeds its time.
    _advisory_refresh_timeout = DeferredRefreshableCredentials._mandatory_refresh_timeout  # noqa: SLF001

    def __init__(self, create_client: Callable[[], Any], role_arn: str, external_id: str | None) -> None:
        request = {"RoleArn": role_arn, "RoleSessionName": "purgemap"}
        if external_id:
            request["ExternalId"] = external_id
        super().__init__(
            refresh_using=lambda: _parse_credentials(create_client().assume_role(**request)), method="assume-role"
        )


def _parse_credentials(answer: Mapping[str, Any]) -> dict[str, str]:
    """Parse AssumeRole's answer; raises ForeignAnswerError."""
    # Without these checks, invalid credentials would be used until they expire.
    try:
        fields = answer["Credentials"]
        credentials = {name: str(fields[field]) for name, field in _FIELDS.items()}
        # botocore compares times with a zone, so a time without one would fail every later call.
        credentials["expiry_time"] = fields["Expiration"].astimezone(UTC).isoformat()
    except (AttributeError, KeyError, OverflowError, TypeError) as error:
        raise ForeignAnswerError(answer="AssumeRole with incomplete credentials") from error
    if not all(credentials.values()):
        raise ForeignAnswerError(answer="AssumeRole with empty credentials")
    return credentials
