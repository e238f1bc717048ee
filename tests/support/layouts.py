"""Maps to lay out: one with every kind of row, and one with hostile names."""

from pathlib import Path

from purgemap.explorer import build_layout
from purgemap.explorer.layout import Layout
from purgemap.operations import survey_map
from purgemap.routemap import RouteMap
from purgemap.routemap.compiled import COMPILED_VERSION, dump_row
from support.ids import E1, E2

MEMBER = "222222222222"
SITES_MAP = f"""\
version: 1
distributions:
  www: {{id: {E1}, origin_path: /www}}
  docs: {{id: {E2}, role_arn: "arn:aws:iam::{MEMBER}:role/purgemap"}}
routes:
  - {{name: all, bucket: site, distributions: [www]}}
  - name: docs
    bucket: site
    prefix: docs/
    distributions: [docs, www]
    exclude: ["*.map"]
    clean_urls: true
  - {{name: tenants, bucket: tenants, prefix: "{{name}}/", distributions: ["{{name}}"], accounts: ["{MEMBER}"]}}
"""

HOSTILE_NAMES = (
    "<script>alert(1)</script>",
    "\"quotes'&amp;]]>-->",
    "right\u202eto\u2066left\u200f",
    "\x00\x07\x1b[31m\n\ufffe\ud800",
    "é" * 512,  # 1,024 bytes
    "a" + "\u0301" * 40,
    "\u05d0\u05d1/\u4e2d\u6587" * 20,
)


def lay_out(text: str, folder: Path) -> Layout:
    file = folder / "routes.yaml"
    file.write_text(text)
    surveyed = survey_map(file)
    assert surveyed.route_map, surveyed.problems
    return build_layout(surveyed.route_map, surveyed.places)


def hostile_map() -> RouteMap:
    """Return a map, as an attacker may compile one, whose buckets, prefixes, routes and distributions are hostile."""
    names = HOSTILE_NAMES
    return RouteMap(
        {
            "compiled": COMPILED_VERSION,
            "buckets": {name: dump_row([[name, name, [names[index - 1]], {}]]) for index, name in enumerate(names)},
            "patterns": [],
            "distributions": {name: dump_row({"id": name, "options": {"origin_path": name}}) for name in names},
            "accounts": {names[0]: [names[0]]},
        }
    )
