"""AssumeRole → the credentials of a role, renewed before they expire."""

from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Any

from botocore.credentials import DeferredRefreshableCredentials

from purgemap.aws.answers import ForeignAnswerError

_FIELDS = {"access_key": "AccessKeyId", "secret_key": "SecretAccessKey", "token": "SessionToken"}


class RoleCredentials(DeferredRefreshableCredentials):  # type: ignore[misc]  # botocore has no annotations
    """Credentials that are fetched on first use, and again in the last ten minutes of their session.

    botocore's own are renewed five minutes earlier, with a failure ignored: then each attempt of a call to CloudFront
    would wait for AssumeRole once more, and no longer fit its time.
    """

    _advisory_refresh_timeout = DeferredRefreshableCredentials._mandatory_refresh_timeout  # noqa: SLF001

    def __init__(self, create_client: Callable[[], Any], role_arn: str, external_id: str | None) -> None:
        request = {"RoleArn": role_arn, "RoleSessionName": "purgemap"}
        if external_id:
            request["ExternalId"] = external_id
        super().__init__(
            refresh_using=lambda: _parse_credentials(create_client().assume_role(**request)), method="assume-role"
        )


def _parse_credentials(answer: Mapping[str, Any]) -> dict[str, str]:
    """Parse AssumeRole's answer; raises ForeignAnswerError, as invalid credentials would be used until they expire."""
    try:
        given = answer["Credentials"]
        credentials = {name: str(given[field]) for name, field in _FIELDS.items()}
        # botocore compares times with a zone, and would fail at each later call for one without.
        credentials["expiry_time"] = given["Expiration"].astimezone(UTC).isoformat()
    except (AttributeError, KeyError, OverflowError, TypeError) as error:
        raise ForeignAnswerError(answer="AssumeRole without whole credentials") from error
    if not all(credentials.values()):
        raise ForeignAnswerError(answer="AssumeRole with empty credentials")
    return credentials
