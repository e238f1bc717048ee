"""`purgemap explain`: the printed steps and the JSON document."""

import json
from pathlib import Path

import pytest

from purgemap.cli.explain import explain
from support.commands import invoke
from support.ids import E1, E2

MAP = f"""\
version: 1
distributions:
  acme: {{id: {E1}}}
routes:
  - name: sites
    bucket: all-sites
    prefix: sites/{{site}}/
    origin_path: /sites/{{site}}
    distributions: ["{{site}}"]
    invalidate: ["{{path}}", "#key-{{key}}"]
  - name: drafts
    bucket: all-sites
    exclude: ["*.html"]
    distributions: [{E2}]
"""


@pytest.fixture(autouse=True)
def _map_file(_in_empty_folder: None) -> None:
    Path("routes.yaml").write_text(MAP)


def run(*arguments: str) -> str:
    result = invoke(explain, "--routes", "routes.yaml", *arguments, catch_exceptions=False)
    assert (result.return_value, result.stderr) == (0, "")
    return result.stdout


def test_explain_prints_each_step_and_skipped_routes() -> None:
    assert run("s3://all-sites/sites/acme/blog/index.html", "--event", "deleted").splitlines() == [
        "s3://all-sites/sites/acme/blog/index.html deleted",
        f"route    sites → acme ({E1})",
        "  prefix   sites/acme/",
        "  capture  site = acme",
        "  origin   /sites/acme is cut: CloudFront puts it before the viewer's path",
        "  viewer   /blog/index.html  the object's own path",
        "  viewer   /blog/  index.html is an index document",
        "  item     #key-sites/acme/blog/index.html",
        "  item     /blog/",
        "  item     /blog/index.html",
        f"skipped  drafts {E2}: excluded by '*.html'",
        f"sent to  acme ({E1})",
        "  #key-sites/acme/blog/index.html",
        "  /blog/",
        "  /blog/index.html",
    ]


def test_explain_json_has_the_same_content() -> None:
    items = ["#key-sites/acme/about.html", "/about.html"]
    assert json.loads(run("s3://all-sites/sites/acme/about.html", "--json")) == {
        "object": {"bucket": "all-sites", "key": "sites/acme/about.html", "event": "created"},
        "matches": [
            {
                "route": "sites",
                "distribution": E1,
                "prefix": "sites/acme/",
                "captures": {"site": "acme"},
                "origin_path": "/sites/acme",
                "viewer_paths": ["/about.html"],
                "items": items,
                "warnings": [],
            }
        ],
        "skipped": [{"route": "drafts", "distribution": E2, "reason": "excluded by '*.html'"}],
        "invalidations": [{"distribution": E1, "items": items}],
    }


def test_explain_json_has_paths_and_warnings_of_a_match() -> None:
    Path("routes.yaml").write_text(
        f"version: 1\nroutes:\n  - {{bucket: all-sites, invalidate: ['{{path}}', '#{{key}}'], distributions: [{E1}]}}\n"
    )
    (match,) = json.loads(run("s3://all-sites/a,b/index.html", "--json"))["matches"]
    assert (match["prefix"], match["captures"], match["origin_path"]) == ("", {}, "")
    assert match["viewer_paths"] == ["/a,b/index.html", "/a,b/"]
    assert "/*" in match["items"]
    (warning,) = match["warnings"]
    assert "#a,b/index.html" in warning


def test_explain_gives_reason_for_wildcard_but_not_for_tag() -> None:
    lines = run("s3://all-sites/sites/acme/a~b*").splitlines()
    assert "  item     /a*  CloudFront supports ~ in no encoding, so a wildcard stops before it" in lines
    assert "  item     #key-sites/acme/a~b*" in lines
    assert "  item     /sites/acme/c*  a wildcard" in run("s3://all-sites/sites/acme/c*").splitlines()


@pytest.mark.parametrize(
    ("place", "ending"),
    [
        ("s3://none/x", ["nothing is sent: no route of the map names the bucket none"]),
        (
            "s3://all-site/x",
            ['nothing is sent: no route of the map names the bucket all-site; did you mean "all-sites"?'],
        ),
        (
            "s3://all-sites/sites/hooli/a.html",
            ["skipped  sites hooli: {site} names 'hooli', which is not under distributions:", "nothing is sent"],
        ),
    ],
)
def test_explain_gives_reason_if_nothing_is_sent(place: str, ending: list[str]) -> None:
    assert run(place).splitlines()[-len(ending) :] == ending


def test_explain_prints_nearest_of_many_misses() -> None:
    routes = "".join(f"  - {{bucket: all-sites, prefix: 'p{n}/', distributions: [{E2}]}}\n" for n in range(20))
    Path("routes.yaml").write_text(f"version: 1\nroutes:\n{routes}")
    lines = run("s3://all-sites/x").splitlines()
    assert lines[-2:] == ["skipped  8 more routes of this bucket (--json)", "nothing is sent"]
    assert len(lines) == 1 + 12 + 2
