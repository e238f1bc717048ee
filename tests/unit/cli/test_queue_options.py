"""Options of `redrive` and `status`: queues by URL or variable, and the region that a URL names."""

import pytest

from purgemap.cli.queue_options import QueueUrls, connect, find_queues, resolve_queue_urls
from purgemap.deployment.stack import DeployedStack


def test_queue_urls_come_from_options_before_variables() -> None:
    environment = {"PURGEMAP_QUEUE_URL": "q", "PURGEMAP_DEAD_LETTER_QUEUE_URL": "d"}
    assert resolve_queue_urls(None, None, environment) == QueueUrls("q", "d")
    assert resolve_queue_urls("x", None, environment) == QueueUrls("x", "d")
    assert resolve_queue_urls(None, None, {}) == QueueUrls(None, None)


@pytest.mark.parametrize(("queue", "dead_letters"), [("q", None), (None, "d"), ("q", "d")])
def test_queue_urls_that_are_named_need_no_stack(queue: str | None, dead_letters: str | None) -> None:
    def read(name: str) -> DeployedStack:
        raise AssertionError(name)

    options = {"queue_url": queue, "dead_letter_queue_url": dead_letters, "stack_name": "purgemap"}
    assert find_queues(options, read).urls == QueueUrls(queue, dead_letters)


@pytest.mark.parametrize(
    ("url", "region"),
    [
        ("https://sqs.eu-west-3.amazonaws.com/123456789012/purgemap", "eu-west-3"),
        ("https://sqs.cn-north-1.amazonaws.com.cn/123456789012/purgemap", "cn-north-1"),
        ("https://sqs.eusc-de-east-1.amazonaws.eu/123456789012/purgemap", "eusc-de-east-1"),
        ("https://sqs-fips.us-west-1.amazonaws.com/123456789012/purgemap", "us-west-1"),
        ("https://sqs.us-west-2.api.aws/123456789012/purgemap", "us-west-2"),
        ("http://127.0.0.1:5000/123456789012/purgemap", "eu-central-1"),
    ],
)
def test_connect_takes_region_from_queue_url(url: str, region: str) -> None:
    aws = connect(QueueUrls(url, None))
    assert aws.client("sqs").meta.region_name == region
