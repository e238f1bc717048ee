"""What the figures were measured on and with."""

import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

from bench import subjects

PACKAGES = ("boto3", "botocore", "urllib3")


def machine() -> dict[str, str]:
    """Tell the processor, the system, the Python that ran the subjects, and the versions of the rivals."""
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
    described = Path("/proc/cpuinfo")
    lines = described.read_text().splitlines() if described.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"
