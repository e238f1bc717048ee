"""The page's plan: a log of `aws s3 sync`, pasted, chosen or dropped, and its cost."""

from pathlib import Path
from typing import TYPE_CHECKING

from support.explorer import Explore
from support.ids import E1, E2

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytest_plugins = ["support.browser_fixtures"]

MAP = f"""\
version: 1
distributions:
  www: {{id: {E1}}}
routes:
  - {{bucket: acme-www, distributions: [www]}}
  - {{bucket: acme-www, prefix: shop/, distributions: [{E2}]}}
"""
# The command ends a line of progress with a carriage return, and overwrites it.
LOG = (
    "Completed 1.2 KiB/9.8 KiB (3.1 KiB/s) with 3 file(s) remaining\r"
    "upload: site/index.html to s3://acme-www/index.html\n"
    "Completed 4.0 KiB/9.8 KiB (6.0 KiB/s) with 2 file(s) remaining\r"
    "upload: site/shop/cart page.html to s3://acme-www/shop/cart page.html\n"
    "delete: s3://acme-www/press/2019.pdf\n"
    "upload: site/a.txt to s3://acme-other/a.txt\n"
)

DROP = """([text, name]) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([text], name, { type: "text/plain" }));
  const zone = document.getElementById("plan-drop");
  for (const type of ["dragover", "drop"]) {
    zone.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
  }
}"""


def result(page: "Page") -> str:
    page.wait_for_selector("#plan-result .tiles")
    return page.locator("#plan-result").inner_text()


def tiles(page: "Page") -> dict[str, str]:
    page.wait_for_selector("#plan-result .tiles")
    return dict(
        zip(
            page.locator("#plan-result .tile dt").all_inner_texts(),
            page.locator("#plan-result .tile dd").all_inner_texts(),
            strict=True,
        )
    )


def test_dropped_sync_log_shows_its_cost(page: "Page", explore: Explore) -> None:
    page.goto(f"{explore(MAP).address}#plan")
    page.evaluate(DROP, [LOG, "deploy.log"])
    # A key with a space has two spellings.
    assert tiles(page) == {"cost": "$0.035", "changes": "4", "paths": "7", "wildcards": "0", "requests": "2"}
    shown = result(page)
    assert "Plan of deploy.log" in shown
    assert "No route matches 1 change." in shown
    assert f"www {E1}" in shown
    card = page.locator("#plan-result .sent", has_text=E2)
    assert card.locator(".items li").all_inner_texts() == ["/shop/cart%20page.html", "/shop/cart+page.html"]


def test_chosen_and_pasted_logs_have_the_same_plan(page: "Page", explore: Explore, tmp_path: Path) -> None:
    (tmp_path / "deploy.log").write_text(LOG)
    page.goto(f"{explore(MAP).address}#plan")
    page.get_by_label("Log file").set_input_files(tmp_path / "deploy.log")
    chosen = tiles(page)
    page.get_by_label("Changed objects").fill(LOG.replace("\r", "\n"))
    page.get_by_role("button", name="Plan").click()
    page.wait_for_function("!document.getElementById('plan-result').textContent.includes('deploy.log')")
    assert tiles(page) == chosen


def test_bare_keys_need_their_bucket(page: "Page", explore: Explore) -> None:
    page.goto(f"{explore(MAP).address}#plan")
    page.get_by_label("Changed objects").fill("shop/a.html\n")
    page.get_by_role("button", name="Plan").click()
    page.wait_for_selector("#plan-error bdi")
    assert "'shop/a.html' is a key" in page.locator("#plan-error").inner_text()
    page.get_by_label("Bucket of bare keys").fill("acme-www")
    page.get_by_role("button", name="Plan").click()
    assert tiles(page)["paths"] == "2"
    assert page.locator("#plan-error").inner_text() == ""


def test_long_plan_shows_the_other_items_on_request(page: "Page", explore: Explore) -> None:
    page.goto(f"{explore(MAP).address}#plan")
    page.get_by_label("Changed objects").fill("\n".join(f"s3://acme-www/{number}" for number in range(60)))
    page.get_by_role("button", name="Plan").click()
    page.get_by_role("button", name="Show 10 more").click()
    assert page.locator("#plan-result .items li").count() == 60
