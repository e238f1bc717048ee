"""`purgemap ledger forget`, and `purgemap deploy` of a map that begins or ceases to skip, on the embedded AWS."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import Result

from purgemap.aws.monitoring import AwsLedgerRecords
from purgemap.cli.ledger import ledger
from purgemap.demo.local_aws import LocalAws, start_local_aws
from purgemap.errors import PurgemapError
from support.commands import answer_on_terminal, invoke
from support.deployed import Deployed, enter_folder_with_map, run_deploy
from support.doubles.stacks import complete_cloudformation

ROUTE = "{bucket: acme-www, distributions: [E2EXAMPLE1ABCD]%s}"
MAP = f"version: 1\nroutes: [{ROUTE}]\n"
SKIPPING = MAP % ", skip_unchanged: true"


@pytest.fixture(autouse=True)
def _in_a_folder_with_a_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    enter_folder_with_map(tmp_path, monkeypatch, SKIPPING)


@pytest.fixture
def aws() -> Iterator[LocalAws]:
    complete_cloudformation()
    with start_local_aws() as running:
        yield running


class Table:
    """The ledger's table of a deployed stack, with records of some objects."""

    def __init__(self, aws: LocalAws, objects: list[str]) -> None:
        run_deploy()
        self._client = aws.client("dynamodb")
        self.name = Deployed(aws).outputs["LedgerTableName"]
        for text in objects:
            bucket, _, key = text.partition("/")
            self.put(bucket, key)

    def put(self, bucket: str, key: str) -> None:
        texts = {"bucket": bucket, "key": key, "fingerprint": "f", "mark": "m", "sequencer": "0a", "etag": "e"}
        self._client.put_item(TableName=self.name, Item={name: {"S": text} for name, text in texts.items()})

    def items(self) -> dict[str, dict[str, Any]]:
        items = self._client.scan(TableName=self.name)["Items"]
        return {f"{item['bucket']['S']}/{item['key']['S']}": item for item in items}

    def known(self) -> set[str]:
        """Return the objects whose next upload may be skipped."""
        return {name for name, item in self.items().items() if "fingerprint" in item}


def run_forget(*arguments: str) -> Result:
    return invoke(ledger, "forget", *arguments)


@pytest.mark.parametrize(
    ("place", "left"),
    [
        ("acme-www/blog/", {"acme-www/a", "acme-docs/blog/c"}),
        ("s3://acme-www/blog/1", {"acme-www/a", "acme-www/blog/2", "acme-docs/blog/c"}),
        ("acme-www", {"acme-docs/blog/c"}),
        ("acme-www/none", {"acme-www/a", "acme-www/blog/1", "acme-www/blog/2", "acme-docs/blog/c"}),
    ],
)
def test_forget_ends_the_skipping_of_named_objects(aws: LocalAws, place: str, left: set[str]) -> None:
    table = Table(aws, ["acme-www/a", "acme-www/blog/1", "acme-www/blog/2", "acme-docs/blog/c"])
    before = table.items()
    result = run_forget(place, "--yes", "--json")
    document = json.loads(result.stdout)
    assert (result.return_value, document["forgotten"]) == (0, 4 - len(left))
    assert table.known() == left
    after = table.items()
    assert after.keys() == before.keys(), "a deleted record could be restored by a function that is writing it"
    for name, item in after.items():
        assert (item["mark"] == before[name]["mark"]) is (name in left)
        assert item["sequencer"] == before[name]["sequencer"], "older events stay older"


def test_forget_asks_and_no_leaves_everything(aws: LocalAws) -> None:
    table = Table(aws, ["acme-www/a"])
    status, output = answer_on_terminal(aws.environment, "ledger forget acme-www", b"n\n")
    assert (status, table.known()) == (1, {"acme-www/a"})
    assert f"s3://acme-www/: the table {table.name} knows 1 object\nForget them? [y/N]" in output.replace("\r", "")
    assert answer_on_terminal(aws.environment, "ledger forget acme-www", b"y\n")[0] == 0
    assert table.known() == set()


def test_forget_without_terminal_requires_yes(aws: LocalAws) -> None:
    table = Table(aws, ["acme-www/a"])
    result = run_forget("acme-www")
    assert isinstance(result.exception, click.UsageError)
    assert table.known() == {"acme-www/a"}


@pytest.mark.usefixtures("aws")
def test_forget_names_a_stack_without_ledger() -> None:
    Path("config/routes.yaml").write_text(MAP % "")
    run_deploy()
    result = run_forget("acme-www", "--yes")
    assert isinstance(result.exception, PurgemapError)
    assert str(result.exception) == (
        "the stack purgemap in us-east-1 has no ledger, because no route of its map skips uploads; "
        "set skip_unchanged in the map, and deploy it"
    )


def test_forget_reports_a_missing_table(aws: LocalAws) -> None:
    table = Table(aws, [])
    aws.client("dynamodb").delete_table(TableName=table.name)
    result = run_forget("acme-www", "--yes")
    assert isinstance(result.exception, PurgemapError)
    assert table.name in str(result.exception)


def test_forget_passes_over_a_record_that_expired(aws: LocalAws) -> None:
    table = Table(aws, ["acme-www/a"])
    AwsLedgerRecords(table.name, "us-east-1").forget("acme-www", ["a", "gone"])
    assert table.items().keys() == {"acme-www/a"}
    assert table.known() == set()


def test_deploy_adds_and_removes_the_ledger_with_the_option(aws: LocalAws) -> None:
    run_deploy()
    on = Deployed(aws)
    assert on.function["MemorySize"] == 1769
    assert on.function["Environment"]["Variables"]["PURGEMAP_LEDGER_TABLE"] == on.outputs["LedgerTableName"]
    Path("config/routes.yaml").write_text(MAP % "")
    run_deploy()
    off = Deployed(aws)
    assert (off.function["MemorySize"], "LedgerTableName" in off.outputs) == (512, False)
    assert aws.client("dynamodb").list_tables()["TableNames"] == []
    Path("config/routes.yaml").write_text(SKIPPING)
    run_deploy()
    assert Deployed(aws).function["MemorySize"] == 1769


def test_deploy_keeps_a_memory_size_that_was_chosen(aws: LocalAws) -> None:
    Path("config/routes.yaml").write_text(MAP % "")
    run_deploy("--parameter", "MemorySize=1024")
    Path("config/routes.yaml").write_text(SKIPPING)
    run_deploy()
    assert Deployed(aws).function["MemorySize"] == 1024
    run_deploy("--parameter", "MemorySize=512")
    run_deploy("--parameter", "Window=20")
    assert Deployed(aws).function["MemorySize"] == 512, "even a default, once it is chosen"
