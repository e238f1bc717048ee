"""The CDK app of deploy/README.md, synthesised by aws-cdk-lib."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from purgemap.deployment.template.render import render_stack
from purgemap.routemap.load import load_map
from support.documents import section
from support.packages import MAP
from support.places import ROOT
from support.rendered import read

ENVIRONMENT = ROOT / ".tools/cdk"
PYTHON = ENVIRONMENT / "bin/python"
# Half a gigabyte for one test, so `make test` does not install it.
needs_cdk = pytest.mark.skipif(
    not PYTHON.exists() or shutil.which("node") is None,
    reason="`make .tools/cdk/.ready` installs the CDK; it needs Node",
)


def synthesise(folder: Path) -> None:
    """Run the documented app in a folder; writes its templates into `cdk.out`."""
    (app,) = re.findall(r"```python\n(.*?)```", section("deploy/README.md", "## CDK"), re.DOTALL)
    (folder / "app.py").write_text(app)
    environment = {
        **os.environ,
        "CDK_OUTDIR": str(folder / "cdk.out"),
        # Else each run unpacks the library again, which takes ten seconds.
        "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(ENVIRONMENT / "cache"),
    }
    done = subprocess.run(
        [str(PYTHON), "app.py"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@needs_cdk
def test_cdk_app_synthesises_the_rendered_stack(tmp_path: Path) -> None:
    (tmp_path / "routes.yaml").write_text(MAP)
    rendered = render_stack(load_map(tmp_path / "routes.yaml"))
    (tmp_path / "stack.yaml").write_text(rendered)
    (tmp_path / "function.zip").write_bytes(b"zip")
    synthesise(tmp_path)
    stack = json.loads((tmp_path / "cdk.out/purgemap.template.json").read_text())
    expected = read(rendered)
    code = stack["Resources"]["Function"]["Properties"].pop("Code")
    del expected["Resources"]["Function"]["Properties"]["Code"]
    assert "cdk-" in json.dumps(code["S3Bucket"])
    assert (tmp_path / f"cdk.out/asset.{code['S3Key']}").read_bytes() == b"zip"
    for resource in (*stack["Resources"].values(), *expected["Resources"].values()):
        resource.get("DependsOn", []).sort()
    for part in ("Description", "Resources", "Outputs", "Conditions"):
        assert stack[part] == expected[part]
