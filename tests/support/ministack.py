"""MiniStack, an emulator of AWS that shares no code with moto, in a process of its own."""

import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from purgemap.demo.local_aws import LocalAws
from purgemap.demo.server import LOOPBACK, isolated_aws_environment
from support.places import ROOT, TESTS

_PYTHON = ROOT / ".tools/ministack/bin/python"
_SERVER = TESTS / "tools/ministack_server.py"
needs_ministack = pytest.mark.skipif(not _PYTHON.exists(), reason="`make test` installs MiniStack")


@contextlib.contextmanager
def start_ministack(folder: Path, variables: Mapping[str, str]) -> Iterator[LocalAws]:
    """Run an empty MiniStack while the block runs; its functions get the variables, too.

    Its log is `ministack.log` in the folder, with the lines of its functions.
    """
    with socket.create_server((LOOPBACK, 0)) as listener, (folder / "ministack.log").open("wb") as log:
        port = listener.getsockname()[1]
        endpoint_url = f"http://{LOOPBACK}:{port}"
        server = subprocess.Popen(
            [str(_PYTHON), str(_SERVER), str(listener.fileno())],
            env={
                "PATH": os.environ["PATH"],
                "TMPDIR": str(folder),
                "GATEWAY_PORT": str(port),  # in the addresses of queues
                "MINISTACK_HOST": LOOPBACK,
                "MINISTACK_ACCOUNT_ID": "123456789012",  # moto's, as tests expect
                "NO_PROXY": LOOPBACK,
                **variables,
            },
            pass_fds=[listener.fileno()],
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            with isolated_aws_environment(endpoint_url) as environment:
                yield LocalAws(endpoint_url, environment)
        finally:
            # Its functions are processes of the same group, and outlive it.
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
