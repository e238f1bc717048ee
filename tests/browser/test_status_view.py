"""The page's status: the queues of a stack in the embedded AWS, or a note that there is none."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from purgemap.demo.local_aws import LocalAws
from purgemap.deployment.stack import read_stack
from support.explorer import run_explorer
from support.ids import E1

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytest_plugins = ["support.browser_fixtures", "support.local_aws_fixtures"]

MAP = f"version: 1\ndistributions: {{www: {E1}}}\nroutes:\n  - {{bucket: site, distributions: [www]}}\n"
QUEUE = {"Type": "AWS::SQS::Queue"}
TEMPLATE = {
    "Parameters": {"Window": {"Type": "Number", "Default": 10}},
    "Resources": {"Queue": QUEUE, "DeadLetterQueue": QUEUE},
    "Outputs": {
        "QueueUrl": {"Value": {"Ref": "Queue"}},
        "DeadLetterQueueUrl": {"Value": {"Ref": "DeadLetterQueue"}},
        "FunctionName": {"Value": "purgemap-Function-1"},
    },
}


def test_status_without_a_stack_says_so(page: "Page", aws: LocalAws, tmp_path: Path) -> None:
    with run_explorer(tmp_path, MAP, aws.environment) as explorer:
        page.goto(f"{explorer.address}#status")
        page.wait_for_selector("#status-result .note")
        assert "purgemap explore --stack-name NAME" in page.locator("#status-result").inner_text()


def test_status_shows_queues_and_dead_letters(page: "Page", aws: LocalAws, tmp_path: Path) -> None:
    aws.create_distribution(E1)
    aws.client("cloudformation").create_stack(StackName="purgemap", TemplateBody=json.dumps(TEMPLATE))
    stack = read_stack("purgemap")
    for _ in range(3):
        aws.client("sqs").send_message(QueueUrl=stack.queue_url, MessageBody="a", DelaySeconds=600)
    aws.client("sqs").send_message(QueueUrl=stack.dead_letter_queue_url, MessageBody="<b>not an event</b>")
    with run_explorer(tmp_path, MAP, aws.environment) as explorer:
        page.goto(f"{explorer.address}#status")
        page.wait_for_selector("#status-result .cards")
        changes, dead_letters = page.locator("#status-result .card").all_inner_texts()
        assert ("delayed", "3") in pairs(changes)
        assert ("waiting", "1") in pairs(dead_letters)
        (reason,) = page.get_by_role("region", name="Reasons of dead letters").locator("tbody tr").all()
        assert reason.locator("td").first.inner_text() == "1"
        (distribution,) = page.get_by_role("region", name="Invalidations in progress").locator("tbody tr").all()
        assert distribution.inner_text().split() == ["www", E1, "0"]


def pairs(card: str) -> list[tuple[str, str]]:
    lines = [line for line in card.splitlines() if line][1:]
    return list(zip(lines[::2], lines[1::2], strict=True))
