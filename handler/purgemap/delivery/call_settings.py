"""Attempts and timeouts of the calls to AWS, and the time of the function that has to be left when one starts."""

from typing import NamedTuple

# urllib3 tries each address of a name for the whole connect timeout; there is room for two.
ADDRESSES = 2

# botocore's standard mode waits for up to 2**n seconds before its n-th retry, n from 0, and for up to 5 more where the
# answer has the header x-amz-retry-after.
_MOST_RETRY_AFTER_SECONDS = 5


class CallSettings(NamedTuple):
    """The attempts of one call, and their timeouts in whole seconds."""

    attempts: int
    connect_timeout: int
    read_timeout: int

    @property
    def longest_seconds(self) -> int:
        """Return the seconds of a call whose every attempt runs into its timeouts."""
        seconds_of_an_attempt = ADDRESSES * self.connect_timeout + self.read_timeout
        back_off = sum((1 << retry) + _MOST_RETRY_AFTER_SECONDS for retry in range(self.attempts - 1))
        return self.attempts * seconds_of_an_attempt + back_off


# Short timeouts: what is not accepted at once is deferred, not waited for. A repeated request is the same one to
# CloudFront, so an answer that came too late costs nothing.
CALL = CallSettings(attempts=2, connect_timeout=1, read_timeout=5)

# A role's first call has to fit into the same time. Its job is deferred if STS fails, which is the second attempt.
ROLE_CALL = CallSettings(attempts=1, connect_timeout=1, read_timeout=2)

# Enough for SQS to take some thousand deferred jobs. If it is slow, too, the function's time ends first, and Lambda
# gives the batch back.
SECONDS_TO_DEFER = 6

MIN_SECONDS_FOR_CALL = ROLE_CALL.longest_seconds + CALL.longest_seconds + SECONDS_TO_DEFER
