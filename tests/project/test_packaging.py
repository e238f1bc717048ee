"""The distribution ships every package of the sources."""

import re
import tomllib
from importlib.resources import files

import pytest

from support.places import ROOT


@pytest.mark.skipif(
    not (ROOT / "handler/purgemap").exists(), reason="the sources are hidden: the wheel itself is tested"
)
def test_setuptools_ships_every_package_of_the_sources() -> None:
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    packages = {
        ".".join(file.parent.relative_to(ROOT / "handler").parts) for file in (ROOT / "handler").rglob("__init__.py")
    }
    assert set(setuptools["packages"]) == packages | {"purgemap.schemas", "purgemap.deploy"}


def test_lock_of_the_wheel_has_the_versions_of_the_tests() -> None:
    locks = [
        files("purgemap.deploy").joinpath("requirements.lock").read_text(),
        (ROOT / "requirements.lock").read_text(),
    ]
    shipped, tested = (set(re.findall(r"^[a-z0-9-]+==[^ ;]+", lock, re.MULTILINE)) for lock in locks)
    assert shipped < tested
