"""CloudFront's errors: code, HTTP status and the message seen on the wire.

Modelled codes and statuses: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateInvalidation.html
Common ones: https://docs.aws.amazon.com/cloudfront/latest/APIReference/CommonErrors.html
"""

from typing import Final, Literal

ERRORS: Final = {
    "AccessDenied": (403, "User is not authorized to perform this action."),
    "BatchTooLarge": (413, "Your request contains too many invalidation paths."),
    "EntityNotFound": (404, "The specified distribution tenant does not exist."),
    "InconsistentQuantities": (400, "The value of Quantity and the number of Items don't match."),
    "InternalFailure": (500, "We encountered an internal error. Please try again."),
    "InvalidArgument": (400, "Your request contains one or more invalid invalidation paths."),
    "InvalidationBatchAlreadyExists": (409, "The caller reference belongs to another invalidation batch."),
    "InvalidClientTokenId": (403, "The security token included in the request is invalid."),
    "MalformedXML": (400, "The XML document is malformed."),
    "MissingBody": (400, "This operation requires a body. Ensure that the body is present."),
    "NoSuchDistribution": (404, "The specified distribution does not exist."),
    "NoSuchInvalidation": (404, "The specified invalidation does not exist."),
    "NoSuchResource": (404, "The requested resource does not exist."),
    "OptInRequired": (403, "The AWS access key ID needs a subscription for the service."),
    "RequestExpired": (400, "The request reached the service more than 15 minutes after its date stamp."),
    # https://github.com/chetan/invalidate-cloudfront-action/issues/18
    "ServiceUnavailable": (503, "CloudFront encountered an internal error. Please try again."),
    # HTTP 400, not 429: https://github.com/aws/aws-sdk-js/issues/3983
    "Throttling": (400, "Rate exceeded"),
    # https://github.com/mdn/developer-portal/issues/1134
    "TooManyInvalidationsInProgress": (
        400,
        "Processing your request will cause you to exceed the maximum number of in-progress invalidations.",
    ),
}


class ServiceError(Exception):
    """CloudFront refused a call."""

    def __init__(self, code: str, message: str = "", status: int = 0) -> None:
        known_status, known_message = ERRORS[code]
        self.code = code
        self.message = message or known_message
        self.status = status or known_status
        super().__init__(f"{self.code} ({self.status}): {self.message}")


class ConnectionCutError(Exception):
    """The connection ended without an answer; `cut` says if the call was processed first."""

    def __init__(self, cut: Literal["before", "after"]) -> None:
        self.cut = cut
        super().__init__(f"connection cut {cut} processing")
