"""Object names as uploaders choose them, odd ones among them."""

import itertools
from random import Random

_WORDS = ("index", "about", "blog", "news", "shop", "a", "docs", "img", "v1", "team", "faq", "archive")
_ENDINGS = (".html", ".html", ".html", ".css", ".js", ".png", "", ".tar.gz", ".map")

# Edge cases of encoding, splitting, wildcards, index documents, S3's plus and CloudFront's tilde.
_ODD = (
    "a b.html",
    "c++/index.html",
    "1 + 1 = 2.html",
    "50%25.html",
    "100%",
    "zürich/größe.html",
    "日本語/index.html",
    "emoji-😀.png",
    "tilde~user/index.html",
    "~root.html",
    "what?.html",
    "what?x=1",
    "star*",
    "st*r.html",
    "semi;colon,comma.html",
    'quote\'s "best".html',
    "<tag>&amp;.html",
    "[brackets]{braces}|pipe.html",
    "back\\slash^caret`tick.html",
    "new\nline.html",
    "nb\u00a0sp.html",
    "#hash.html",
    "folder/",
    "double//slash.html",
    ".html",
    "genindex.html",
    "deep/" * 40 + "index.html",
    "x" * 900 + ".html",
    "é" * 400,
    "a@b:c=d$e!(f).html",
    "nul\0tab\tdel\x7f.html",
    "line\u2028separator.html",
    "slash%2Fencoded.html",
    "/leading.html",
    "../up/./here.html",
    "?",
    "*",
    "~",
    "trailing space ",
    "n" * 900 + "~tilde.html",
)


def make_names(rng: Random, count: int) -> list[str]:
    """Make distinct names, the root's index document among them; about a fifth are odd."""
    names = {"index.html": None}
    while len(names) < count:
        names[_odd(rng) if rng.random() < 0.2 else _plain(rng)] = None
    return list(names)


def make_odd_names(count: int) -> list[str]:
    """Make distinct names, all odd; some have S3's maximum of 1,024 bytes."""
    folders = ("", *(f"{word}/{number}/" for number in range(count) for word in ("docs", "a b", "é")))
    names = (folder + name for folder in folders for name in (*_ODD, "l" * (1_024 - len(folder.encode()))))
    return list(itertools.islice(names, count))


def _plain(rng: Random) -> str:
    folders = [f"{rng.choice(_WORDS)}{rng.choice(('', '', rng.randrange(9)))}/" for _ in range(rng.randrange(4))]
    name = rng.choice(("index", rng.choice(_WORDS), f"{rng.choice(_WORDS)}-{rng.randrange(400)}"))
    return "".join(folders) + name + rng.choice(_ENDINGS)


def _odd(rng: Random) -> str:
    name = rng.choice(_ODD)
    return name if rng.random() < 0.5 else f"{rng.choice(_WORDS)}-{rng.randrange(50)}/{name}"
