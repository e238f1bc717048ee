"""Random items with scopes, and random sites; few characters, so that they share prefixes, scopes and paths."""

from hypothesis import strategies as st

from support.oracles.planning import prefixes

# An escaped ASCII character, and two of two bytes that share the first byte: a wildcard may end inside none of them.
_CHARACTERS = st.sampled_from(("a", "b", "/", "%C3%A9", "%C3%AA", "%25"))
_ENDINGS = st.sampled_from(("", "", "", "", "*", "?*", ".html*"))

PATHS = st.lists(_CHARACTERS, max_size=6).map(lambda characters: "/" + "".join(characters))
TAGS = st.sampled_from(("#tag", "#post-1", "#tag*", "#post-*"))
ITEMS = st.one_of(st.tuples(PATHS, _ENDINGS).map("".join), PATHS, PATHS, PATHS, TAGS)


@st.composite
def scoped_items(draw: st.DrawFn, *, max_size: int = 12) -> dict[str, str | None]:
    """Draw items with scopes: half of the sets share one, as most deploys do, half have any, none, or one outside."""
    items = draw(st.lists(ITEMS, unique=True, max_size=max_size))
    pairs = draw(st.lists(PATHS, max_size=2))  # P and P*, side by side
    items = [*items, *pairs, *(f"{path}*" for path in pairs)][:max_size]
    if draw(st.booleans()):
        return dict.fromkeys(items, "/")
    return {item: draw(_scopes(item)) for item in items}


def _scopes(item: str) -> st.SearchStrategy[str | None]:
    if item[0] == "#":
        return st.none()
    return st.sampled_from([*prefixes(item), item, "/", "/", "/", "/zz", None])


BUDGETS = st.tuples(st.integers(1, 8), st.integers(1, 4))
# Objects with one, two or three paths.
OBJECTS = st.lists(st.lists(PATHS, min_size=1, max_size=3), max_size=20)
