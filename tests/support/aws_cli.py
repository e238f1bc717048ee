"""Run the real AWS CLI, from its own environment, against the embedded AWS."""

import os
import subprocess

import pytest

from purgemap.demo.local_aws import LocalAws
from support.places import ROOT

EXECUTABLE = ROOT / ".tools/awscli/bin/aws"

needs_aws_cli = pytest.mark.skipif(not EXECUTABLE.exists(), reason="`make test` installs the AWS CLI")


def run_aws(aws: LocalAws, *arguments: str) -> str:
    """Run a command against the embedded AWS and return its output, with its carriage returns."""
    command = [str(EXECUTABLE), *arguments, "--endpoint-url", aws.endpoint_url]
    environment = {**os.environ, **aws.environment, "LC_ALL": "C.UTF-8"}
    return subprocess.run(command, env=environment, check=True, capture_output=True).stdout.decode()
