"""`purgemap ledger forget`, `plan --ledger`, and `deploy` of a map that begins or ceases to skip."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import Result

from purgemap.aws import Aws
from purgemap.aws.ledger import AwsLedgerTable, AwsObjectHeads
from purgemap.aws.monitoring import AwsLedgerRecords
from purgemap.cli.destroy import destroy
from purgemap.cli.ledger import ledger
from purgemap.cli.plan import plan
from purgemap.delivery import CallSettings
from purgemap.demo.ledger_table import begin_tracking
from purgemap.demo.local_aws import LocalAws, start_local_aws
from purgemap.errors import PurgemapError
from purgemap.events import ObjectChange
from purgemap.ledger import Mark, NewRecord, fingerprint
from purgemap.routemap import load_map
from purgemap.routing import Router
from support.commands import answer_on_terminal, invoke
from support.deployed import Deployed, enter_folder_with_map, run_deploy

ROUTE = "{bucket: acme-www, distributions: [E2EXAMPLE1ABCD]%s}"
MAP = f"version: 1\nroutes: [{ROUTE}]\n"
# On a busy machine the embedded AWS takes its time.
PATIENT = CallSettings(attempts=1, connect_timeout=10, read_timeout=60)
SKIPPING = MAP % ", skip_unchanged: true"


@pytest.fixture(autouse=True)
def _in_a_folder_with_a_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    enter_folder_with_map(tmp_path, monkeypatch, SKIPPING)


@pytest.fixture
def aws() -> Iterator[LocalAws]:
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
    question = f"the table {table.name} has records of 1 object\nForget them? [y/N]"
    assert f"s3://acme-www/: {question}" in output.replace("\r", "")
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


def test_destroy_shows_that_the_records_go(aws: LocalAws) -> None:
    run_deploy()
    result = invoke(destroy, "--yes")
    assert "\n  the records of skip_unchanged\n" in result.output
    assert aws.client("dynamodb").list_tables()["TableNames"] == []


def test_deploy_keeps_a_memory_size_that_was_chosen(aws: LocalAws) -> None:
    Path("config/routes.yaml").write_text(MAP % "")
    run_deploy("--parameter", "MemorySize=1024")
    Path("config/routes.yaml").write_text(SKIPPING)
    run_deploy()
    assert Deployed(aws).function["MemorySize"] == 1024
    run_deploy("--parameter", "MemorySize=512")
    run_deploy("--parameter", "Window=20")
    assert Deployed(aws).function["MemorySize"] == 512, "even a default, once it is chosen"


def publish(aws: LocalAws, table: str, key: str) -> None:
    """Put an object whose invalidation was accepted some minutes ago."""
    routes, clients = load_map("config/routes.yaml"), Aws(endpoint_url=aws.endpoint_url, ledger_call=PATIENT)
    aws.client("s3").put_object(Bucket="acme-www", Key=key, Body=b"v1")
    routed = Router(routes).route([ObjectChange("acme-www", key, "created", "", "")])
    [target] = routed.keys_by_target
    [head] = AwsObjectHeads(clients, no_warning).head([(("acme-www", key), target.distribution)], time.time() + 60)
    assert head
    text = fingerprint(head, [target])
    assert text
    past = AwsLedgerTable(clients, table, no_warning, lambda: time.time() - 600)
    past.mark([Mark(("acme-www", key), "0a", "token")], time.time() + 60)
    assert past.record([NewRecord(("acme-www", key), text, head.etag, "token")], time.time() + 60) == 0


def no_warning(text: str) -> None:
    raise AssertionError(text)


def test_plan_leaves_out_what_the_ledger_would_skip(aws: LocalAws) -> None:
    run_deploy()
    aws.client("s3").create_bucket(Bucket="acme-www")
    table = Deployed(aws).outputs["LedgerTableName"]
    begin_tracking(aws, table, load_map("config/routes.yaml"))
    for key in ("same.html", "changed.html"):
        publish(aws, table, key)
    aws.client("s3").put_object(Bucket="acme-www", Key="changed.html", Body=b"v2")
    uploads = "".join(f"upload: ./{key} to s3://acme-www/{key}\n" for key in ("same.html", "changed.html"))
    options = ("--routes", "config/routes.yaml", "--ledger")
    document = json.loads(invoke(plan, *options, "--json", input=uploads).stdout)
    assert [each["items"] for each in document["invalidations"]] == [["/changed.html"]]
    summary = {
        name: document["summary"][name] for name in ("changes", "paths", "unchanged", "saved_paths", "saved_usd")
    }
    assert summary == {"changes": 2, "paths": 1, "unchanged": 1, "saved_paths": 1, "saved_usd": 0.005}
    shown = invoke(plan, *options, input=uploads).stdout
    assert shown.endswith("1 upload unchanged: the ledger saves 1 item, $0.005\n")
    assert "unchanged" not in invoke(plan, *options[:2], "--json", input=uploads).stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--ledger", "--all"), "--ledger compares the uploads of an INPUT"),
        (("--stack-name", "staging"), "--stack-name names the stack of --ledger; give both"),
    ],
)
def test_plan_refuses_options_that_do_not_fit_the_ledger(options: tuple[str, ...], message: str) -> None:
    result = invoke(plan, *options)
    assert isinstance(result.exception, click.UsageError)
    assert message in str(result.exception)


def test_plan_names_a_table_that_cannot_be_read(aws: LocalAws) -> None:
    run_deploy()
    aws.client("dynamodb").delete_table(TableName=Deployed(aws).outputs["LedgerTableName"])
    result = invoke(plan, "--routes", "config/routes.yaml", "--ledger", input="s3://acme-www/a\n")
    assert isinstance(result.exception, PurgemapError)
    assert "can't be read (needs dynamodb:GetItem and dynamodb:BatchGetItem): " in str(result.exception)
