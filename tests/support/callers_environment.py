"""Replace the caller's environment by a fixed one, in this process and its children."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

# The places of programs and temporary files, and pytest's own variables. Any other could change a result: settings of
# AWS, Python, pip and git, proxies, colours, a pipeline runner's variables.
_KEPT = {
    "LD_LIBRARY_PATH",
    "PATH",
    "PYENV_ROOT",
    "SYSTEMROOT",
    "TEMP",
    "TF_PLUGIN_CACHE_DIR",  # where Terraform's tests find the provider
    "TMP",
    "TMPDIR",
    "VIRTUAL_ENV",
}
_KEPT_PREFIXES = ("COV", "HYPOTHESIS", "MUT", "PYTEST_", "PY_COLORS")

_FIXED = {
    # No test may reach a real account.
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_REGION": "eu-central-1",
    "AWS_CONFIG_FILE": "/nonexistent",
    "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
    "AWS_EC2_METADATA_DISABLED": "true",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
}


@contextmanager
def fixed_environment() -> Iterator[None]:
    """Replace the environment, the time zone and the umask; the home folder is new, and removed afterwards."""
    callers, umask = dict(os.environ), os.umask(0o022)
    kept = {name: value for name, value in callers.items() if name in _KEPT or name.startswith(_KEPT_PREFIXES)}
    with TemporaryDirectory(prefix="purgemap-home-") as home:
        _set({**kept, **_FIXED, "HOME": home})
        try:
            yield
        finally:
            _set(callers)
            os.umask(umask)


def _set(environment: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
