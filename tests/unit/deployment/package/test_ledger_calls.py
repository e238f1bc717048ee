"""The zip of a map with skip_unchanged: the ledger's calls work with its part of botocore."""

import json
import subprocess
import sys
from pathlib import Path

from support.ids import E1

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "x",
    "AWS_SECRET_ACCESS_KEY": "x",
    "AWS_REGION": "eu-west-1",
    "PURGEMAP_ROUTES": "routes.json",
    "PURGEMAP_LEDGER_TABLE": "table",
}

# Every call is answered before it is sent.
CODE = f"""
import json, sys, time
sys.path.insert(0, ".")
from botocore.awsrequest import AWSResponse
from purgemap.aws import LEDGER_CALL, Aws
from purgemap.lambda_function import build_handler
import os

build_handler(os.environ)
from purgemap.aws.ledger import AwsLedgerTable, AwsObjectHeads
from purgemap.ledger import Mark, NewRecord
from purgemap.routemap import Distribution

class Raw:
    def __init__(self, body):
        self.body = body
    def stream(self, **_):
        yield self.body

HEADERS = {{"ETag": '"1"', "Last-Modified": "Sun, 29 Nov 2026 08:00:00 GMT", "Content-Length": "5", "Expires": "soon"}}

def answer(request, **_):
    return AWSResponse(request.url, 200, HEADERS, Raw(b"" if request.method == "HEAD" else b"{{}}"))

clients, warnings = Aws(ledger_call=LEDGER_CALL), []
for service in ("dynamodb", "s3"):
    clients.client(service).meta.events.register("before-send", answer)
table, heads = AwsLedgerTable(clients, "table", warnings.append), AwsObjectHeads(clients, warnings.append)
later, id_ = time.time() + 600, ("site", "a")
(head,) = heads.head([(id_, Distribution("{E1}"))], later)
table.mark([Mark(id_, "0a", "t")], later)
table.record([NewRecord(id_, "f", "e", "t")], later)
table.read([id_], later)
table.read_tracking(later)
table.write_tracking({{}}, "", later)
print(json.dumps([warnings, head.etag, head.fields["ExpiresString"]]))
"""


def test_ledgers_calls_work_in_its_zip(ledger_task: Path) -> None:
    command = [sys.executable, "-S", "-B", "-c", CODE]
    run = subprocess.run(command, cwd=ledger_task, env=ENVIRONMENT, capture_output=True, text=True, check=True)
    assert json.loads(run.stdout) == [[], "1", "soon"]
