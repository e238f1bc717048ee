"""The usual design in a burst: one function per event, one call per object.

EventBridge invokes the function asynchronously. A failed event is retried twice, after one and two minutes, and then
lost: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html. Its botocore tries a call
three times, as mode `standard` does: https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html. As
many functions as there are events may run at once, which is kinder than an account's quota of a thousand.
"""

from collections.abc import Iterator
from heapq import heapify, heappop, heappush
from random import Random

from simulation.bursts import BUCKET, Burst, build_environment, distribution_of, keys_of, settings_of
from support.doubles.clock import Clock
from support.doubles.cloudfront import ACCOUNT, CloudFrontDouble, ServiceError

_SECONDS_UNTIL_TRIED_AGAIN = (60, 120)
_CALLS_PER_TRY = 3
_LAST_CALL = _CALLS_PER_TRY * (len(_SECONDS_UNTIL_TRIED_AGAIN) + 1) - 1


class Classic:
    """A burst with the classic design: the double, and the counts of its functions."""

    def __init__(self, burst: Burst) -> None:
        self.clock = Clock()
        self.double = CloudFrontDouble(self.clock, settings_of(burst))
        self.double.add(*build_environment(burst.distributions).sites.values())
        self.invocations = 0
        self.calls = 0
        self.lost = 0
        self._rng = Random(0)
        self._run(burst)

    def _run(self, burst: Burst) -> None:
        """Change each object in its turn, and make the calls of its function when they are due."""
        begin, keys = self.clock.now, keys_of(burst)
        for key in keys:
            self.double.view(*distribution_of(key))
        # When, a number that decides between what is due at once, whose function, and its calls so far.
        due = [(begin + n * burst.seconds / len(keys), n, key, 0) for n, key in enumerate(keys)]
        heapify(due)
        while due:
            at, number, key, call = heappop(due)
            self.clock.now = max(at, self.clock.now)
            if call == 0:
                self.double.put(BUCKET, key)
            for seconds in self._call(key, call):
                heappush(due, (at + seconds, number, key, call + 1))
        self.clock.now = self.double.settled_at()

    def _call(self, key: str, call: int) -> Iterator[float]:
        """Make a call; yield the seconds until the next call, if there is one."""
        self.invocations += call % _CALLS_PER_TRY == 0
        self.calls += 1
        distribution, path = distribution_of(key)
        try:
            self.double.create_invalidation(ACCOUNT, distribution, [path], f"{key}-{call}")
        except ServiceError:
            if call == _LAST_CALL:
                self.lost += 1
                return
            tries, again = divmod(call + 1, _CALLS_PER_TRY)
            yield self._rng.random() * 2 ** (again - 1) if again else _SECONDS_UNTIL_TRIED_AGAIN[tries - 1]
        finally:
            # A call's record is counted above; nearly a million of them would only fill the memory.
            self.double.ledger.log.clear()
