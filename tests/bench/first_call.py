"""The instructions of a start and its first call over TLS, beside boto3's; both trust all of botocore's CAs."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench import callgrind, subjects
from bench.rows import Row
from bench.workload import body_of, record_of
from purgemap.deployment.package.ca_directory import split_certificates
from support.tls_servers import Authority, name_of, tls_server

SECTION = "start and first call over TLS: instructions above a bare Python's"
RIVAL = "boto3.client('cloudfront') and its call"

_END = "import os; os._exit(0)"
_BATCH = "{'Paths': {'Quantity': 1, 'Items': ['/a']}, 'CallerReference': 'r'}"
_BOTO3 = f"""
import boto3
boto3.client('cloudfront').create_invalidation(DistributionId='EXAMPLE0000000', InvalidationBatch={_BATCH})
{_END}
"""
_OURS = f"""
import json, logging, sys
from purgemap.lambda_function import lambda_handler
assert lambda_handler(json.loads(sys.argv[1]), None) == {{'batchItemFailures': []}}
{_END}
"""


def rows(*, quick: bool = False) -> Iterator[Row]:
    """Count, if valgrind is at hand; nothing for a quick run, as valgrind takes fifty times as long."""
    if quick or not callgrind.is_at_hand():
        return
    with tempfile.TemporaryDirectory() as name:
        folder, root = Path(name), Authority(name_of("Root of the benchmark"))
        rival = _trusting(subjects.boto3_folder(), folder / "boto3", root)
        ours = _trusting(subjects.function(10), folder / "function", root)
        with tls_server(root, folder) as url:
            bare = callgrind.instructions(_END, rival)
            floor = callgrind.instructions(_BOTO3, rival, AWS_ENDPOINT_URL=url) - bare
            payload = json.dumps({"Records": [record_of(1, body_of(1))]})
            count = callgrind.instructions(_OURS, ours, payload, AWS_ENDPOINT_URL=url) - bare
    yield Row(SECTION, RIVAL, floor, "instr.", 1.0, RIVAL)
    yield Row(SECTION, "the function, one event", count, "instr.", count / floor, RIVAL, bar=0.72, moonshot=0.65)


def _trusting(subject: Path, folder: Path, root: Authority) -> Path:
    """Copy a subject, and add a root to its CA certificates."""
    shutil.copytree(subject, folder)
    bundle, directory = folder / "botocore/cacert.pem", folder / "botocore/cacert"
    bundle.write_bytes(bundle.read_bytes() + root.pem)
    if directory.is_dir():
        for name, data in split_certificates(bundle.read_bytes()).items():
            (directory / name).write_bytes(data)
    return folder
