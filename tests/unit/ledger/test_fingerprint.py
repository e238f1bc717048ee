"""What a fingerprint depends on besides the object's headers, which test_skipping.py has."""

from typing import Any

import pytest

from conftest import LoadMap
from purgemap.ledger import ObjectHead, fingerprint
from purgemap.routemap import RouteMap
from purgemap.routing import Router, Target
from support.ids import E1, E2

MD5 = "d41d8cd98f00b204e9800998ecf8427e"
ROUTE = (
    f"version: 1\nroutes: [{{bucket: site, distributions: [{E1}], skip_unchanged: true, index_documents: [a.html]}}]\n"
)


def targets(routes: RouteMap) -> list[Target]:
    return [
        target for target in Router(routes).bucket("site").decide("a.html", "created") if isinstance(target, Target)
    ]


def head(**fields: Any) -> ObjectHead:
    return ObjectHead(MD5, "", 0.0, {"ContentLength": 1, **fields})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (E1, E2),
        (E1, f"{E1}, {E2}"),
        ("index_documents: [a.html]", "clean_urls: true"),
        ("bucket: site", 'bucket: "{name}"'),
        ("bucket: site", "bucket: site, prefix: a"),
        ("bucket: site", "bucket: site, name: other"),
    ],
)
def test_fingerprint_differs_for_other_targets(map_from_yaml: LoadMap, old: str, new: str) -> None:
    before = fingerprint(head(), targets(map_from_yaml(ROUTE)))
    assert before == fingerprint(head(), targets(map_from_yaml(ROUTE)))
    assert before != fingerprint(head(), targets(map_from_yaml(ROUTE.replace(old, new))))


@pytest.mark.parametrize(
    ("fields", "has_identity"),
    [
        ({}, True),
        ({"ServerSideEncryption": "AES256"}, True),
        ({"ServerSideEncryption": "aws:kms"}, False),
        ({"SSECustomerAlgorithm": "AES256"}, False),
        ({"ServerSideEncryption": "aws:kms", "ChecksumType": "FULL_OBJECT", "ChecksumCRC32": "x"}, True),
        ({"ServerSideEncryption": "aws:kms", "ChecksumType": "COMPOSITE", "ChecksumCRC32": "x"}, False),
        ({"ServerSideEncryption": "aws:kms", "ChecksumType": "FULL_OBJECT"}, False),
    ],
)
def test_fingerprint_needs_a_content_identity(fields: dict[str, Any], *, has_identity: bool) -> None:
    assert (fingerprint(head(**fields), []) is not None) is has_identity


def test_fingerprint_compares_checksums() -> None:
    first, second = ({"ChecksumType": "FULL_OBJECT", "ChecksumSHA256": value} for value in "ab")
    assert fingerprint(head(**first), []) != fingerprint(head(**second), [])
