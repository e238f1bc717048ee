"""`purgemap plan` over a map of three distributions."""

import json
from typing import Any

from click.testing import Result

from purgemap.cli.plan import plan
from support.commands import invoke

ROLE = "arn:aws:iam::222222222222:role/purgemap"
MAP = f"""\
version: 1
distributions:
  docs: {{id: E3EXAMPLE2ABCD, role_arn: "{ROLE}", max_paths: 2}}
  feeds: {{id: E4EXAMPLE2ABCD, max_paths: 1}}
routes:
  - {{bucket: site, distributions: [E1EXAMPLE1ABCD]}}
  - {{name: docs, bucket: site, prefix: docs/, origin_path: /docs, distributions: [docs]}}
  - {{name: feeds, bucket: feeds, distributions: [feeds], invalidate: ["/one.xml", "/two.xml"]}}
"""
DOCS = "".join(f"upload: ./{page}.html to s3://site/docs/{page}.html\n" for page in ("a", "b", "c"))


def run_plan(text: str | bytes, *arguments: str) -> Result:
    return invoke(plan, "--routes", "routes.yaml", *arguments, input=text, catch_exceptions=False)


def planned_document(text: str | bytes, *arguments: str) -> Any:
    result = run_plan(text, "--json", *arguments)
    assert (result.return_value, result.stderr) == (0, "")
    return json.loads(result.stdout)


def planned_items(text: str | bytes, *arguments: str) -> list[str]:
    return [item for each in planned_document(text, *arguments)["invalidations"] for item in each["items"]]
