"""The instructions of the plan of a full batch with many scopes, compared with the same batch in one scope.

A batch is as large as SQS delivers it: 4,200 changes. Some tenants change more than others.
"""

import json
import random
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bench import callgrind, subjects
from bench.rows import Row

SECTION = "planning a full batch of many scopes: instructions"
CHANGES = 4_200
SCOPES = (1, 20, 200, 500, 2_000)

_WORDS = ("acme", "globex", "initech", "umbrella", "stark", "wayne", "soylent", "hooli", "vandelay", "wonka", "tyrell")
_FOLDERS = ("blog", "docs", "img", "assets")

_PROGRAM = """
import json, sys
from purgemap.planning import plan
file, what = sys.argv[1:]
# The paths of a tenant share the text of their scope, as those of a target do.
scopes = {path: sys.intern(scope) for path, scope in json.load(open(file)).items()}
if what == "one scope":
    scopes = dict.fromkeys(scopes, "/tenants/")
if what != "nothing":
    plan(scopes, max_paths=150, max_wildcards=10)
"""


def scopes_of(tenants: int) -> dict[str, str]:
    """Return the changed paths of a batch, shuffled, each with its tenant's folder as its scope."""
    draw = random.Random(1)
    names = [f"{draw.choice(_WORDS)}-{draw.choice(_WORDS)}-{number}" for number in range(tenants)]
    weights = [(number + 1) ** -0.7 for number in range(tenants)]
    scopes = {}
    for number, name in enumerate([*names, *draw.choices(names, weights, k=CHANGES - tenants)]):
        scope = f"/tenants/{name}/"
        scopes[f"{scope}{draw.choice(_FOLDERS)}/{draw.choice(_WORDS)}-{number}.html"] = scope
    return scopes


def rows(*, quick: bool = False) -> Iterator[Row]:
    """Count the instructions; none if quick, since valgrind runs a program fifty times as long, or without valgrind."""
    if quick or not callgrind.is_at_hand():
        return
    for tenants in SCOPES:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "scopes.json"
            file.write_text(json.dumps(scopes_of(tenants)))
            count = partial(callgrind.instructions, _PROGRAM, subjects.function(10), str(file))
            start = count("nothing")
            many, one = count("many scopes") - start, count("one scope") - start
        yield Row(SECTION, f"{tenants:,} scopes", many / 1e6, "million", many / one, "one scope", bar=3)
