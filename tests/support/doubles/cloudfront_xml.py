"""Parse CloudFront's REST documents of batches; render invalidations, lists and errors.

https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateInvalidation.html
"""

from datetime import UTC, datetime
from typing import NamedTuple
from xml.etree import ElementTree as ET

from support.doubles.cloudfront import Invalidation, Page, ServiceError

_NAMESPACE = "http://cloudfront.amazonaws.com/doc/2020-05-31/"
_IN = {"": _NAMESPACE}


class Batch(NamedTuple):
    """The body of a CreateInvalidation."""

    items: tuple[str, ...]
    quantity: int
    caller_reference: str


def parse_batch(body: bytes) -> Batch:
    """Parse an InvalidationBatch; raises ServiceError."""
    if not body:
        raise ServiceError("MissingBody")
    try:
        batch = ET.fromstring(body)
        return Batch(
            items=tuple(path.text or "" for path in batch.findall("Paths/Items/Path", _IN)),
            quantity=int(batch.findtext("Paths/Quantity", namespaces=_IN) or ""),
            caller_reference=batch.findtext("CallerReference", "", _IN),
        )
    except (ET.ParseError, ValueError) as wrong:
        raise ServiceError("MalformedXML") from wrong


def render_invalidation(invalidation: Invalidation) -> bytes:
    """Write the answer to a create or a get."""
    root = ET.Element("Invalidation", xmlns=_NAMESPACE)
    _summarize(root, invalidation)
    batch = ET.SubElement(root, "InvalidationBatch")
    paths = ET.SubElement(batch, "Paths")
    _text(paths, Quantity=len(invalidation.items))
    items = ET.SubElement(paths, "Items")
    for item in invalidation.items:
        _text(items, Path=item)
    _text(batch, CallerReference=invalidation.caller_reference)
    return ET.tostring(root)


def render_page(page: Page, *, marker: str, max_items: int) -> bytes:
    """Write the answer to a list."""
    root = ET.Element("InvalidationList", xmlns=_NAMESPACE)
    _text(root, Marker=marker)
    if page.next_marker:
        _text(root, NextMarker=page.next_marker)
    _text(root, MaxItems=max_items, IsTruncated=str(bool(page.next_marker)).lower(), Quantity=len(page.items))
    items = ET.SubElement(root, "Items")
    for invalidation in page.items:
        _summarize(ET.SubElement(items, "InvalidationSummary"), invalidation)
    return ET.tostring(root)


def render_error(refused: ServiceError, request_id: str) -> bytes:
    """Render an error for botocore's rest-xml parser: the request's id is beside the error."""
    root = ET.Element("ErrorResponse", xmlns=_NAMESPACE)
    error = ET.SubElement(root, "Error")
    _text(error, Type="Sender" if refused.status < 500 else "Receiver", Code=refused.code, Message=refused.message)
    _text(root, RequestId=request_id)
    return ET.tostring(root)


def _summarize(parent: ET.Element, invalidation: Invalidation) -> None:
    created = datetime.fromtimestamp(invalidation.created, UTC)
    _text(parent, Id=invalidation.id, CreateTime=created.isoformat(), Status=invalidation.status)


def _text(parent: ET.Element, **texts: object) -> None:
    for name, text in texts.items():
        ET.SubElement(parent, name).text = str(text)
