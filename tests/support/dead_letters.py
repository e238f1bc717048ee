"""Dead letters as they are received, and a job that the function rejected."""

import json
from collections.abc import Mapping
from typing import Any

from purgemap.delivery import ReceivedMessage
from purgemap.jobs import Job, job_messages
from support.ids import E1, NOW


def letter(
    body: Any, id_: str = "m-1", attributes: Mapping[str, str] | None = None, sent: float = NOW - 60
) -> ReceivedMessage:
    return ReceivedMessage(
        id_, f"receipt of {id_}", body if isinstance(body, str) else json.dumps(body), attributes or {}, sent
    )


def job(distribution: str = E1, *items: str) -> Job:
    return Job(distribution, dict.fromkeys(items or ("/a.html",), "/"), ("m-1",), NOW - 9_000, 1, 7, 4, 3)


def rejected(distribution: str = E1, *items: str) -> str:
    (body,) = job_messages(job(distribution, *items), rejected="NoSuchDistribution")
    return body
