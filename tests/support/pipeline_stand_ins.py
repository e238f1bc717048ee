"""Stand-ins for the programs of a pipeline that need the internet: they record their arguments, and change little.

`python -m venv` makes a folder with a `pip` that downloads nothing. When that pip installs purgemap itself, it links
the purgemap of the tests. Any other use of `python` is the real one.
"""

import sys
from pathlib import Path
from typing import NamedTuple

_PYTHON = """\
#!/bin/sh
case "$1 $2" in
  "-m venv")
    mkdir -p "$3/bin"
    cp "{folder}/pip" "$3/bin/pip" ;;
  *) exec "{python}" "$@" ;;
esac
"""
_PIP = """\
#!/bin/sh
echo "$*" >> "{calls}"
for argument; do
  case "$previous" in --requirement) cat "$argument" >> "{requirements}" || exit 1 ;; esac
  case "$argument" in --no-deps) ln -s "{purgemap}" "$(dirname "$0")/purgemap" ;; esac
  previous="$argument"
done
"""


class StandIns(NamedTuple):
    """The folder for PATH, and what pip was asked for."""

    folder: Path

    @property
    def pip_calls(self) -> list[str]:
        file = self.folder / "pip-calls"
        return file.read_text().splitlines() if file.exists() else []

    @property
    def requirements(self) -> list[str]:
        """The lines of the files that pip was given, without comments."""
        lines = (self.folder / "pip-requirements").read_text().splitlines()
        return [line for line in lines if line and not line.startswith("#")]

    def add(self, name: str, script: str) -> None:
        (self.folder / name).write_text(script)
        (self.folder / name).chmod(0o755)


def install_stand_ins(folder: Path) -> StandIns:
    """Write the stand-ins into a new folder."""
    folder.mkdir(parents=True)
    purgemap = Path(sys.executable).with_name("purgemap")
    names = {"folder": folder, "python": sys.executable, "purgemap": purgemap}
    files = {"calls": folder / "pip-calls", "requirements": folder / "pip-requirements"}
    stand_ins = StandIns(folder)
    for name, script in {"python": _PYTHON, "pip": _PIP}.items():
        stand_ins.add(name, script.format(**names, **files))
    return stand_ins
