"""Attempts and timeouts of the calls to AWS, and the seconds that a function needs for one."""

from typing import NamedTuple

# urllib3 spends the connect timeout on each address of a host; there is time for two.
MAX_ADDRESSES = 2

# botocore's standard mode waits up to 2**n seconds before its n-th retry (n from 0). A response with the header
# x-amz-retry-after adds up to 5 seconds.
_MAX_RETRY_AFTER_SECONDS = 5


class CallSettings(NamedTuple):
    """The attempts of a call, and their timeouts in seconds."""

    attempts: int
    connect_timeout: int
    read_timeout: int

    @property
    def max_seconds(self) -> int:
        """The seconds of a call in which every attempt times out."""
        attempt_seconds = MAX_ADDRESSES * self.connect_timeout + self.read_timeout
        back_off = sum((1 << retry) + _MAX_RETRY_AFTER_SECONDS for retry in range(self.attempts - 1))
        return self.attempts * attempt_seconds + back_off


# Short timeouts: a job that is not accepted soon is deferred. CloudFront recognises a repeated request, so it costs
# nothing if the answer was only late.
CALL = CallSettings(attempts=2, connect_timeout=1, read_timeout=5)

# The first call with a role needs this time as well. If STS fails, the job is deferred, so there is one attempt.
ROLE_CALL = CallSettings(attempts=1, connect_timeout=1, read_timeout=2)

# Completion events are for people and caches, so a slow event bus takes little of the function's time.
EVENT_CALL = CallSettings(attempts=1, connect_timeout=1, read_timeout=3)

# SQS accepts some thousand deferred jobs in this time. If SQS is slow as well, the function times out, and Lambda
# retries the batch.
ENQUEUE_SECONDS = 6

MIN_SECONDS_FOR_CALL = ROLE_CALL.max_seconds + CALL.max_seconds + ENQUEUE_SECONDS
