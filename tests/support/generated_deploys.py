"""Generated sites and deploys, the same in every run: the changed and the unchanged keys."""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from typing import NamedTuple

from purgemap.paths import encode_viewer_paths, items_for_target, list_viewer_paths
from purgemap.planning import FolderCounts, Listing
from purgemap.routemap import Distribution, Settings
from purgemap.routing import Target

_TARGET = Target("route", "site", Distribution("E1EXAMPLE1ABCD"), Settings(), "", "", {})


class Deploy(NamedTuple):
    """The keys that a deploy changed, and the unchanged keys of the site."""

    name: str
    changed: list[str]
    unchanged: list[str]

    def scopes(self) -> dict[str, str | None]:
        return items_for_target(_TARGET, self.changed).items

    def listing(self) -> Listing:
        return Listing([sorted(encode_viewer_paths(list_viewer_paths(_TARGET, key))) for key in self.unchanged])

    def folder_counts(self) -> FolderCounts:
        """Count the site's objects before the deploy by folder, which changed or deleted none yet."""
        return Counter(f"{_own_path(key).rpartition('/')[0]}/" for key in (*self.changed, *self.unchanged))

    def viewer_paths(self) -> list[str]:
        """List the changed objects' own paths, a folder's for its index document."""
        return [f"/{key}".removesuffix("/index.html") + "/" * key.endswith("index.html") for key in self.changed]


def _own_path(key: str) -> str:
    return next(encode_viewer_paths(list_viewer_paths(_TARGET, key)))


def generated_deploys(size: int = 1) -> list[Deploy]:
    """Generate every deploy, of sites of some thousand objects times `size`."""
    blog, docs, shop = list(_blog(300 * size)), list(_docs(10 * size, 120)), list(_shop(40, 50 * size))
    gallery = [f"photos/{_digest(n)[:8]}.jpg" for n in range(3_000 * size)]
    pages = [key for key in blog if not key.endswith(".jpg")]
    return [
        _deploy("blog, one page edited", blog, lambda key: key.endswith("/post-117/index.html")),
        _deploy("blog, one post more", blog, lambda key: key.startswith(("page/", "tags/tag-3/")) or "/" not in key),
        _deploy("blog, new style sheet", blog, set(pages).__contains__),
        _deploy("blog, every object", blog, lambda _: True),
        _deploy("docs, newest version rebuilt", docs, lambda key: key.startswith(("v9.", "latest/"))),
        _deploy("docs, a banner in each version's start", docs, lambda key: key.count("/") == 1 and "index" in key),
        _deploy("docs, newest version and each start", docs, lambda k: k.startswith("v9.") or k.count("/") < 2),
        _deploy("gallery, flat, one in ten", gallery, _some(gallery, 10)),
        _deploy("shop, prices of one in twenty", shop, _some(shop, 20)),
        _deploy("shop, two categories", shop, lambda key: key.startswith(("category-7/", "category-11/"))),
        _deploy("preview of a pull request", [*_preview(7), *_preview(8), *docs], set(_preview(8)).__contains__),
        _deploy("app, hashed chunks", _app(), lambda key: key == "index.html" or key.endswith(".new.js")),
    ]


def drawn_deploys(seed: int, count: int) -> Iterator[Deploy]:
    """Draw deploys of small sites: some folders, some objects, those with one ending, or neighbours and others."""
    rng = random.Random(seed)
    flat = [f"photos/{_digest(n)[:8]}.jpg" for n in range(200)]
    sharded = [f"{_digest(n)[:2]}/{_digest(n)[2:4]}/{n}.html" for n in range(500)]
    sites = [list(_blog(20)), list(_blog(100)), list(_docs(3, 12)), list(_shop(5, 10)), _app(), flat, sharded]
    for number in range(count):
        site = rng.choice(sites)
        draw = rng.choice((_folders, _objects, _ending, _neighbours))
        changed = draw(rng, site)
        yield _deploy(f"drawn {number}", site, changed.__contains__)


def _folders(rng: random.Random, site: list[str]) -> set[str]:
    folders = {rng.choice(site).rpartition("/")[0] for _ in range(rng.randrange(1, 12))}
    return {key for key in site if key.rpartition("/")[0] in folders}


def _objects(rng: random.Random, site: list[str]) -> set[str]:
    return set(rng.sample(site, min(len(site), rng.choice((1, 3, 9, 12, 30, 100, 300)))))


def _ending(rng: random.Random, site: list[str]) -> set[str]:
    ending = rng.choice(site).rpartition(".")[2]
    return {key for key in site if key.endswith(ending)}


def _neighbours(rng: random.Random, site: list[str]) -> set[str]:
    begin = rng.randrange(len(site))
    return {*sorted(site)[begin : begin + rng.choice((5, 50, 500))], *rng.sample(site, rng.choice((0, 2, 20)))}


def _deploy(name: str, site: Iterable[str], is_changed: Callable[[str], bool]) -> Deploy:
    deploy = Deploy(name, [], [])
    for key in site:
        (deploy.changed if is_changed(key) else deploy.unchanged).append(key)
    return deploy


def _some(site: list[str], one_in: int) -> Callable[[str], bool]:
    """Choose a fixed random sample of a site's objects."""
    return set(random.Random(1).sample(site, len(site) // one_in)).__contains__


def _blog(posts: int) -> Iterator[str]:
    yield from ("index.html", "feed.xml", "sitemap.xml", "about/index.html")
    yield from (f"page/{n}/index.html" for n in range(2, posts // 10))
    yield from (f"tags/tag-{n}/index.html" for n in range(30))
    yield from (f"assets/{name}.{_digest(name)[:10]}.{name}" for name in ("css", "js", "woff2"))
    for n in range(posts):
        folder = f"{2010 + n * 12 // posts}/{n % 12 + 1:02}/post-{n}"
        yield f"{folder}/index.html"
        yield from (f"{folder}/photo-{photo}.jpg" for photo in range(n % 5))


def _docs(versions: int, pages: int) -> Iterator[str]:
    yield from ("index.html", "versions.json")
    for version in [*(f"v{n}.0" for n in range(versions)), "latest"]:
        yield from (f"{version}/{name}" for name in ("index.html", "genindex.html", "search.js"))
        for page in range(pages):
            yield f"{version}/{('guide', 'api', 'how to', 'référence')[page % 4]}/topic-{page}.html"


def _shop(categories: int, products: int) -> Iterator[str]:
    yield "index.html"
    for category in range(categories):
        yield f"category-{category}/index.html"
        yield from (f"category-{category}/{_digest((category, n))[:6]}/index.html" for n in range(products))


def _preview(number: int) -> list[str]:
    return [f"previews/pr-{number}/{page}/index.html" for page in range(300)]


def _app() -> list[str]:
    chunks = (f"static/{_digest(n)[:8]}.{'new' if n % 9 == 0 else 'old'}.js" for n in range(900))
    return ["index.html", "favicon.ico", *chunks]


def _digest(value: object) -> str:
    return sha256(repr(value).encode()).hexdigest()
