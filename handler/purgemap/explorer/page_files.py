"""The files of the page: which there are, and the page as one file that needs no server."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from purgemap.errors import PurgemapError

INDEX = "index.html"

MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

_STYLE_LINK = re.compile(r'<link\b[^>]*\bhref="/?page/(?P<name>[\w.-]+\.css)"[^>]*>')
_SCRIPT = re.compile(r'[ \t]*<script\b[^>]*\bsrc="/?page/(?P<name>[\w.-]+\.js)"[^>]*>\s*</script>\n?')
_ICON = re.compile(r'\bhref="/?page/(?P<name>[\w.-]+\.svg)"')
_HEAD = re.compile(r"<head\b[^>]*>")
_BODY_END = "</body>"


def page_folder() -> Traversable:
    """Return the folder of the page's files in the package."""
    return files("purgemap.explorer") / "page"


def read_page_files(folder: Traversable) -> dict[str, bytes]:
    """Read the page's files by name; raises PurgemapError if the installation has none."""
    if not folder.joinpath(INDEX).is_file():
        raise PurgemapError(f"the page's files are missing from {folder}: install purgemap again")
    return {
        file.name: file.read_bytes()
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
        if media_type(file.name) is not None
    }


def media_type(name: str) -> str | None:
    """Return the media type of a file of the page, None for any other file."""
    return MEDIA_TYPES.get(name[name.rfind(".") :]) if "." in name else None


def inline_page(page_files: Mapping[str, bytes], document: Mapping[str, Any]) -> str:
    """Return the page as one HTML file with its styles, its scripts and the document of `/api/map`."""
    texts = {name: data.decode() for name, data in page_files.items()}
    scripts = [_script_text(texts[match["name"]]) for match in _SCRIPT.finditer(texts[INDEX])]
    styles = [texts[match["name"]] for match in _STYLE_LINK.finditer(texts[INDEX])]
    # The files' texts are inserted by functions: re.sub would read their backslashes as references.
    page = _SCRIPT.sub("", texts[INDEX])
    page = _STYLE_LINK.sub(lambda match: f"<style>{texts[match['name']]}</style>", page)
    page = _ICON.sub(lambda match: f'href="{_data_address(page_files[match["name"]])}"', page)
    page = _HEAD.sub(lambda match: f"{match[0]}\n{_policy(scripts, styles)}", page, count=1)
    before, end, after = page.rpartition(_BODY_END)
    # A deferred script runs after the page is parsed; inline it must come last for the same.
    tags = [f'<script type="application/json" id="map-data">{_json_text(document)}</script>']
    tags += [f"<script>{script}</script>" for script in scripts]
    return "".join([before, *(f"{tag}\n" for tag in tags), end, after])


def _policy(scripts: list[str], styles: list[str]) -> str:
    """Return the tag that admits these scripts and styles only, and no connection, as the server's header does."""
    sources = {"script-src": scripts, "style-src": styles}
    rules = [f"{name} {' '.join(map(_hash_source, texts))}" for name, texts in sources.items() if texts]
    policy = "; ".join(["default-src 'none'", "img-src data:", *rules, "base-uri 'none'", "form-action 'none'"])
    return f'<meta http-equiv="Content-Security-Policy" content="{policy}">'


def _data_address(data: bytes) -> str:
    return f"data:{MEDIA_TYPES['.svg']};base64,{base64.b64encode(data).decode()}"


def _hash_source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _script_text(text: str) -> str:
    # Inside a script element, these two texts would end it or hide its end; in JavaScript they occur in strings only.
    return re.sub(r"<(?=/script|!--)", r"\\x3c", text, flags=re.IGNORECASE)


def _json_text(document: Mapping[str, Any]) -> str:
    # Characters that a terminal or an editor could obey are escaped as JSON does, so that only the page has them.
    return json.dumps(document, separators=(",", ":")).replace("<", "\\u003c")
