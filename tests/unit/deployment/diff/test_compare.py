"""`purgemap diff`: the differences of two maps in service."""

import json
import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from purgemap.cli.diff import diff
from purgemap.routemap import load_map
from support.diffs import OLD, edit_map, run_diff, split_lines


def test_diff_ignores_how_a_map_is_written() -> None:
    same = edit_map(("[www]", "[E2EXAMPLE1ABCD]"), ("- name: docs\n    ", "- "))
    assert run_diff(same) == "Nothing changes in service.\n"


def test_diff_shows_all_that_a_new_site_adds() -> None:
    assert split_lines(run_diff(OLD + "  - {bucket: acme-shop, prefix: web/, distributions: [E9EXAMPLE1ABCD]}\n")) == [
        ("+", "site", "acme-shop/web/ → E9EXAMPLE1ABCD"),
        ("+", "bucket", "acme-shop"),
        ("+", "distribution", "E9EXAMPLE1ABCD"),
        ("+", "rule", "buckets acme-docs, acme-shop, acme-www"),
        ("-", "rule", "buckets acme-docs, acme-www"),
        ("+", "permission", "cloudfront:CreateInvalidation on distribution/E9EXAMPLE1ABCD"),
        ("+", "permission", "cloudfront:GetInvalidation on distribution/E9EXAMPLE1ABCD"),
        ("+", "permission", "cloudfront:ListInvalidations on distribution/E9EXAMPLE1ABCD"),
    ]


def test_diff_shows_what_skipping_unchanged_uploads_needs() -> None:
    lines = split_lines(run_diff(edit_map(("- name: docs", "- skip_unchanged: true\n    name: docs"))))
    changes = [text.partition(": ")[2] for sign, kind, text in lines if (sign, kind) == ("~", "site")]
    assert changes == ["skip_unchanged: false → true"]
    calls = ("BatchGetItem", "GetItem", "PutItem", "Query", "UpdateItem")
    # The objects are read with the distribution's role, which belongs to the member stack.
    assert [text for sign, kind, text in lines if (sign, kind) == ("+", "permission")] == [
        f"dynamodb:{call} on table/${{LedgerTable}}" for call in calls
    ]


def test_diff_shows_the_role_of_a_removed_site() -> None:
    without = OLD.partition("  - name: docs")[0].replace(OLD.splitlines()[2] + "\n", "")
    lines = split_lines(run_diff(without))
    assert ("-", "permission", "sts:AssumeRole on arn:aws:iam::222222222222:role/purgemap") in lines
    assert ("-", "site", "acme-docs → docs (E3EXAMPLE2ABCD)") in lines


def test_diff_labels_distributions_as_their_own_map_does() -> None:
    renamed = edit_map(("www: {", "web: {"), ("[www]", "[web]"))
    assert run_diff(renamed) == "Nothing changes in service.\n"
    site = ("~", "site", "acme-web/site/public/ → web (E2EXAMPLE1ABCD): bucket: acme-www → acme-web")
    assert site in split_lines(run_diff(renamed.replace("bucket: acme-www", "bucket: acme-web")))
    assert ("+", "distribution", "www (E2EXAMPLE1ABCD)") in split_lines(run_diff(OLD, old=os.devnull))


def test_diff_shows_each_name_of_a_capture_as_a_site() -> None:
    captured = OLD + "  - {bucket: sites, prefix: 's/{site}/', origin_path: '/s/{site}', distributions: ['{site}']}\n"
    Path("captured.yaml").write_text(captured)
    more = captured.replace("distributions:\n", "distributions:\n  new: {id: E7EXAMPLE1ABCD}\n")
    output = run_diff(more, old="captured.yaml")
    assert ("+", "site", "sites/s/new/ → new (E7EXAMPLE1ABCD)") in split_lines(output)
    assert output.count(" site ") == 1


def test_diff_matches_an_unnamed_route_with_another_prefix() -> None:
    plain = "version: 1\nroutes:\n  - {bucket: b12, prefix: a/b/, distributions: [E2EXAMPLE1ABCD]}\n"
    Path("plain.yaml").write_text(plain)
    assert split_lines(run_diff(plain.replace("a/b/", "a/"), old="plain.yaml")) == [
        ("!", "wider", "b12/a/ → E2EXAMPLE1ABCD: the prefix a/ selects more than a/b/"),
        ("~", "site", "b12/a/ → E2EXAMPLE1ABCD: prefix: a/b/ → a/"),
    ]


def test_diff_shows_a_changed_role_of_a_distribution() -> None:
    output = run_diff(edit_map(("role/purgemap", "role/other")))
    assert "~ distribution docs (E3EXAMPLE2ABCD): role_arn: arn:aws:iam::222222222222:role/purgemap → " in output


def test_diff_shows_why_aws_would_refuse_the_map() -> None:
    many = "".join(f"  - {{bucket: {n}*x{n}, distributions: [www]}}\n" for n in range(100, 700))
    reason = "the map's bucket patterns need"
    assert f"! refused      {reason}" in run_diff(OLD + many)
    comment = run_diff(OLD + many, "--format", "markdown")
    assert comment.startswith(f"> [!CAUTION]\n> AWS would refuse this map:\n>\n> - `{reason}")


def test_diff_with_no_map_adds_everything() -> None:
    output = run_diff(OLD, old=os.devnull)
    assert {sign for sign, _, _ in split_lines(output)} == {"+"}


def test_diff_reads_compiled_maps_and_folders(tmp_path: Path) -> None:
    Path("old.json").write_text(json.dumps(load_map("old.yaml").document))
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/one.yaml").write_text(OLD)
    result = CliRunner().invoke(diff, ["old.json", "parts"], standalone_mode=False)
    assert (result.return_value, result.output) == (0, "Nothing changes in service.\n")


def test_diff_reads_a_map_from_a_pipe() -> None:
    code = "import sys; from purgemap.cli.main import main; sys.exit(main())"
    reads, writes = os.pipe()
    os.write(writes, OLD.encode())
    os.close(writes)
    command = [sys.executable, "-c", code, "diff", f"/dev/fd/{reads}", "old.yaml"]
    process = subprocess.run(command, pass_fds=[reads], capture_output=True, text=True, check=False)
    os.close(reads)
    assert (process.returncode, process.stdout, process.stderr) == (0, "Nothing changes in service.\n", "")


def test_diff_refuses_a_new_map_that_is_named_twice() -> None:
    result = CliRunner().invoke(diff, ["old.yaml", "new.yaml", "--routes", "other.yaml"])
    assert result.exit_code == 2
    assert "NEW and --routes both name the map; give one of them" in result.output
