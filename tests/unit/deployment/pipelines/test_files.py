"""The pipelines' files: pinned actions, few permissions, scripts without others' texts, and the map's path.

`tests/integration/test_github_pipeline.py` and `test_gitlab_pipeline.py` run them.
"""

import re
from importlib.resources import files
from typing import Any

import pytest
import yaml

from purgemap.deployment.pipelines import PipelineFile, list_github_files, list_gitlab_files
from purgemap.deployment.template import load_template
from purgemap.errors import PurgemapError
from support.places import ROOT

CHECK, DEPLOY = ".github/workflows/purgemap-check.yaml", ".github/workflows/purgemap-deploy.yaml"
ACTION = ".github/actions/purgemap/action.yaml"
PINNED = re.compile(r"uses: ([\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+|\./\.github/actions/purgemap)$")


def texts(pipeline: tuple[PipelineFile, ...]) -> dict[str, str]:
    return {file.path: file.text for file in pipeline}


GITHUB = texts(list_github_files("config/routes.yaml", is_folder=False, source="purgemap==1"))
GITLAB = texts(list_gitlab_files("config/routes.yaml", is_folder=False, source="purgemap==1"))
WITH_STEPS = {path: GITHUB[path] for path in (CHECK, DEPLOY, ACTION)}


def load(text: str) -> dict[str, Any]:
    # BaseLoader: YAML 1.1 would read the key `on` as true.
    loaded: dict[str, Any] = yaml.load(text, yaml.BaseLoader)
    return loaded


def steps(text: str) -> list[dict[str, Any]]:
    document = load(text)
    jobs = document["jobs"].values() if "jobs" in document else [document["runs"]]
    return [step for job in jobs for step in job["steps"]]


@pytest.mark.parametrize("text", WITH_STEPS.values(), ids=WITH_STEPS)
def test_workflow_pins_every_action_to_a_commit(text: str) -> None:
    used = [line for line in text.splitlines() if "uses:" in line]
    assert used
    assert all(PINNED.search(line) for line in used)


def test_workflow_jobs_have_only_the_permissions_they_name() -> None:
    writable = {CHECK: {"check": set(), "comment": {"pull-requests"}}, DEPLOY: {"deploy": {"id-token"}}}
    for name, expected in writable.items():
        document = load(GITHUB[name])
        assert document["permissions"] == {}
        written = {
            key: {scope for scope, access in job["permissions"].items() if access == "write"}
            for key, job in document["jobs"].items()
        }
        assert written == expected


def test_pull_request_code_never_gets_a_token_that_writes() -> None:
    request = load(GITHUB[CHECK])
    assert request["on"].keys() == {"pull_request"}, "pull_request_target would run it with the base's permissions"
    assert all("uses" not in step for step in request["jobs"]["comment"]["steps"]), "no checkout, nothing installed"
    assert "${{ secrets." not in "".join(GITHUB.values())
    checkouts = [step for step in steps(GITHUB[CHECK]) if step.get("uses", "").startswith("actions/checkout")]
    assert [step["with"]["persist-credentials"] for step in checkouts] == ["false", "false"]


@pytest.mark.parametrize("text", WITH_STEPS.values(), ids=WITH_STEPS)
def test_workflow_scripts_hold_no_expression(text: str) -> None:
    scripts = [step["run"] for step in steps(text) if "run" in step]
    assert scripts
    assert not [script for script in scripts if "${{" in script], "others' texts must come from the environment"


def test_deployments_run_one_at_a_time() -> None:
    assert load(GITHUB[DEPLOY])["concurrency"]["cancel-in-progress"] == "false"
    job = yaml.safe_load(GITLAB[".gitlab-ci.yml"])["purgemap deploy"]
    assert (job["resource_group"], job["interruptible"]) == ("purgemap", False)


def test_gitlab_pipeline_can_be_included() -> None:
    keywords = {"default", "stages", "variables", "workflow", "include", "image", "cache", "before_script"}
    assert yaml.safe_load(GITLAB[".gitlab-ci.yml"]).keys().isdisjoint(keywords)


def test_gitlab_role_trusts_the_audience_of_the_job() -> None:
    (token,) = yaml.safe_load(GITLAB[".gitlab-ci.yml"])["purgemap deploy"]["id_tokens"].values()
    _, gitlab, _ = load_template("github/role.yaml")["Resources"]["Provider"]["Properties"]["ClientIdList"][0]["Fn::If"]
    assert token["aud"] == gitlab


@pytest.mark.parametrize(("name", "first_key"), [(DEPLOY, "name"), (".gitlab-ci.yml", ".purgemap")])
def test_pipeline_requires_the_outputs_of_its_role(name: str, first_key: str) -> None:
    outputs = load_template("github/role.yaml")["Outputs"].values()
    variables = {re.findall(r"variable (\w+)", output["Description"])[0] for output in outputs}
    text = {**GITHUB, **GITLAB}[name]
    comment = text.partition(f"\n{first_key}:")[0]
    (required,) = re.findall(r"for name in (.*); do", text)
    assert variables < set(required.split()) <= set(re.findall(r"[A-Z_]{6,}", comment))


@pytest.mark.parametrize(
    ("is_folder", "github", "gitlab"),
    [(False, "sites/map.yaml", "sites/map.yaml"), (True, "sites/map.yaml/**", "sites/map.yaml/**/*")],
)
def test_pipelines_watch_and_read_the_map(github: str, gitlab: str, *, is_folder: bool) -> None:
    on_github = texts(list_github_files("sites/map.yaml", is_folder=is_folder, source="purgemap==1"))
    on_gitlab = texts(list_gitlab_files("sites/map.yaml", is_folder=is_folder, source="purgemap==1"))
    for name, event in {CHECK: "pull_request", DEPLOY: "push"}.items():
        document = load(on_github[name])
        assert document["on"][event]["paths"][0] == github
        assert document["env"]["ROUTES"] == "sites/map.yaml"
    pipeline = yaml.safe_load(on_gitlab[".gitlab-ci.yml"])
    assert pipeline["purgemap deploy"]["rules"][0]["changes"][0] == gitlab
    assert pipeline[".purgemap"]["variables"]["ROUTES"] == "sites/map.yaml"
    assert "config/routes.yaml" not in on_github[CHECK] + on_github[DEPLOY] + on_gitlab[".gitlab-ci.yml"]


@pytest.mark.parametrize("routes", ["a b.yaml", "sites/*.yaml", "!map.yaml", "a: b.yaml", "größe.yaml"])
def test_pipelines_refuse_a_path_that_filters_read_otherwise(routes: str) -> None:
    for list_files in (list_github_files, list_gitlab_files):
        with pytest.raises(PurgemapError, match="use letters, digits and"):
            list_files(routes, is_folder=False, source="purgemap==1")


def test_pipelines_install_the_lock_of_the_wheel() -> None:
    lock = files("purgemap.deploy").joinpath("requirements.lock").read_text()
    assert GITHUB[".github/actions/purgemap/requirements.lock"] == lock == GITLAB[".gitlab/purgemap/requirements.lock"]
    assert re.search("^setuptools==", lock, re.MULTILINE), "it builds the wheel of a commit"


@pytest.mark.skipif(not (ROOT / "action.yml").exists(), reason="the sources are hidden: the wheel itself is tested")
def test_action_of_the_repository_is_the_one_that_init_writes() -> None:
    assert (ROOT / "action.yml").read_text() == GITHUB[ACTION]
