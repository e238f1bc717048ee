"""The machine and the versions that the figures were measured with."""

import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

from bench import subjects

PACKAGES = ("boto3", "botocore", "urllib3")


def describe_machine() -> dict[str, str]:
    """Return the processor, the system, the Python of the subjects, and the versions of the rivals."""
    command = [subjects.interpreter(), "-c", "import platform; print(platform.python_version())"]
    python = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.machine()}",
        "Python": python,
        **{name: metadata.version(name) for name in PACKAGES},
        "purgemap": metadata.version("purgemap"),
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"
