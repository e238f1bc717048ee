"""A map to edit, and `purgemap diff` for its edits."""

from pathlib import Path

from click.testing import CliRunner

from purgemap.cli.diff import diff

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


def run_diff(new: str, *arguments: str, old: str = "old.yaml") -> str:
    """Run `purgemap diff` on a file and the text of a new map; returns its output."""
    Path("new.yaml").write_text(new)
    result = CliRunner().invoke(diff, [old, "new.yaml", *arguments], standalone_mode=False)
    assert result.exception is None
    assert result.return_value == 0
    return result.output


def edit_map(*edits: tuple[str, str]) -> str:
    text = OLD
    for before, after in edits:
        assert before in text
        text = text.replace(before, after)
    return text


def split_lines(output: str) -> list[tuple[str, str, str]]:
    """Split each line of a diff into sign, kind and text."""
    return [(line[0], line[2:14].strip(), line[15:]) for line in output.splitlines()]
