"""`purgemap diff`: what an edit of the map means, and what of it invalidates more than before."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from purgemap.cli.diff import diff
from purgemap.deployment.diff.mermaid import MAX_SITES
from purgemap.routemap.load import load_map

OLD = """\
version: 1
distributions:
  docs: {id: E3EXAMPLE2ABCD, role_arn: "arn:aws:iam::222222222222:role/purgemap"}
  www: {id: E2EXAMPLE1ABCD}
routes:
  - name: www
    bucket: acme-www
    prefix: site/public/
    origin_path: /site/public
    include: ["*.html"]
    exclude: ["*.map"]
    events: [created]
    distributions: [www]
  - name: docs
    bucket: acme-docs
    distributions: [docs]
"""


@pytest.fixture(autouse=True)
def _in_a_folder_with_the_old_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("old.yaml").write_text(OLD)


def run(new: str, *arguments: str, old: str = "old.yaml") -> str:
    Path("new.yaml").write_text(new)
    result = CliRunner().invoke(diff, [old, "new.yaml", *arguments], standalone_mode=False)
    assert result.exception is None
    assert result.return_value == 0
    return result.output


def edited(*edits: tuple[str, str]) -> str:
    text = OLD
    for before, after in edits:
        assert before in text
        text = text.replace(before, after)
    return text


def split_lines(output: str) -> list[tuple[str, str, str]]:
    """Split the lines into sign, kind and text."""
    return [(line[0], line[2:14].strip(), line[15:]) for line in output.splitlines()]


def test_the_same_map_written_otherwise_changes_nothing() -> None:
    assert run(edited(("[www]", "[E2EXAMPLE1ABCD]"), ("- name: docs\n    ", "- "))) == "Nothing changes in service.\n"


def test_a_new_site_comes_with_its_bucket_distribution_rule_and_right() -> None:
    assert split_lines(run(OLD + "  - {bucket: acme-shop, prefix: web/, distributions: [E9EXAMPLE1ABCD]}\n")) == [
        ("+", "site", "acme-shop/web/ → E9EXAMPLE1ABCD"),
        ("+", "bucket", "acme-shop"),
        ("+", "distribution", "E9EXAMPLE1ABCD"),
        ("+", "rule", "buckets acme-docs, acme-shop, acme-www"),
        ("-", "rule", "buckets acme-docs, acme-www"),
        ("+", "permission", "cloudfront:CreateInvalidation on distribution/E9EXAMPLE1ABCD"),
        ("+", "permission", "cloudfront:GetInvalidation on distribution/E9EXAMPLE1ABCD"),
        ("+", "permission", "cloudfront:ListInvalidations on distribution/E9EXAMPLE1ABCD"),
    ]


def test_a_site_that_goes_takes_its_role_along() -> None:
    without = OLD.partition("  - name: docs")[0].replace(OLD.splitlines()[2] + "\n", "")
    assert ("-", "permission", "sts:AssumeRole on arn:aws:iam::222222222222:role/purgemap") in split_lines(run(without))
    assert ("-", "site", "acme-docs → docs (E3EXAMPLE2ABCD)") in split_lines(run(without))


def test_diff_shows_each_distribution_by_the_names_of_its_own_map() -> None:
    output = run(
        OLD.replace("www: {", "web: {").replace("[www]", "[web]").replace("bucket: acme-www", "bucket: acme-web")
    )
    assert (
        "~",
        "site",
        "acme-web/site/public/ → web (E2EXAMPLE1ABCD): bucket: acme-www → acme-web",
    ) in split_lines(output)
    assert ("+", "distribution", "www (E2EXAMPLE1ABCD)") in split_lines(run(OLD, old=os.devnull))
    assert run(OLD.replace("www: {", "web: {").replace("[www]", "[web]")) == "Nothing changes in service.\n"


def test_a_captures_names_are_sites_one_by_one() -> None:
    captured = OLD + "  - {bucket: sites, prefix: 's/{site}/', origin_path: '/s/{site}', distributions: ['{site}']}\n"
    Path("captured.yaml").write_text(captured)
    more = captured.replace("distributions:\n", "distributions:\n  new: {id: E7EXAMPLE1ABCD}\n")
    output = run(more, old="captured.yaml")
    assert ("+", "site", "sites/s/new/ → new (E7EXAMPLE1ABCD)") in split_lines(output)
    assert output.count(" site ") == 1


def test_a_route_without_a_name_is_still_itself_when_its_prefix_changes() -> None:
    Path("plain.yaml").write_text(
        "version: 1\nroutes:\n  - {bucket: b12, prefix: a/b/, distributions: [E2EXAMPLE1ABCD]}\n"
    )
    output = run(
        "version: 1\nroutes:\n  - {bucket: b12, prefix: a/, distributions: [E2EXAMPLE1ABCD]}\n", old="plain.yaml"
    )
    assert split_lines(output) == [
        ("!", "wider", "b12/a/ → E2EXAMPLE1ABCD: the prefix a/ selects more than a/b/"),
        ("~", "site", "b12/a/ → E2EXAMPLE1ABCD: prefix: a/b/ → a/"),
    ]


@pytest.mark.parametrize(
    ("before", "after", "warning"),
    [
        ("prefix: site/public/", "prefix: site/", "the prefix site/ selects more than site/public/"),
        ("    prefix: site/public/\n", "", "the prefix (all keys) selects more than site/public/"),
        ("prefix: site/public/", "prefix: site/*/", "the prefix site/*/ selects more than site/public/"),
        ("bucket: acme-www", "bucket: acme-w*", "acme-w* matches more buckets than acme-www"),
        (
            "    origin_path: /site/public\n",
            "",
            "with the origin path / more keys count as served than with /site/public",
        ),
        ('    include: ["*.html"]\n', "", "without include (*.html) every key counts"),
        ('include: ["*.html"]', 'include: ["*.html", "*.js"]', "include also has *.js"),
        ('    exclude: ["*.map"]\n', "", "*.map is no longer excluded"),
        ("events: [created]", "events: [created, deleted]", "objects that are deleted also count"),
        ("events: [created]", 'events: [created]\n    invalidate: ["{path}", "/*"]', "every change now invalidates /*"),
        ("events: [created]", 'events: [created]\n    invalidate: ["#all"]', "every change now invalidates #all"),
        (
            "events: [created]",
            "events: [created]\n    query_strings: true",
            "query_strings sends a wildcard beside every path",
        ),
        (
            "distributions: [www]",
            "distributions: [www, docs]",
            "now also invalidate docs (E3EXAMPLE2ABCD)",
        ),
        (
            "{id: E2EXAMPLE1ABCD}",
            "{id: E2EXAMPLE1ABCD, max_paths: 20}",
            "wildcards replace paths sooner than with 150",
        ),
        (
            "{id: E2EXAMPLE1ABCD}",
            "{id: E2EXAMPLE1ABCD, max_paths: 900}",
            "may send more paths than 150, at $0.005 each",
        ),
        (
            "{id: E2EXAMPLE1ABCD}",
            "{id: E2EXAMPLE1ABCD, max_paths_per_day: 20000}",
            "with max_paths_per_day 20000 a day may cost $100.00; it was 5000 ($25.00)",
        ),
        (
            "{id: E2EXAMPLE1ABCD}",
            "{id: E2EXAMPLE1ABCD, max_paths_per_day: 0}",
            "with max_paths_per_day 0 a day has no ceiling; it was 5000 ($25.00)",
        ),
        (
            "{id: E2EXAMPLE1ABCD}",
            "{id: E2EXAMPLE1ABCD, max_paths_per_day: 100}",
            "with max_paths_per_day 100 whole scopes replace paths sooner than with 5000 ($25.00)",
        ),
    ],
)
def test_what_widens_is_warned_of(before: str, after: str, warning: str) -> None:
    warnings = [text for sign, _, text in split_lines(run(edited((before, after)))) if sign == "!"]
    assert len(warnings) == 1
    assert warnings[0].endswith(warning)


def test_a_new_route_that_invalidates_all_of_a_known_distribution_is_warned_of() -> None:
    output = run(OLD + "  - {bucket: acme-errors, invalidate: ['/*'], distributions: [www]}\n")
    assert "! wider        acme-errors → www (E2EXAMPLE1ABCD): every change here invalidates /*" in output


def test_what_narrows_is_told_without_a_warning() -> None:
    for before, after in (
        ("prefix: site/public/", "prefix: site/public/new/"),
        ('exclude: ["*.map"]', 'exclude: ["*.map", "*.txt"]'),
        ('include: ["*.html"]', 'include: ["index.html"]\n    invalidate: ["{path}"]'),
    ):
        output = run(edited((before, after)))
        assert "~ site" in output
        assert before == 'include: ["*.html"]' or "! " not in output


def test_a_changed_role_is_an_altered_distribution() -> None:
    output = run(edited(("role/purgemap", "role/other")))
    assert "~ distribution docs (E3EXAMPLE2ABCD): role_arn: arn:aws:iam::222222222222:role/purgemap → " in output


def test_a_map_that_could_not_be_deployed_is_told_with_the_reason() -> None:
    many = "".join(f"  - {{bucket: {n}*x{n}, distributions: [www]}}\n" for n in range(100, 700))
    reason = "the map's bucket patterns need"
    assert f"! refused      {reason}" in run(OLD + many)
    comment = run(OLD + many, "--format", "markdown")
    assert comment.startswith(f"> [!CAUTION]\n> AWS would refuse this map:\n>\n> - `{reason}")


def test_from_nothing_everything_is_gained() -> None:
    output = run(OLD, old=os.devnull)
    assert {sign for sign, _, _ in split_lines(output)} == {"+"}


def test_maps_may_be_compiled_or_folders(tmp_path: Path) -> None:
    Path("old.json").write_text(json.dumps(load_map("old.yaml").document))
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/one.yaml").write_text(OLD)
    result = CliRunner().invoke(diff, ["old.json", "parts"], standalone_mode=False)
    assert (result.return_value, result.output) == (0, "Nothing changes in service.\n")


def test_a_shells_pipe_is_a_map_too() -> None:
    code = "import sys; from purgemap.cli.main import main; sys.exit(main())"
    reads, writes = os.pipe()
    os.write(writes, OLD.encode())
    os.close(writes)
    command = [sys.executable, "-c", code, "diff", f"/dev/fd/{reads}", "old.yaml"]
    done = subprocess.run(command, pass_fds=[reads], capture_output=True, text=True, check=False)
    os.close(reads)
    assert (done.returncode, done.stdout, done.stderr) == (0, "Nothing changes in service.\n", "")


def test_markdown_warns_first_then_draws_then_tells_all() -> None:
    new = edited(("prefix: site/public/", "prefix: site/")) + "  - {bucket: acme-shop, distributions: [www]}\n"
    output = run(new, "--format", "markdown")
    assert output.index("> [!WARNING]") < output.index("```mermaid") < output.index("| added | site |")
    assert "| changed | site | `acme-www/site/ → www (E2EXAMPLE1ABCD)`<br>`prefix: site/public/ → site/` |" in output
    assert run(OLD, "--format", "markdown") == "Nothing changes in service.\n"


def picture(output: str) -> list[str]:
    found = re.search(r"```mermaid\n(.*?)\n```", output, re.DOTALL)
    return found[1].splitlines() if found else []


def test_the_picture_holds_the_changed_sites_only() -> None:
    new = OLD + "  - {bucket: acme-shop, prefix: web/, distributions: [www]}\n"
    assert picture(run(new, "--format", "markdown")) == [
        "flowchart LR",
        '  n0[("acme-shop")]',
        '  n1["web/"]',
        '  n2(["www #40;E2EXAMPLE1ABCD#41;"])',
        "  n0 ==> n1",
        "  n1 ==> n2",
        "  linkStyle 0 stroke:#1a7f37,stroke-width:3px",
        "  linkStyle 1 stroke:#1a7f37,stroke-width:3px",
    ]


def test_the_picture_and_the_comment_stay_small_however_much_changes() -> None:
    many = "".join(f"  - {{bucket: acme-{n:04}, distributions: [E{n:04}EXAMPLEX]}}\n" for n in range(2_000))
    output = run(OLD + many, "--format", "markdown")
    assert len(output) < 65_536
    assert sum("==>" in line for line in picture(output)) == 2 * MAX_SITES
    assert f"{2_000 - MAX_SITES} more below" in output


def test_what_a_map_says_stays_text_in_the_comment() -> None:
    odd = r'"a`b|c\n@all <script> ]\"-->/"'
    output = run(OLD + f"  - {{bucket: acme-shop, prefix: {odd}, distributions: [www]}}\n", "--format", "markdown")
    row = next(line for line in output.splitlines() if line.startswith("| added | site"))
    assert row == r"""| added | site | `acme-shop/a'b\|c\n@all <script> ]"-->/ → www (E2EXAMPLE1ABCD)` |"""
    node = next(line for line in picture(output) if "n1[" in line)
    assert node == '  n1["a#96;b#124;c#10;#64;all #60;script#62; #93;#34;--#62;/"]'


def test_a_new_map_that_is_named_twice_is_a_usage_error() -> None:
    result = CliRunner().invoke(diff, ["old.yaml", "new.yaml", "--routes", "other.yaml"])
    assert result.exit_code == 2
    assert "NEW and --routes both name the map; give one of them" in result.output
