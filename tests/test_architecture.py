"""The layers of the package: each module imports only what stands below it."""

import ast
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import purgemap

PACKAGE = Path(purgemap.__file__).parent

# Top to bottom; a name stands for a module, or for all of a folder that no other line names.
LAYERS = [
    ["cli.main"],
    ["cli"],
    ["cli.plan"],
    ["cli.deploy_input", "cli.deploy_options", "cli.plan_advice", "cli.service_options", "cli.sound_maps"],
    ["cli.options"],
    ["cli.terminal"],
    ["deploying"],
    ["embedded", "building", "differing"],
    ["rendering"],
    ["lambda_function", "checking", "explaining", "listing_text", "listings", "status", "redriving"],
    ["sweeping", "dead_letters", "inbox", "invalidations", "sites"],
    ["invalidation_history"],
    ["metrics"],
    ["aws", "inputs", "preview", "reporting"],
    ["role_credentials"],
    ["json_input", "key_list", "transfer_log"],
    ["transfer_failures"],
    ["transfer_names", "line_prefixes"],
    ["pipeline"],
    ["keeping"],
    ["delivery"],
    ["delivery.wildcard_limits"],
    ["delivery.delivering"],
    ["delivery.attempt", "delivery.refusing", "delivery.daily_budget"],
    ["delivery.statement"],
    ["delivery.pace", "delivery.spending"],
    ["delivery.bisecting", "delivery.history", "delivery.outcomes"],
    ["planning", "slots"],
    ["paths", "routing"],
    ["bucket_routing"],
    ["feed_table"],
    ["targets"],
    ["events"],
    ["s3_events"],
    ["jobs"],
    ["routes.loading"],
    ["routes.validation"],
    ["routes.rules", "routes.soundness"],
    ["routes.capture_rules", "routes.distribution_rules", "routes.template_rules", "routes.redundancy"],
    ["routes.match_rules", "routes.bucket_rules"],
    ["routes.pattern_rules", "routes.compiling"],
    ["routes.naming"],
    ["routes.assembling"],
    ["routes.written", "routes.shape"],
    ["routes.faults"],
    ["routes.source"],
    ["routes.nodes", "routes.readings"],
    ["routes.syntax"],
    ["routes.indentation"],
    ["routes.trials"],
    ["routes.quoting"],
    ["routes.suggestion", "routes.schema"],
    ["routes.problems", "routes.table", "routes.map_paths", "routes.characters"],
    ["patterns", "globs", "envelopes", "plain_events"],
    ["glob_automaton"],
    ["glob_syntax"],
    ["aws_errors", "call_settings", "counting", "indexing", "s3_uris"],
    ["aws_answers"],
    ["errors"],
]


def modules() -> dict[str, Path]:
    found = {str(file.relative_to(PACKAGE).with_suffix("")).replace("/", "."): file for file in PACKAGE.rglob("*.py")}
    # A folder whose __init__ imports nothing is no module of its own.
    counted = {name: file for name, file in found.items() if not name.endswith("__init__") or imports(file)}
    return {name.removesuffix(".__init__"): file for name, file in counted.items()}


def imports(file: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(file.read_text())))
    froms = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    found = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    found |= {str(node.module) for node in froms}
    found |= {f"{node.module}.{alias.name}" for node in froms for alias in node.names}  # which may be modules
    return {name.removeprefix("purgemap.") for name in found if name.startswith("purgemap.")}


def layer(module: str) -> int:
    levels = {name: level for level, names in enumerate(LAYERS) for name in names}
    return levels[module] if module in levels else levels[module.partition(".")[0]]


def test_every_module_has_its_layer_and_imports_run_down() -> None:
    upwards = {
        (name, used)
        for name, file in modules().items()
        for used in imports(file)
        if used in modules() and layer(used) < layer(name)
    }
    assert upwards == set()


def test_the_function_never_imports_what_only_people_need() -> None:
    code = "import sys, purgemap.lambda_function; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    for library in ("yaml", "jsonschema", "click", "rich", "moto", "flask", "purgemap.embedded", "purgemap.cli"):
        assert find_spec(library) is not None
        assert library not in loaded
