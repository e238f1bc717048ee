"""A CloudFront double with four sites, and the codes of its refusals."""

from collections.abc import Callable

import pytest

from support.doubles.cloudfront import Clock, CloudFrontDouble, ServiceError, Settings, Site

OTHER_ACCOUNT = "222222222222"
UNMETERED = Settings(path_rate=None, wildcard_rate=None, call_rate=None)
ALL = ["/*"]


def create_double(settings: Settings = UNMETERED) -> tuple[CloudFrontDouble, Clock]:
    clock = Clock()
    double = CloudFrontDouble(clock, settings, wait=clock.advance)
    double.add(
        Site(id="E1", bucket="site"),
        Site(id="E2", bucket="site"),
        Site(id="dt_1", bucket="site", tenant=True),
        Site(id="E9", bucket="site", account=OTHER_ACCOUNT),
    )
    return double, clock


def refusal_code(call: Callable[[], object]) -> str:
    with pytest.raises(ServiceError) as refused:
        call()
    return refused.value.code
