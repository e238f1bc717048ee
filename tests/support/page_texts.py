"""What the explorer's page shows, as the page's reader sees it."""

import unicodedata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

_HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}

# Collected in one call: a call per element would take seconds.
_READ_EXPLANATION = """() => {
  const result = document.getElementById("object-result");
  const texts = (root, selector) => [...root.querySelectorAll(selector)].map((element) => element.textContent);
  const steps = (card) => [...card.querySelectorAll(".steps > li")].map(
    (step) => [step.querySelector("h5").textContent, texts(step, ".data")]);
  return {
    object: texts(result, ".facts:first-of-type dd .data").slice(0, 3),
    sent: [...result.querySelectorAll(".sent")].map((card) => [texts(card, "h4 .data"), texts(card, ".items .data")]),
    matches: [...result.querySelectorAll(".match")].map(
      (card) => [texts(card, "h4 .data"), steps(card), texts(card, ".warning .data")]),
    skipped: [...result.querySelectorAll("tbody tr")].map(
      (row) => [...row.children].map((cell) => texts(cell, ".data"))),
  };
}"""


def visible_text(text: str) -> str:
    """Return a text as the page shows it: characters that a browser would not draw become their codes."""
    last = len(text) - 1
    return "".join(
        f"U+{ord(character):04X}" if _is_hidden(character) or (character == " " and index in {0, last}) else character
        for index, character in enumerate(text)
    )


def _is_hidden(character: str) -> bool:
    category = unicodedata.category(character)
    return category in _HIDDEN or (category == "Zs" and character != " ")


def visible_texts(value: Any) -> Any:
    """Return a JSON value with each of its texts as the page shows it."""
    if isinstance(value, str):
        return visible_text(value)
    if isinstance(value, list):
        return [visible_texts(member) for member in value]
    return value


def explain_on_page(page: "Page", uri: str, event: str = "created") -> Any:
    """Type an object, and return the texts of its explanation."""
    page.fill("#object-uri", uri)
    page.select_option("#object-event", event)
    page.click("#object-form button")
    return read_explanation(page)


def read_explanation(page: "Page") -> Any:
    """Wait for the answer, and return the texts of the page."""
    page.wait_for_selector("#object-result:not([aria-busy])", state="attached")
    more = page.locator("#object-result button", has_text="Show")
    if more.count():
        more.click()
    return page.evaluate(_READ_EXPLANATION)
