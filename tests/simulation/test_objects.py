"""S3's objects in the simulation: what events and heads show of a write, by the bucket's versioning."""

import pytest

from purgemap.ledger import ObjectHead
from simulation.objects import BODIES, HEADERS, Content, Objects, Upload, Versioning
from support.doubles.clock import Clock

PAGE, OTHER = Content(BODIES[0], "plain"), Content(BODIES[1], "plain")


def bucket_with(objects: Objects, versioning: Versioning) -> str:
    return next(name for number in range(99) if objects.versioning(name := f"bucket-{number}") is versioning)


def key_of(objects: Objects, bucket: str, upload: Upload) -> tuple[str, str]:
    return next(id_ for number in range(999) if objects.upload(id_ := (bucket, f"key-{number}")) is upload)


def head(objects: Objects, object_id: tuple[str, str]) -> ObjectHead:
    found = objects.head(object_id)
    assert found is not None
    return found


@pytest.mark.parametrize("seed", [2, 3], ids=["zeros are missing at the end", "digits are added at the front"])
def test_sequencers_rise_and_differ_in_length(seed: int) -> None:
    objects = Objects(Clock(), seed)
    sequencers = [objects.put(("bucket", "key"), PAGE).sequencer for _ in range(400)]
    padded = [text.rjust(32, "0") if seed % 2 else text.ljust(32, "0") for text in sequencers]
    assert padded == sorted(set(padded))
    assert len(set(map(len, sequencers))) > 1


def test_equal_upload_differs_in_times_and_ids_only() -> None:
    clock = Clock()
    objects = Objects(clock, 1)
    id_ = key_of(objects, bucket_with(objects, Versioning.ENABLED), Upload.WHOLE)
    first, before = objects.put(id_, PAGE), head(objects, id_)
    clock.advance(9)
    second, after = objects.put(id_, PAGE), head(objects, id_)
    assert (first.etag, before.etag, before.fields) == (second.etag, after.etag, after.fields)
    assert first.version_id == before.version_id != after.version_id == second.version_id
    assert before.last_modified < after.last_modified


def test_every_header_shows_in_the_head() -> None:
    objects = Objects(Clock(), 1)
    heads = []
    for name in HEADERS:
        objects.put(("bucket", "key"), Content(BODIES[0], name))
        heads.append(head(objects, ("bucket", "key")).fields)
    assert all(fields not in heads[:number] for number, fields in enumerate(heads))


def test_kms_object_has_another_etag_each_time() -> None:
    objects = Objects(Clock(), 1)
    id_ = key_of(objects, "bucket", Upload.KMS)
    assert objects.put(id_, PAGE).etag != objects.put(id_, PAGE).etag


def test_deletion_of_a_version_brings_back_the_one_before() -> None:
    objects = Objects(Clock(), 1)
    id_ = (bucket_with(objects, Versioning.ENABLED), "key")
    contents = []
    for _ in range(20):
        objects.put(id_, PAGE)
        removed = objects.put(id_, OTHER)
        deletion = objects.delete_version(id_)
        contents.append(objects.current(id_))
        assert deletion.is_permanent == (deletion.version_id == removed.version_id)
    assert set(contents) == {PAGE, None}  # sometimes a delete marker is added instead


@pytest.mark.parametrize(("versioning", "id_"), [(Versioning.NONE, ""), (Versioning.SUSPENDED, "null")])
def test_bucket_without_versions_keeps_the_last_write(versioning: Versioning, id_: str) -> None:
    objects = Objects(Clock(), 1)
    object_id = (bucket_with(objects, versioning), "key")
    assert [objects.put(object_id, content).version_id for content in (PAGE, OTHER)] == [id_, id_]
    assert objects.current(object_id) == OTHER
    objects.delete_version(object_id)
    assert objects.head(object_id) is None
