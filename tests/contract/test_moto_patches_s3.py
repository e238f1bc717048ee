"""What AWS documents of S3's events. Each test, over HTTP, fails with moto alone."""

import json
import re
import uuid
from collections.abc import Callable

import pytest
import urllib3

from purgemap.demo.local_aws import LocalAws
from support.local_site import BUCKET, Site

pytest_plugins = ["support.local_aws_fixtures"]


def test_created_event_has_exactly_the_documented_fields(site: Site) -> None:
    site.put("a b.html", b"body")
    (event,) = site.events()
    detail = event.pop("detail")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event.pop("time"))
    assert str(uuid.UUID(event["id"])) == event.pop("id")
    assert event == {
        "version": "0",
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": "123456789012",
        "region": "us-east-1",
        "resources": [f"arn:aws:s3:::{BUCKET}"],
    }
    assert re.fullmatch(r"[0-9A-F]{16}", detail.pop("request-id"))
    assert re.fullmatch(r"[0-9a-f]{16}", detail["object"].pop("sequencer"))
    assert detail == {
        "version": "0",
        "event-version": "1.2",
        "bucket": {"name": BUCKET},
        "object": {"key": "a b.html", "size": 4, "etag": "841a2d689ad86bd1611447453c22c6fc"},
        "requester": "123456789012",
        "source-ip-address": "127.0.0.1",
        "reason": "PutObject",
    }


def test_event_has_its_own_id_and_a_growing_sequencer(site: Site) -> None:
    for _ in range(5):
        site.put("page.html")
    events = site.events()
    sequencers = [int(event["detail"]["object"]["sequencer"], 16) for event in events]
    assert len({event["id"] for event in events}) == 5
    assert sequencers == sorted(set(sequencers))


def _put(site: Site) -> None:
    site.put("page.html", Tagging="team=web")


def _post(site: Site) -> None:
    form = site.s3.generate_presigned_post(BUCKET, "page.html")
    fields = {**form["fields"], "file": ("page.html", b"body")}
    assert urllib3.request("POST", form["url"], fields=fields).status == 204


def _copy(site: Site) -> None:
    site.put("source.html")
    site.events()
    site.s3.copy_object(
        Bucket=BUCKET, Key="page.html", CopySource={"Bucket": BUCKET, "Key": "source.html"}, TaggingDirective="REPLACE"
    )


def _multipart(site: Site) -> None:
    upload = {"Bucket": BUCKET, "Key": "page.html"}
    upload["UploadId"] = site.s3.create_multipart_upload(**upload)["UploadId"]
    part = site.s3.upload_part(**upload, PartNumber=1, Body=b"body")
    parts = [{"PartNumber": 1, "ETag": part["ETag"]}]
    site.s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})


@pytest.mark.parametrize(
    ("operation", "reason"),
    [
        (_put, "PutObject"),
        (_post, "POST Object"),
        (_copy, "CopyObject"),
        (_multipart, "CompleteMultipartUpload"),
    ],
)
def test_each_creation_sends_one_event_with_its_reason(
    site: Site, operation: Callable[[Site], None], reason: str
) -> None:
    operation(site)
    assert [(event["detail-type"], event["detail"]["reason"]) for event in site.events()] == [
        ("Object Created", reason)
    ]


def test_copy_event_has_the_annotation_flag(site: Site) -> None:
    _copy(site)
    assert [event["detail"]["object"]["has-object-annotation"] for event in site.events()] == [False]


def test_tagging_alone_sends_its_own_event(site: Site) -> None:
    events = site.aws.client("events")
    events.put_rule(Name="purgemap", EventPattern=json.dumps({"source": ["aws.s3"]}))
    site.put("page.html")
    site.s3.put_object_tagging(Bucket=BUCKET, Key="page.html", Tagging={"TagSet": [{"Key": "team", "Value": "web"}]})
    assert [event["detail-type"] for event in site.events()] == ["Object Created", "Object Tags Added"]


def test_deletion_is_permanent_without_size_and_etag(site: Site) -> None:
    site.put("page.html")
    site.s3.delete_object(Bucket=BUCKET, Key="page.html")
    detail = site.events()[1]["detail"]
    assert detail["object"].keys() == {"key", "sequencer"}
    assert (detail["reason"], detail["deletion-type"]) == ("DeleteObject", "Permanently Deleted")


def test_delete_objects_events_share_their_request_id(site: Site) -> None:
    for key in ("a", "b"):
        site.put(key)
    site.events()
    keys = [{"Key": key} for key in ("a", "b", "missing")]
    site.s3.delete_objects(Bucket=BUCKET, Delete={"Objects": keys})
    details = [event["detail"] for event in site.events()]
    assert [detail["object"]["key"] for detail in details] == ["a", "b"]
    assert len({detail["request-id"] for detail in details}) == 1
    site.put("c")
    assert site.events()[0]["detail"]["request-id"] != details[0]["request-id"]


def test_delete_marker_sends_object_deleted(site: Site) -> None:
    site.version()
    site.put("page.html")
    site.events()
    marker = site.s3.delete_object(Bucket=BUCKET, Key="page.html")["VersionId"]
    (event,) = site.events()
    assert event["detail-type"] == "Object Deleted"
    assert event["detail"]["deletion-type"] == "Delete Marker Created"
    assert event["detail"]["object"]["version-id"] == marker


def test_removed_version_sends_object_deleted(site: Site) -> None:
    site.version()
    versions = [site.put("page.html", body)["VersionId"] for body in (b"1", b"2")]
    versions.append(site.s3.delete_object(Bucket=BUCKET, Key="page.html")["VersionId"])
    site.events()
    for version in versions:
        site.s3.delete_object(Bucket=BUCKET, Key="page.html", VersionId=version)
    details = [event["detail"] for event in site.events()]
    assert [detail["object"]["version-id"] for detail in details] == versions
    assert {detail["deletion-type"] for detail in details} == {"Permanently Deleted"}
    assert all("etag" not in detail["object"] for detail in details)


def test_event_names_its_own_account(aws: LocalAws) -> None:
    s3 = aws.client("s3", "222222222222")
    sqs, events = aws.client("sqs", "222222222222"), aws.client("events", "222222222222")
    s3.create_bucket(Bucket="theirs")
    s3.put_bucket_notification_configuration(
        Bucket="theirs", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    queue_url = sqs.create_queue(QueueName="theirs")["QueueUrl"]
    events.put_rule(Name="theirs", EventPattern='{"source": ["aws.s3"]}')
    events.put_targets(Rule="theirs", Targets=[{"Id": "1", "Arn": "arn:aws:sqs:us-east-1:222222222222:theirs"}])
    s3.put_object(Bucket="theirs", Key="page.html", Body=b"")
    event = json.loads(sqs.receive_message(QueueUrl=queue_url)["Messages"][0]["Body"])
    assert (event["account"], event["detail"]["requester"]) == ("222222222222", "222222222222")


def test_notification_configuration_has_event_bridge(site: Site) -> None:
    configuration = site.s3.get_bucket_notification_configuration(Bucket=BUCKET)
    assert configuration["EventBridgeConfiguration"] == {}
