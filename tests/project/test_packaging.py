"""What is shipped is what is there."""

import tomllib

import pytest

from support.places import ROOT


@pytest.mark.skipif(
    not (ROOT / "handler/purgemap").exists(), reason="the sources are out of the way: the wheel itself is tested"
)
def test_every_package_of_the_sources_is_shipped() -> None:
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    found = {
        ".".join(file.parent.relative_to(ROOT / "handler").parts) for file in (ROOT / "handler").rglob("__init__.py")
    }
    assert set(setuptools["packages"]) == found | {"purgemap.schemas", "purgemap.deploy"}
