"""The CloudFront double behind a socket, and the refusals that boto3 raises."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from time import sleep
from typing import Any

import pytest
from botocore.exceptions import ClientError

from support.double_with_sites import UNMETERED
from support.doubles.cloudfront import ACCOUNT, Caller, Clock, CloudFrontDouble, Fault, Settings, Site
from support.doubles.cloudfront_http import CloudFrontServer

MEMBER = "222222222222"
READ_TIMEOUT = 0.2  # seconds; on a busy machine more than one attempt may time out
CALLERS = {"central": Caller(ACCOUNT), "member": Caller(MEMBER, "arn:aws:iam::222222222222:role/purgemap")}

Client = Any  # boto3 publishes no types of its own
Session = Callable[..., Client]


@contextmanager
def serving(
    settings: Settings = UNMETERED, wait: Callable[[float], object] = sleep
) -> Iterator[tuple[CloudFrontDouble, str]]:
    double = CloudFrontDouble(Clock(), settings, wait=wait)
    double.add(
        Site(id="E1", bucket="site"),
        Site(id="E9", bucket="site", account=MEMBER),
        Site(id="dt_1", bucket="site", tenant=True),
    )
    with CloudFrontServer(double, CALLERS.get) as server:
        yield double, server.url


@contextmanager
def serving_one_late() -> Iterator[tuple[CloudFrontDouble, str]]:
    """Answer the first call only after the block, later than any client waits."""
    is_over = Event()
    with serving(wait=is_over.wait) as served:
        served[0].faults.add(Fault(delay=3_600))
        try:
            yield served
        finally:
            is_over.set()


def batch(*items: str, reference: str = "once", quantity: int | None = None) -> dict[str, Any]:
    paths = {"Quantity": len(items) if quantity is None else quantity, "Items": [*items]}
    return {"Paths": paths, "CallerReference": reference}


def refusal(call: Callable[[], object]) -> tuple[str, int]:
    with pytest.raises(ClientError) as refused:
        call()
    answer = refused.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]
