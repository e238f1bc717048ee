"""A stand-in for CloudFront and SQS on loopback. It accepts everything at once, so that clients never wait for it.

It runs in a process of its own, whose CPU nobody measures, over HTTP: TLS is measured in `first_call`. The double of
`support` is as strict as CloudFront, but slower, and knows no queues.
"""

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import uuid4

_BATCH = re.compile(rb"<InvalidationBatch.*</InvalidationBatch>", re.DOTALL)
_NAMESPACE = 'xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"'
_CREATED = (
    f"<Invalidation {_NAMESPACE}><Id>I%s</Id><Status>InProgress</Status>"
    "<CreateTime>2026-11-12T00:00:00.000Z</CreateTime>%s</Invalidation>"
)
_EMPTY_PAGE = (
    f"<InvalidationList {_NAMESPACE}><Marker></Marker><MaxItems>100</MaxItems>"
    "<IsTruncated>false</IsTruncated><Quantity>0</Quantity></InvalidationList>"
)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # kept alive, as AWS does
    disable_nagle_algorithm = True  # head and body are two writes

    def do_GET(self) -> None:
        """Return CloudFront's list of no invalidations."""
        self._send(200, _EMPTY_PAGE, "text/xml")

    def do_POST(self) -> None:
        """Accept an invalidation, or messages. As CloudFront does, repeat the whole batch of an invalidation."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("X-Amz-Target") == "AmazonSQS.SendMessageBatch":
            sent = [_sent(entry) for entry in json.loads(body)["Entries"]]
            self._send(200, json.dumps({"Successful": sent}), "application/x-amz-json-1.0")
            return
        batch = _BATCH.search(body)
        assert batch, body
        self._send(201, _CREATED % (uuid4().hex[:13].upper(), batch[0].decode()), "text/xml")

    def _send(self, status: int, text: str, content_type: str) -> None:
        data = text.encode()
        self.send_response(status)
        self.send_header("x-amzn-RequestId", str(uuid4()))
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments: object) -> None:
        """Print nothing."""


def _sent(entry: dict[str, str]) -> dict[str, str]:
    digest = hashlib.md5(entry["MessageBody"].encode(), usedforsecurity=False).hexdigest()
    return {"Id": entry["Id"], "MessageId": str(uuid4()), "MD5OfMessageBody": digest}


@contextmanager
def aws_stand_in() -> Iterator[dict[str, str]]:
    """Yield the variables of a function whose CloudFront and queue are the stand-in."""
    with subprocess.Popen([sys.executable, Path(__file__)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        url = f"http://127.0.0.1:{process.stdout.readline().strip()}"
        try:
            yield {"AWS_ENDPOINT_URL": url, "PURGEMAP_QUEUE_URL": f"{url}/123456789012/purgemap"}
        finally:
            process.terminate()


def main() -> None:
    """Serve until the process is ended; the port is the first line of the output."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
