"""Mutate a sample of the core's functions, and print the mutants that no pure test detects.

`make mutants` runs it in mutmut's environment. mutmut imports a package from `src/` only, so the package is laid out
there as setuptools does it; everything else is in `[tool.mutmut]` of pyproject.toml.
"""

import random
import shutil
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path

ROOT = Path(__file__).parents[2]
WORKSPACE = ROOT / "build/mutants"
MUTMUT = Path(sys.executable).with_name("mutmut")

# One small function: to run its mutants makes all others, too, and measures which tests reach them.
FEW_MUTANTS = "purgemap.operations.dead_letters.x__join*"


def main() -> None:
    """Print a diff for each survivor, then their number."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=300, help="how many mutants")
    parser.add_argument("--seed", type=int, default=0, help="which ones")
    parser.add_argument("--only", default="purgemap.", help="the start of their names, such as purgemap.paths.items.")
    options = parser.parse_args()
    _lay_out()
    _run("run", FEW_MUTANTS)
    names = sorted(name for name in _status_by_name("--all", "true") if name.startswith(options.only))
    sample = random.Random(options.seed).sample(names, min(options.sample, len(names)))
    _run("run", *sample)
    status_by_name = _status_by_name()
    survivors = sorted(set(sample) & status_by_name.keys())
    for name in survivors:
        sys.stdout.write(f"{_run('show', name)}\n")
    counts = ", ".join(f"{name} ({status_by_name[name]})" for name in survivors)
    sys.stdout.write(f"{len(survivors)} of {len(sample)} mutants survived: {counts}\n")


def _lay_out() -> None:
    shutil.rmtree(WORKSPACE, ignore_errors=True)
    package = WORKSPACE / "src/purgemap"
    for source, target in {
        "handler/purgemap": package,
        "schemas": package / "schemas",
        "deploy": package / "deploy",
        "tests": WORKSPACE / "tests",
    }.items():
        shutil.copytree(ROOT / source, target, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(ROOT / "pyproject.toml", WORKSPACE)


def _status_by_name(*options: str) -> dict[str, str]:
    """Return the status of each mutant; without options, only of those that survived."""
    lines = _run("results", *options).splitlines()
    return {name: status for name, _, status in (line.strip().partition(": ") for line in lines) if status}


def _run(*arguments: str) -> str:
    done = subprocess.run([MUTMUT, *arguments], cwd=WORKSPACE, check=False, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"mutmut {arguments[0]} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
