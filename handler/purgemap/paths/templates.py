"""Templates of the setting `invalidate`: `/docs{path}`, `{dir}*`, `#page-{key}`."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

from purgemap.paths.encoding import EncodingVariant
from purgemap.paths.viewer_paths import viewer_scope
from purgemap.routemap import Token, TokenKind, tokenize
from purgemap.routing import Target

_KEY_VARIABLES = ("path", "dir", "key")
_PATH = Token(TokenKind.CAPTURE, "path")


class Template(NamedTuple):
    """A parsed template of `invalidate`.

    `static_parts` counts the parts before the first variable that names the object. `mounts_site`: the template puts
    the whole site below a folder, as `/docs{path}` does.
    """

    parts: tuple[Token, ...]
    static_parts: int
    is_tag: bool
    uses_path: bool
    mounts_site: bool
    ends_with_object: bool

    def captured_text(self, values: Mapping[str, str]) -> str:
        """Join the values that the template holds, without its literals."""
        return "".join(values[text] for kind, text in self.parts if kind is TokenKind.CAPTURE)

    def fill(self, values: Mapping[str, str], encode: Callable[[str], str] = str, end: int | None = None) -> str:
        """Join the first `end` parts: literals as written, values encoded."""
        return "".join(encode(values[text]) if kind is TokenKind.CAPTURE else text for kind, text in self.parts[:end])

    def scope(self, target: Target, values: Mapping[str, str], variant: EncodingVariant) -> str | None:
        """Return the scope of the filled template; None if it does not name the object."""
        if self.static_parts == len(self.parts):
            return None
        before = self.fill(values, variant.encode, self.static_parts)
        # `{key}` holds the origin path, viewer paths do not.
        is_key = self.parts[self.static_parts].text == "key"
        inside = variant.encode(target.matched_prefix) if is_key else viewer_scope(target, variant)
        return (before + inside).partition("~")[0]


@lru_cache(maxsize=4096)
def parse_template(text: str) -> Template:
    """Parse a template; the map's rules have checked it."""
    parts = _without_double_slash(tokenize(text))
    is_key_variable = [kind is TokenKind.CAPTURE and text in _KEY_VARIABLES for kind, text in parts]
    static_parts = is_key_variable.index(True) if any(is_key_variable) else len(parts)
    after = parts[static_parts + 1 :]
    is_mounted_path = static_parts > 0 and parts[static_parts : static_parts + 1] == (_PATH,)
    return Template(
        parts,
        static_parts=static_parts,
        is_tag=text.startswith("#"),
        uses_path=_PATH in parts,
        mounts_site=is_mounted_path and (not after or after[0].text.startswith("?")),
        ends_with_object=is_key_variable[-1] and parts[-1].text != "dir",
    )


def _without_double_slash(parts: tuple[Token, ...]) -> tuple[Token, ...]:
    """Make `{dir}/*` the same as `{dir}*`, since `{dir}` ends in a slash."""
    return tuple(
        part._replace(text=part.text.removeprefix("/")) if previous == (TokenKind.CAPTURE, "dir") else part
        for previous, part in zip((None, *parts), parts, strict=False)
    )
