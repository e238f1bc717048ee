"""The heads of objects when S3 hangs."""

from threading import Event
from typing import Any

from purgemap.aws.ledger import AwsObjectHeads
from purgemap.routemap import Distribution
from support.doubles.clock import Clock
from support.ids import E1


class HangingS3:
    """Clients whose calls end only when the test ends."""

    def __init__(self) -> None:
        self.end = Event()

    def client(self, *_: object) -> "HangingS3":
        return self

    def head_object(self, **_: Any) -> Any:
        self.end.wait()
        raise OSError


def test_head_does_not_wait_for_a_call_that_hangs() -> None:
    clock = Clock()
    s3: Any = HangingS3()
    edge = AwsObjectHeads(s3, lambda _: None, clock)
    try:
        assert edge.head([(("site", "a"), Distribution(E1))] * 100, clock.now + 0.01) == [None] * 100
    finally:
        s3.end.set()
