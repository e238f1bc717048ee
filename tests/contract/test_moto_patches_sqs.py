"""What AWS documents of rules and queues. Each test, over HTTP, fails with moto alone."""

import io
import zipfile
from concurrent.futures import ThreadPoolExecutor

from moto.sqs.models import sqs_backends

from purgemap.demo.local_aws import LocalAws
from support.call_counts import count_calls
from support.local_site import BUCKET, Site, received_events

pytest_plugins = ["support.local_aws_fixtures"]


def test_s3_events_reach_the_default_bus_only(site: Site) -> None:
    events, sqs = site.aws.client("events"), site.aws.client("sqs")
    events.create_event_bus(Name="custom")
    other = sqs.create_queue(QueueName="other")["QueueUrl"]
    events.put_rule(Name="custom", EventBusName="custom", EventPattern='{"source": ["aws.s3"]}')
    targets = [{"Id": "1", "Arn": "arn:aws:sqs:us-east-1:123456789012:other"}]
    events.put_targets(Rule="custom", EventBusName="custom", Targets=targets)
    site.put("page.html")
    assert len(site.events()) == 1
    assert received_events(site.aws, other) == []


def test_disabled_rule_delivers_nothing(site: Site) -> None:
    site.aws.client("events").disable_rule(Name="purgemap")
    site.put("page.html")
    assert site.events() == []


def test_failing_target_does_not_stop_other_targets(site: Site) -> None:
    events = site.aws.client("events")
    events.put_rule(Name="first", EventPattern='{"source": ["aws.s3"]}')
    function = "arn:aws:lambda:us-east-1:123456789012:function:missing"
    queue = "arn:aws:sqs:us-east-1:123456789012:missing"
    for rule in ("first", "purgemap"):
        events.put_targets(Rule=rule, Targets=[{"Id": "a", "Arn": function}, {"Id": "b", "Arn": queue}])
    events.put_targets(Rule="first", Targets=[{"Id": "c", "Arn": "arn:aws:sqs:us-east-1:123456789012:purgemap"}])
    site.put("page.html")
    assert len(site.events()) == 2


def test_put_event_is_delivered_as_aws_does(site: Site) -> None:
    events, sqs = site.aws.client("events"), site.aws.client("sqs")
    queue = site.aws.queue_arn(sqs.create_queue(QueueName="own")["QueueUrl"])
    events.put_rule(Name="own", EventPattern='{"source": ["acme"], "detail": {"sites": ["www"]}}')
    events.put_targets(Rule="own", Targets=[{"Id": "1", "Arn": queue}])
    details = ['{"sites": ["blog", "www"]}', '{"sites": ["blog"]}']
    events.put_events(Entries=[{"Source": "acme", "DetailType": "Done", "Detail": detail} for detail in details])
    (event,) = received_events(site.aws, sqs.get_queue_url(QueueName="own")["QueueUrl"])
    assert sorted(event) == sorted(
        ["version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"]
    )
    assert event["time"].endswith("Z")


def test_message_costs_the_same_in_a_long_queue(aws: LocalAws) -> None:
    aws.client("sqs").create_queue(QueueName="long")
    backend = sqs_backends["123456789012"]["us-east-1"]

    def send_and_receive() -> None:
        backend.send_message("long", "x")
        backend.receive_message("long", 1, 0, 600, [])

    send_and_receive()  # fills caches
    with_few = count_calls(send_and_receive)
    for _ in range(2_000):
        backend.send_message("long", "x")
    assert count_calls(send_and_receive) < 4 * with_few


def test_threads_receive_and_delete_each_message_once(aws: LocalAws) -> None:
    sqs = aws.client("sqs")
    queue_url = sqs.create_queue(QueueName="busy")["QueueUrl"]
    # Over HTTP moto alone fails too rarely for a test, so the threads use the queue itself.
    backend = sqs_backends["123456789012"]["us-east-1"]
    for number in range(2_000):
        backend.send_message("busy", str(number))

    def drain(_: int) -> list[str]:
        bodies = []
        while messages := backend.receive_message("busy", 10, 0, 3_600, []):
            for message in messages:
                bodies.append(message.body)
                backend.delete_message("busy", str(message.receipt_handle))
        return bodies

    with ThreadPoolExecutor(4) as pool:
        bodies = [body for received in pool.map(drain, range(4)) for body in received]
    assert len(bodies) == len(set(bodies)) == 2_000
    counts = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["All"])["Attributes"]
    assert {count for name, count in counts.items() if name.startswith("ApproximateNumberOf")} == {"0"}


def test_event_source_mapping_leaves_messages_in_the_queue(aws: LocalAws) -> None:
    sqs, function = aws.client("sqs"), aws.client("lambda")
    queue_url, _ = aws.create_queues(BUCKET)
    role = aws.client("iam").create_role(RoleName="purgemap", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("handler.py", "def handle(event, context): pass")
    function.create_function(
        FunctionName="purgemap",
        Runtime="python3.13",
        Role=role,
        Handler="handler.handle",
        Code={"ZipFile": code.getvalue()},
    )
    queue_arn = "arn:aws:sqs:us-east-1:123456789012:purgemap"
    function.create_event_source_mapping(FunctionName="purgemap", EventSourceArn=queue_arn)
    sqs.send_message(QueueUrl=queue_url, MessageBody="kept")
    (message,) = sqs.receive_message(QueueUrl=queue_url, MessageSystemAttributeNames=["All"])["Messages"]
    assert (message["Body"], message["Attributes"]["ApproximateReceiveCount"]) == ("kept", "1")
