"""The heads of objects when S3 hangs."""

from threading import Event
from typing import Any

from purgemap.aws import LEDGER_CALL, Aws
from purgemap.aws.ledger import AwsObjectHeads
from purgemap.routemap import Distribution
from support.doubles.clock import Clock
from support.ids import E1


class HangingSession:
    """botocore's connections, whose requests end only when the test ends."""

    def __init__(self) -> None:
        self.end = Event()

    def send(self, _request: Any) -> Any:
        self.end.wait()
        raise OSError

    def close(self) -> None:
        pass


def test_head_does_not_wait_for_a_call_that_hangs() -> None:
    clock, session, clients = Clock(), HangingSession(), Aws(region="eu-west-1", ledger_call=LEDGER_CALL)
    clients.client("s3")._endpoint.http_session = session  # noqa: SLF001
    edge = AwsObjectHeads(clients, lambda _: None, clock)
    try:
        assert edge.head([(("site", "a"), Distribution(E1))] * 100, clock.now + 0.01) == [None] * 100
    finally:
        session.end.set()
