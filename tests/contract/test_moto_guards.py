"""What moto alone does as AWS, and its patches must not break; and the guarantees of the embedded AWS."""

import re
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from purgemap.demo.local_aws import LocalAws, start_local_aws
from purgemap.demo.moto_patches.registry import check_version
from purgemap.errors import PurgemapError
from support.local_site import BUCKET, Site, accepted_items, invalidate, received_events, send

pytest_plugins = ["support.local_aws_fixtures"]

ODD_KEYS = ["a b+c~d.html", "100%.html", "50%25.html", "q?#&=.html", "quote's \"(x)*.html", "é/日本.html", "a//b", "a/"]


def test_moto_sends_version_ids_of_a_versioned_bucket(site: Site) -> None:
    site.version()
    version = site.put("page.html")["VersionId"]
    assert site.events()[0]["detail"]["object"]["version-id"] == version


def test_moto_sends_no_event_for_a_missing_version(site: Site) -> None:
    site.version()
    site.put("page.html")
    site.events()
    site.s3.delete_object(Bucket=BUCKET, Key="page.html", VersionId=str(uuid.uuid4()))
    assert site.events() == []


@pytest.mark.parametrize("key", ODD_KEYS)
def test_moto_sends_keys_without_encoding(site: Site, key: str) -> None:
    site.put(key)
    site.s3.delete_object(Bucket=BUCKET, Key=key)
    assert [event["detail"]["object"]["key"] for event in site.events()] == [key, key]


def test_moto_returns_that_event_bridge_is_off(site: Site) -> None:
    site.s3.put_bucket_notification_configuration(Bucket=BUCKET, NotificationConfiguration={})
    assert "EventBridgeConfiguration" not in site.s3.get_bucket_notification_configuration(Bucket=BUCKET)


def test_moto_counts_visible_delayed_and_in_flight_messages(aws: LocalAws) -> None:
    sqs = aws.client("sqs")
    queue_url = sqs.create_queue(QueueName="counted")["QueueUrl"]
    send(sqs, queue_url, 20)
    sqs.send_message(QueueUrl=queue_url, MessageBody="later", DelaySeconds=900)
    sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=5, VisibilityTimeout=3_600)
    attributes = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["All"])["Attributes"]
    counts = {name.removeprefix("ApproximateNumberOf"): n for name, n in attributes.items() if "NumberOf" in name}
    assert counts == {"Messages": "15", "MessagesNotVisible": "5", "MessagesDelayed": "1"}
    one = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["ApproximateNumberOfMessages"])
    assert one["Attributes"] == {"ApproximateNumberOfMessages": "15"}


def test_moto_moves_a_message_received_too_often(aws: LocalAws) -> None:
    sqs = aws.client("sqs")
    queue_url, dead_letter_url = aws.create_queues(BUCKET)
    sqs.send_message(QueueUrl=queue_url, MessageBody='{"poison": true}')
    counts = []
    while messages := sqs.receive_message(
        QueueUrl=queue_url, VisibilityTimeout=0, MessageSystemAttributeNames=["All"]
    ).get("Messages"):
        counts.append(messages[0]["Attributes"]["ApproximateReceiveCount"])
    assert counts == ["1", "2", "3", "4", "5"]
    (poison,) = received_events(aws, dead_letter_url)
    assert poison == {"poison": True}


def test_moto_ends_a_long_poll_with_the_first_message(aws: LocalAws) -> None:
    sqs = aws.client("sqs")
    queue_url = sqs.create_queue(QueueName="slow")["QueueUrl"]
    started = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(sqs.receive_message, QueueUrl=queue_url, WaitTimeSeconds=20)
        sqs.send_message(QueueUrl=queue_url, MessageBody="now")
        assert waiting.result()["Messages"][0]["Body"] == "now"
    assert time.monotonic() - started < 20, "the poll waited until its end"


def test_local_aws_creates_a_distribution_with_an_id(aws: LocalAws) -> None:
    aws.create_distribution("E2EXAMPLE1ABCD", "222222222222")
    answer = aws.client("cloudfront", "222222222222").get_distribution(Id="E2EXAMPLE1ABCD")
    assert answer["Distribution"]["ARN"] == "arn:aws:cloudfront::222222222222:distribution/E2EXAMPLE1ABCD"


def test_moto_accepts_a_reference_for_two_distributions(aws: LocalAws) -> None:
    one, other = aws.create_distribution(), aws.create_distribution()
    invalidate(aws, one, ["/a"], "reference")
    invalidate(aws, other, ["/b"], "reference")
    assert accepted_items(aws) == {one: [["/a"]], other: [["/b"]]}


def test_moto_refuses_an_unknown_distribution(aws: LocalAws) -> None:
    with pytest.raises(ClientError, match="NoSuchDistribution"):
        invalidate(aws, "E0MISSING00000", ["/x"])
    with pytest.raises(ClientError, match="NoSuchDistribution"):
        aws.client("cloudfront").get_invalidation(DistributionId="E0MISSING00000", Id="I1")


def test_moto_accepts_valid_paths(aws: LocalAws) -> None:
    items = ["/", "/*", "/a*b", "/a%20b", "/%7E", "/!$&'()*+,;:@=-_.", "/?*", "/x?a=1", "#site-docs", "/" + "a" * 3_999]
    distribution = aws.create_distribution()
    invalidate(aws, distribution, items)
    assert accepted_items(aws) == {distribution: [items]}


def test_check_version_refuses_another_version_of_moto() -> None:
    with pytest.raises(PurgemapError, match=re.escape("pip install 'purgemap[demo]'")):
        check_version("9.9.9")


def test_local_aws_ignores_the_callers_profile_and_endpoint(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nowhere")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://s3.example.invalid")
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example.invalid")
    running: LocalAws = request.getfixturevalue("aws")
    assert running.endpoint_url.startswith("http://127.0.0.1:")
    running.create_site_bucket(BUCKET)


def test_local_aws_ignores_the_callers_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "example.com")
    with start_local_aws() as aws:
        assert aws.client("s3").list_buckets()["Buckets"] == []
