"""What a CloudFront function does with the path of a request, as far as its code shows.

A function is a program, so only the usual ones are recognised: those that append index documents or `.html`.
"""

import re
from enum import Enum

_STRING = re.compile(r"""(?P<quote>["'`])(?P<text>(?:\\.|(?!(?P=quote)).)*)(?P=quote)""", re.DOTALL)
_STRING_OR_COMMENT = re.compile(rf"{_STRING.pattern}|//[^\n]*|/\*.*?\*/", re.DOTALL)
_REGEX = re.compile(r"(?<=[(,=])\s*/(?:\\.|\[(?:\\.|[^\]])*\]|[^/\n\[*])(?:\\.|\[(?:\\.|[^\]])*\]|[^/\n\[])*/[a-z]*")
# A variable of the path is usually named so: `request.uri`, `uri`, `newUri`.
_ASSIGNMENT = re.compile(r"""(?:\b\w*uri|\[\s*["']uri["']\s*\])\s*\+?=(?![=>])(?P<value>[^;\n]*)""", re.IGNORECASE)
_OTHER_CHANGE = re.compile(r"\buri\s*:|updateRequestOrigin|selectRequestOriginById|createRequestOriginGroup")
_NAME = re.compile(r"[A-Za-z_$][\w$]*")

_PAGE_ENDINGS = frozenset({"/", ".", ".html", "index.html", "/index.html"})
_NAMES_OF_THE_PATH = frozenset({"event", "request", "req", "replace", "concat"})


class FunctionEffect(Enum):
    """The effects of a function on a request's path: none, names of pages, or unknown."""

    NONE = "none"
    PAGES = "pages"
    UNKNOWN = "unknown"


def classify_function(code: str) -> FunctionEffect:
    """Return what a function on viewer requests does with their path."""
    code = _STRING_OR_COMMENT.sub(lambda match: match[0] if match["quote"] else "", code)
    if _OTHER_CHANGE.search(code):
        return FunctionEffect.UNKNOWN
    values = [match["value"] for match in _ASSIGNMENT.finditer(code)]
    # A variable for the path that only reads it, as in `const uri = request.uri`.
    if all(re.fullmatch(r"\s*(?:\w+\.)*uri\s*", value) for value in values):
        return FunctionEffect.NONE
    endings = {ending for value in values for ending in _string_texts(value)}
    names = {name for value in values for name in _NAME.findall(_STRING.sub("", _REGEX.sub("", value)))}
    unknown_names = {name for name in names if not name.lower().endswith("uri")} - _NAMES_OF_THE_PATH
    # A replacement elsewhere than at the path's end moves the whole site.
    changes_ends_only = all("$" in regex for value in values for regex in _REGEX.findall(value))
    appends_pages = endings <= _PAGE_ENDINGS and any(ending.endswith(".html") for ending in endings)
    is_usual = appends_pages and changes_ends_only and not unknown_names
    return FunctionEffect.PAGES if is_usual else FunctionEffect.UNKNOWN


def _string_texts(value: str) -> set[str]:
    """Return the literal texts of an expression; `${uri}/x` of a template literal gives `/x`."""
    texts = (match["text"].replace("\\/", "/") for match in _STRING.finditer(_REGEX.sub("", value)))
    return {re.sub(r"\$\{\w*\.?uri\}", "", text) for text in texts} - {""}
