"""The service on the embedded AWS: its queues, its function, and the commands of an operator."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from click.testing import Result

from purgemap.cli.queue_options import Waits
from purgemap.demo.local_aws import LocalAws
from purgemap.demo.sqs_poller import EventSource
from purgemap.lambda_function import build_handler
from support.commands import invoke
from support.local_site import BUCKET

# One server holds the queues, so a short poll finds every message.
NO_WAITS = Waits(long_poll_seconds=0, sleep=lambda _seconds: None)


def count_messages(aws: LocalAws, queue_url: str) -> int:
    """Count the visible, delayed and hidden messages of a queue."""
    attributes = aws.client("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=["All"])["Attributes"]
    return sum(int(count) for name, count in attributes.items() if name.startswith("ApproximateNumberOf"))


@dataclass
class ServiceHarness:
    """The queues, the function and the map of a service."""

    aws: LocalAws
    queue: str
    dead_letters: str
    map_file: Path

    @property
    def environment(self) -> dict[str, str]:
        return {
            **self.aws.environment,
            "PURGEMAP_ROUTES": str(self.map_file),
            "PURGEMAP_QUEUE_URL": self.queue,
            "PURGEMAP_DEAD_LETTER_QUEUE_URL": self.dead_letters,
        }

    def function(self) -> EventSource:
        handler = build_handler(self.environment)
        queue_arn = self.aws.queue_arn(self.queue)
        return EventSource(self.aws.client("sqs"), self.queue, queue_arn, handler, window_seconds=0.2)

    def run(self, command: click.Command, *options: str, text: str = "", **variables: str) -> Result:
        """Run a command with a text on its standard input, and with further environment variables."""
        environment = {**self.environment, **variables}
        return invoke(command, *options, "--routes", self.map_file, input=text, env=environment, obj=NO_WAITS)

    def document(self, command: click.Command, *options: str, text: str = "") -> Any:
        return json.loads(self.run(command, "--json", *options, text=text).stdout)

    def send(self, url: str, *bodies: Any, delay: int = 0, attributes: Mapping[str, str] | None = None) -> None:
        typed = {name: {"StringValue": text, "DataType": "String"} for name, text in (attributes or {}).items()}
        for body in bodies:
            text = body if isinstance(body, str) else json.dumps(body)
            self.aws.client("sqs").send_message(
                QueueUrl=url, MessageBody=text, DelaySeconds=delay, MessageAttributes=typed
            )

    def send_dead_letters(self, *bodies: Any, attributes: Mapping[str, str] | None = None) -> None:
        self.send(self.dead_letters, *bodies, attributes=attributes)

    def message_count(self, url: str) -> int:
        return count_messages(self.aws, url)

    def receive(self, url: str) -> list[Any]:
        """Receive at most ten messages, and hide them."""
        answer = self.aws.client("sqs").receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["ApproximateReceiveCount"]
        )
        return list(answer.get("Messages", []))


def build_service(aws: LocalAws, folder: Path, map_text: str, bucket: str = BUCKET) -> ServiceHarness:
    aws.create_site_bucket(bucket)
    map_file = folder / "routes.yaml"
    map_file.write_text(map_text)
    return ServiceHarness(aws, *aws.create_queues(bucket), map_file)
