"""`purgemap diff --format markdown`: a comment with warnings, a picture and a table."""

import re

from purgemap.deployment.diff.mermaid import MAX_SITES
from support.diffs import OLD, edit_map, run_diff


def test_markdown_shows_warnings_then_picture_then_table() -> None:
    new = edit_map(("prefix: site/public/", "prefix: site/")) + "  - {bucket: acme-shop, distributions: [www]}\n"
    output = run_diff(new, "--format", "markdown")
    assert output.index("> [!WARNING]") < output.index("```mermaid") < output.index("| added | site |")
    assert "| changed | site | `acme-www/site/ → www (E2EXAMPLE1ABCD)`<br>`prefix: site/public/ → site/` |" in output
    assert run_diff(OLD, "--format", "markdown") == "Nothing changes in service.\n"


def picture(output: str) -> list[str]:
    match = re.search(r"```mermaid\n(.*?)\n```", output, re.DOTALL)
    return match[1].splitlines() if match else []


def test_picture_shows_changed_sites_only() -> None:
    new = OLD + "  - {bucket: acme-shop, prefix: web/, distributions: [www]}\n"
    assert picture(run_diff(new, "--format", "markdown")) == [
        "flowchart LR",
        '  n0[("acme-shop")]',
        '  n1["web/"]',
        '  n2(["www #40;E2EXAMPLE1ABCD#41;"])',
        "  n0 ==> n1",
        "  n1 ==> n2",
        "  linkStyle 0 stroke:#1a7f37,stroke-width:3px",
        "  linkStyle 1 stroke:#1a7f37,stroke-width:3px",
    ]


def test_markdown_stays_small_for_thousands_of_changes() -> None:
    many = "".join(f"  - {{bucket: acme-{n:04}, distributions: [E{n:04}EXAMPLEX]}}\n" for n in range(2_000))
    output = run_diff(OLD + many, "--format", "markdown")
    assert len(output) < 65_536
    assert sum("==>" in line for line in picture(output)) == 2 * MAX_SITES
    assert f"{2_000 - MAX_SITES} more below" in output


def test_markdown_shows_texts_of_a_map_as_code() -> None:
    odd = r'"a`b|c\n@all <script> ]\"-->/"'
    output = run_diff(OLD + f"  - {{bucket: acme-shop, prefix: {odd}, distributions: [www]}}\n", "--format", "markdown")
    row = next(line for line in output.splitlines() if line.startswith("| added | site"))
    assert row == r"""| added | site | `acme-shop/a'b\|c\n@all <script> ]"-->/ → www (E2EXAMPLE1ABCD)` |"""
    node = next(line for line in picture(output) if "n1[" in line)
    assert node == '  n1["a#96;b#124;c#10;#64;all #60;script#62; #93;#34;--#62;/"]'
