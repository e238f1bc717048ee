"""`purgemap explain`: each step from a key to what is sent, for people and for machines."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from purgemap.cli.explain import explain

E1, E2 = "E1EXAMPLE1ABCD", "E2EXAMPLE2ABCD"
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
def _in_a_folder_with_a_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("routes.yaml").write_text(MAP)


def translate_errors(*arguments: str) -> str:
    result = CliRunner().invoke(
        explain, ["--routes", "routes.yaml", *arguments], standalone_mode=False, catch_exceptions=False
    )
    assert (result.return_value, result.stderr) == (0, "")
    return result.stdout


def test_people_read_each_step_and_what_is_left_out() -> None:
    assert translate_errors("s3://all-sites/sites/acme/blog/index.html", "--event", "deleted").splitlines() == [
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


def test_machines_read_the_same_in_one_document() -> None:
    items = ["#key-sites/acme/about.html", "/about.html"]
    assert json.loads(translate_errors("s3://all-sites/sites/acme/about.html", "--json")) == {
        "object": {"bucket": "all-sites", "key": "sites/acme/about.html", "event": "created"},
        "matches": [{"route": "sites", "distribution": E1, "items": items}],
        "skipped": [{"route": "drafts", "distribution": E2, "reason": "excluded by '*.html'"}],
        "invalidations": [{"distribution": E1, "items": items}],
    }


def test_what_becomes_a_wildcard_is_told_with_its_reason_and_a_tag_never_does() -> None:
    lines = translate_errors("s3://all-sites/sites/acme/a~b*").splitlines()
    assert "  item     /a*  CloudFront supports ~ in no encoding, so a wildcard stops before it" in lines
    assert "  item     #key-sites/acme/a~b*" in lines
    assert "  item     /sites/acme/c*  a wildcard" in translate_errors("s3://all-sites/sites/acme/c*").splitlines()


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
def test_why_nothing_is_sent_is_told(place: str, ending: list[str]) -> None:
    assert translate_errors(place).splitlines()[-len(ending) :] == ending


def test_of_many_routes_that_miss_the_nearest_are_shown_and_the_others_counted() -> None:
    routes = "".join(f"  - {{bucket: all-sites, prefix: 'p{n}/', distributions: [{E2}]}}\n" for n in range(20))
    Path("routes.yaml").write_text(f"version: 1\nroutes:\n{routes}")
    lines = translate_errors("s3://all-sites/x").splitlines()
    assert lines[-2:] == ["skipped  8 more routes of this bucket (--json)", "nothing is sent"]
    assert len(lines) == 1 + 12 + 2
