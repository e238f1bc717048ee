"""Run a deployed function in a process of its own, from its zip and with its environment variables only."""

import io
import json
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

_RUNTIME = Path(__file__).with_name("function_runtime.py")
_MAX_LOG_SHOWN = 2_000


class FailedInvocationError(Exception):
    """An error that a function raised, or the end of its process; the text has the end of its log."""


@dataclass(frozen=True, slots=True)
class FunctionCode:
    """What AWS Lambda runs: a zip, and how it is started. Two are equal if a deployment changed nothing."""

    name: str
    sha256: str
    handler: str
    timeout_seconds: float
    variables: tuple[tuple[str, str], ...]
    archive: bytes = field(repr=False, compare=False)


class FunctionProcess:
    """A running function: like a Lambda execution environment, it handles one invocation at a time."""

    def __init__(self, code: FunctionCode, environment: Mapping[str, str]) -> None:
        self.code = code
        self._folder = TemporaryDirectory(prefix="purgemap-function-")
        task_root = Path(self._folder.name, "task")
        zipfile.ZipFile(io.BytesIO(code.archive)).extractall(task_root)
        self._log = Path(self._folder.name, "log")
        with self._log.open("wb") as log:
            # -I and -S leave out the folder, the variables and the packages of this Python; -u logs each line at once.
            # A session of its own, because Ctrl-C on the terminal must end the demo first.
            self._process = subprocess.Popen(  # noqa: S603  this Python, with the deployed zip
                [sys.executable, "-I", "-S", "-u", str(_RUNTIME), str(task_root), code.handler],
                cwd=task_root,
                env=_variables(code, task_root, environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )

    def is_running(self) -> bool:
        """Return whether the process can take an event."""
        return self._process.poll() is None

    def invoke(self, event: Any) -> Any:
        """Invoke the function; raises FailedInvocationError for an error, or if the process ends without a response."""
        request = json.dumps({"event": event, "seconds": self.code.timeout_seconds})
        # As Lambda does, end a function that is too slow; its next invocation starts another process.
        timer = threading.Timer(self.code.timeout_seconds, self._process.kill)
        timer.start()
        try:
            answer = json.loads(self._exchange(request) or "null")
        finally:
            timer.cancel()
        if answer is None:
            # Its output has ended, and with the next event it must not be taken for a running process.
            self._process.kill()
            self._process.wait()
            answer = {"error": "its process ended without a response"}
        if "error" in answer:
            raise FailedInvocationError(f"{self.code.name}: {answer['error']}\n{self._end_of_log()}")
        return answer["response"]

    def _exchange(self, request: str) -> str:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            return ""
        try:
            stdin.write(request + "\n")
            stdin.flush()
        except BrokenPipeError:
            return ""
        return stdout.readline()

    def _end_of_log(self) -> str:
        return self._log.read_text("utf-8", "replace")[-_MAX_LOG_SHOWN:]

    def close(self) -> None:
        """End the process, and remove its files."""
        self._process.kill()
        self._process.communicate()
        self._folder.cleanup()


def _variables(code: FunctionCode, task_root: Path, environment: Mapping[str, str]) -> dict[str, str]:
    return {
        **environment,
        **dict(code.variables),
        "AWS_LAMBDA_FUNCTION_NAME": code.name,
        "LAMBDA_TASK_ROOT": str(task_root),
        # No file, proxy or metadata of this computer may lead the function to a real account.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
        "LC_ALL": "C.UTF-8",
    }
