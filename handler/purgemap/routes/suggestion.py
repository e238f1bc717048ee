"""A misspelt word → what was probably meant."""

import difflib
import json
import re
from collections.abc import Collection

_PLAIN = re.compile(r"(?!(?i:yes|no|on|off|true|false|null|y|n)$)/?[A-Za-z][A-Za-z0-9_./-]*")
_MOST_NAMED = 20
"""How many known words a message lists; and, beyond it times a hundred, no more searching for a likeness."""


def did_you_mean(word: str, known: Collection[str]) -> str:
    """Name the known word nearest to a word, else all that are known while they are few."""
    nearest = find_nearest(word, known)
    if nearest is not None:
        return f"did you mean {quoted(nearest)}?"
    return f"known: {', '.join(known)}" if len(known) <= _MOST_NAMED else f"none of {len(known):,} is like it"


def find_nearest(word: str, known: Collection[str]) -> str | None:
    """Find the known word that was probably meant; None where none is like it, or too many are known."""
    if len(known) > _MOST_NAMED * 100:
        return None
    return next(iter(difflib.get_close_matches(word, known, n=1) or _differs_by_case(word, known)), None)


def _differs_by_case(word: str, known: Collection[str]) -> list[str]:
    return [other for other in known if other.lower() == word.lower()]


def flow_text(text: str) -> str:
    """Write a text as an item of a list in brackets: without quotes where it needs none."""
    return text if _PLAIN.fullmatch(text) else quoted(text)


def quoted(text: str) -> str:
    """Show a text of the map in a message: in quotes, on one line."""
    return json.dumps(text, ensure_ascii=False)
