"""Warnings of `purgemap diff`: edits that invalidate more than before."""

import pytest

from support.diffs import OLD, edit_map, run_diff, split_lines


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
        ("origin_path", 'invalidate: ["{path}", "/*"]\n    origin_path', "every change now invalidates /*"),
        ("origin_path", 'invalidate: ["#all"]\n    origin_path', "every change now invalidates #all"),
        ("origin_path", "query_strings: true\n    origin_path", "query_strings sends a wildcard beside every path"),
        ("[www]", "[www, docs]", "changes here now also invalidate docs (E3EXAMPLE2ABCD)"),
    ],
)
def test_scope_warning_for_each_wider_setting(before: str, after: str, warning: str) -> None:
    assert_one_warning(edit_map((before, after)), warning)


@pytest.mark.parametrize(
    ("setting", "warning"),
    [
        ("max_paths: 20", "wildcards replace paths sooner than with 150"),
        ("max_paths: 900", "a batch may send more paths than 150, at $0.005 each"),
        ("max_paths_per_day: 20000", "a day may cost $100.00; it was 5000 ($25.00)"),
        ("max_paths_per_day: 0", "a day has no ceiling; it was 5000 ($25.00)"),
        ("max_paths_per_day: 100", "whole scopes replace paths sooner than with 5000 ($25.00)"),
    ],
)
def test_scope_warning_for_each_wider_budget(setting: str, warning: str) -> None:
    new = edit_map(("{id: E2EXAMPLE1ABCD}", f"{{id: E2EXAMPLE1ABCD, {setting}}}"))
    assert_one_warning(new, f"with {setting.replace(':', '')} {warning}")


def assert_one_warning(new: str, warning: str) -> None:
    (text,) = [text for sign, _, text in split_lines(run_diff(new)) if sign == "!"]
    assert text.endswith(f": {warning}")


def test_scope_warning_for_a_new_route_with_a_wildcard() -> None:
    output = run_diff(OLD + "  - {bucket: acme-errors, invalidate: ['/*'], distributions: [www]}\n")
    assert "! wider        acme-errors → www (E2EXAMPLE1ABCD): every change here invalidates /*" in output


def test_scope_warning_is_absent_for_narrower_settings() -> None:
    for before, after in (
        ("prefix: site/public/", "prefix: site/public/new/"),
        ('exclude: ["*.map"]', 'exclude: ["*.map", "*.txt"]'),
        ('include: ["*.html"]', 'include: ["index.html"]\n    invalidate: ["{path}"]'),
    ):
        output = run_diff(edit_map((before, after)))
        assert "~ site" in output
        assert before == 'include: ["*.html"]' or "! " not in output
