"""`purgemap explore` over a real socket: what it serves, what it refuses, and how it ends."""

import json
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from purgemap.cli.check import check
from purgemap.cli.explain import explain
from purgemap.cli.plan import plan
from purgemap.cli.status import read_status_document, status
from purgemap.demo.local_aws import LocalAws
from purgemap.deployment.stack import read_stack
from purgemap.routemap import load_map
from support.commands import invoke
from support.explorers import SECONDS, Explorer, running_explorer
from support.harness import NO_WAITS
from support.ids import E1, E2
from support.pages import write_page

pytest_plugins = ["support.local_aws_fixtures"]

MAP = f"version: 1\nroutes:\n  - {{bucket: site, distributions: [{E1}]}}\n"
LOG = "upload: ./index.html to s3://site/index.html\ndelete: s3://site/old.html\n"
OPTIONS = {"stack_name": "purgemap", "queue_url": None, "dead_letter_queue_url": None, "metrics_namespace": None}


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@pytest.fixture(autouse=True)
def _in_a_folder_with_a_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("routes.yaml").write_text(MAP)
    write_page(Path("page"))


@pytest.fixture
def explorer(_in_a_folder_with_a_map: None) -> Iterator[Explorer]:
    with running_explorer(Path("page"), "--no-browser", "--routes", "routes.yaml") as explorer:
        yield explorer


def test_explorer_answers_as_the_commands(explorer: Explorer) -> None:
    assert explorer.send("/").body == Path("page/index.html").read_bytes()
    assert explorer.send("/page/app.js").body == Path("page/app.js").read_bytes()
    document = explorer.send("/api/map").document
    checked = json.loads(invoke(check, "--format", "json", "routes.yaml").stdout)
    assert {name: document[name] for name in checked} == checked
    explained = invoke(explain, "s3://site/a b/index.html", "--json", "--routes", "routes.yaml").stdout
    assert explorer.send("/api/explain?object=s3://site/a%20b/index.html").document == json.loads(explained)
    planned = invoke(plan, "--json", "--routes", "routes.yaml", input=LOG).stdout
    sent = explorer.send("/api/plan", "POST", LOG.encode(), Content_Type="text/plain")
    assert sent.document == json.loads(planned)


def test_explorer_refuses_other_pages_and_methods(explorer: Explorer) -> None:
    port = explorer.port
    assert explorer.send("/", Host=f"evil.example:{port}").status == 403
    assert explorer.send("/", Host="127.0.0.1").status == 403
    assert explorer.send("/api/map", Origin="http://evil.example").status == 403
    assert explorer.send("/api/map", Sec_Fetch_Site="cross-site").status == 403
    assert explorer.send("/api/plan", "POST", LOG.encode(), Origin="null", Content_Type="text/plain").status == 403
    assert explorer.send("/api/map", "DELETE").status == 405
    own = explorer.send("/api/map", Host=f"localhost:{port}", Origin=f"http://localhost:{port}")
    assert (own.status, own.headers["Content-Security-Policy"].split(";")[0]) == (200, "default-src 'self'")
    assert explorer.end() == (0, "", "")


def test_explorer_streams_a_change_of_the_map(explorer: Explorer) -> None:
    generation = explorer.send("/api/map").document["generation"]
    with explorer.connect("/api/changes") as stream:
        Path("routes.yaml").write_text(MAP.replace("bucket", "buckett"))
        event = next(line for line in stream if line.startswith(b"data: "))
    assert json.loads(event.removeprefix(b"data: ")) == {"generation": generation + 1}
    document = explorer.send("/api/map").document
    assert (document["generation"], document["problems"][0]["line"]) == (generation + 1, 3)


def test_explorer_refuses_a_log_that_is_too_long(explorer: Explorer) -> None:
    answer = explorer.send("/api/plan", "POST", bytes(2**26 + 1), Content_Type="text/plain")
    assert (answer.status, "longer than 64 MB" in answer.document["error"]) == (413, True)


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_explorer_ends_quietly_with_an_open_stream(explorer: Explorer, signal_number: int) -> None:
    with explorer.connect("/api/changes") as stream:
        assert stream.readline() == b": open\n"
        assert explorer.end(signal_number) == (0, "", "")


def test_explorer_ignores_bytes_that_are_not_http(explorer: Explorer) -> None:
    with socket.create_connection((explorer.host, explorer.port), SECONDS) as connection:
        connection.sendall(b"\x16\x03\x01 no HTTP \xff\r\n\r\n")
        connection.recv(1)
    assert explorer.send("/api/map").status == 200
    assert explorer.end() == (0, "", "")


def test_explorer_opens_the_address_that_it_prints() -> None:
    with running_explorer(Path("page"), "--routes", "routes.yaml") as explorer:
        assert explorer.send("/").status == 200
        assert explorer.end()[0] == 0
    assert Path("opened").read_text() == explorer.address == f"http://127.0.0.1:{explorer.port}/"


@pytest.mark.skipif(not has_ipv6(), reason="this computer has no address ::1")
def test_explorer_serves_on_the_other_loopback_address() -> None:
    with running_explorer(Path("page"), "--no-browser", "--host", "::1", "--routes", "routes.yaml") as explorer:
        assert explorer.address == f"http://[::1]:{explorer.port}/"
        assert explorer.send("/api/map").document["valid"]


def test_explorer_serves_a_map_with_errors() -> None:
    Path("routes.yaml").unlink()
    with running_explorer(Path("page"), "--no-browser", "--routes", "routes.yaml") as explorer:
        (problem,) = explorer.send("/api/map").document["problems"]
    assert problem["message"] == "can't be read: No such file or directory"


def test_explorer_names_a_port_that_is_in_use(explorer: Explorer) -> None:
    port = str(explorer.port)
    with running_explorer(Path("page"), "--no-browser", "--port", port) as second:
        _, err = second.process.communicate(timeout=SECONDS)
    assert err.endswith(f"port {port} of 127.0.0.1 can't be used: Address already in use; give another --port\n")


def test_explorer_status_is_that_of_the_command(aws: LocalAws) -> None:
    aws.create_distribution(E1)
    queue = {"Type": "AWS::SQS::Queue"}
    outputs = {"QueueUrl": {"Ref": "Queue"}, "DeadLetterQueueUrl": {"Ref": "Dead"}, "FunctionName": "function"}
    template = {
        "Resources": {"Queue": queue, "Dead": queue},
        "Outputs": {name: {"Value": value} for name, value in outputs.items()},
    }
    aws.client("cloudformation").create_stack(StackName="purgemap", TemplateBody=json.dumps(template))
    aws.client("sqs").send_message(QueueUrl=read_stack("purgemap").queue_url, MessageBody="a", DelaySeconds=300)
    document = read_status_document(OPTIONS, load_map("routes.yaml"), NO_WAITS)
    assert document == json.loads(invoke(status, "--routes", "routes.yaml", "--json", obj=NO_WAITS).stdout)
    assert document
    assert (document["queue"]["delayed"], document["distributions"][0]["distribution"]) == (1, E1)


def test_explorer_status_without_a_stack_is_none(aws: LocalAws) -> None:
    aws.create_distribution(E2)
    assert read_status_document(OPTIONS, load_map("routes.yaml"), NO_WAITS) is None
