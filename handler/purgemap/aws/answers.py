"""Check that AWS itself gave an answer, and all of it.

botocore's parsers raise errors of their own for a proxy's page, a network's sign-in page or a cut answer. Or they
return an answer without the fields that callers read.
"""

import json
import re
from typing import Any

from botocore.exceptions import BotoCoreError
from botocore.parsers import BaseJSONParser, ResponseParserFactory

# The fields that callers read of an answer, by its shape. Other answers are not read, or may be empty.
_FIELDS = {
    "AssumeRoleResponse": ("Credentials", "AccessKeyId"),
    "CreateChangeSetOutput": ("Id",),
    "CreateInvalidationForDistributionTenantResult": ("Invalidation", "Id"),
    "CreateInvalidationResult": ("Invalidation", "Id"),
    "DescribeChangeSetOutput": ("Status",),
    "DescribeStackEventsOutput": ("StackEvents",),
    "DescribeStacksOutput": ("Stacks",),
    "GetCachePolicyResult": ("CachePolicy", "CachePolicyConfig"),
    "GetCallerIdentityResponse": ("Account",),
    "GetDistributionConfigResult": ("DistributionConfig", "DefaultCacheBehavior"),
    "GetInvalidationForDistributionTenantResult": ("Invalidation", "InvalidationBatch", "Paths"),
    "GetInvalidationResult": ("Invalidation", "InvalidationBatch", "Paths"),
    "GetQueueAttributesResult": ("Attributes",),
    "HeadObjectOutput": ("LastModified",),
    "ListDistributionsResult": ("DistributionList", "IsTruncated"),
    "ListInvalidationsForDistributionTenantResult": ("InvalidationList", "IsTruncated"),
    "ListInvalidationsResult": ("InvalidationList", "IsTruncated"),
    "PutEventsResponse": ("Entries",),
}
_PAGE = re.compile(rb"\s*<(?:!doctype )?html", re.IGNORECASE)
_ERROR_STATUS, _SERVER_ERROR_STATUS = 300, 500


class ForeignAnswerError(BotoCoreError):  # type: ignore[misc]  # botocore has no annotations
    """An answer that AWS did not give, or an incomplete one."""

    # Without the body, which may hold credentials.
    fmt = "the answer is not AWS's ({answer}); check HTTPS_PROXY, AWS_ENDPOINT_URL and the network's sign-in page"


class AnswerParserFactory(ResponseParserFactory):  # type: ignore[misc]
    """botocore's parsers, which raise ForeignAnswerError."""

    def create_parser(self, protocol_name: str) -> "_AnswerParser":
        """Return the parser of a protocol."""
        return _AnswerParser(super().create_parser(protocol_name))


class _AnswerParser:
    def __init__(self, parser: Any) -> None:
        self._parser = parser

    def parse(self, response: dict[str, Any], shape: Any) -> Any:
        """Parse an answer: its status code, headers and body; raises ForeignAnswerError."""
        try:
            parsed = self._parser.parse(response, shape)
            is_foreign = _is_page(response) or not self._is_whole(response, shape, parsed)
        except Exception as error:  # botocore's parsers raise KeyError, AttributeError and more
            raise ForeignAnswerError(answer=_describe(response)) from error
        if is_foreign:
            raise ForeignAnswerError(answer=_describe(response))
        return parsed

    def _is_whole(self, response: dict[str, Any], shape: Any, parsed: Any) -> bool:
        if shape is None or response["status_code"] >= _ERROR_STATUS:
            return isinstance(parsed, dict)
        # botocore parses a body that is not JSON as an answer without fields.
        if isinstance(self._parser, BaseJSONParser) and not isinstance(json.loads(response["body"]), dict):
            return False
        for field in _FIELDS.get(shape.name, ()):
            if parsed.get(field) in (None, ""):
                return False
            parsed = parsed[field]
        return True


def _is_page(response: dict[str, Any]) -> bool:
    # AWS answers some server errors with a page.
    body = response["body"]
    is_server_error = response["status_code"] >= _SERVER_ERROR_STATUS
    return isinstance(body, bytes) and not is_server_error and _PAGE.match(body) is not None


def _describe(response: dict[str, Any]) -> str:
    content_type = response["headers"].get("content-type") or "no content type"
    return f"HTTP {response['status_code']}, {content_type}"
