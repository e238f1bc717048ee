"""A random map, and the viewers behind it: which distribution serves which objects of which bucket."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from purgemap.routemap.compiled import TENANT, RouteMap
from purgemap.routemap.load import load_map
from support.doubles.cloudfront import ACCOUNT, Site

BUCKET_OF_MANY = "bucket-of-many"

_ROLES = {
    "222222222222": "arn:aws:iam::222222222222:role/purgemap",
    "333333333333": "arn:aws:iam::333333333333:role/purgemap",
}


@dataclass(frozen=True, slots=True)
class View:
    """What viewers see of a bucket through a distribution: the objects under a prefix, but for an ending."""

    site: Site
    prefix: str
    remove_route: str = ""

    def spellings(self, key: str) -> Iterator[str]:
        """Yield the URLs under which a change of the key could be cached."""
        if key.startswith(self.prefix) and not (self.remove_route and key.endswith(self.remove_route)):
            for spelling in self.site.spellings(key):
                yield spelling
                if self.site.query_strings:
                    yield f"{spelling}?v=1&w=/2"


@dataclass(slots=True)
class Environment:
    """A map as a document, the prefixes that objects lie under by bucket, and who views them."""

    document: dict[str, Any]
    folders: dict[str, list[str]] = field(default_factory=dict)
    views: list[View] = field(default_factory=list)

    def views_of(self, bucket: str) -> list[View]:
        return [view for view in self.views if view.site.bucket == bucket]

    @property
    def sites(self) -> dict[str, Site]:
        """Each distribution once, by its id."""
        return {view.site.id: view.site for view in self.views}

    @property
    def roles(self) -> dict[str, str]:
        """The roles in use, by account."""
        return {site.account: _ROLES[site.account] for site in self.sites.values() if site.account in _ROLES}

    def load(self) -> RouteMap:
        """Load the map as the function does, from a file."""
        with TemporaryDirectory() as folder:
            file = Path(folder, "routes.yaml")
            file.write_text(json.dumps(self.document))
            return load_map(file)


def draw_environment(rng: Random) -> Environment:
    """Draw a world of one to four buckets."""
    drawing = _Drawing(rng)
    layouts = [drawing.whole, drawing.folder, drawing.captured, drawing.scopes, drawing.shared, drawing.pattern]
    for number in range(rng.randrange(1, 5)):
        rng.choice(layouts)(f"bucket-{number}")
    return drawing.environment


def add_scopes(environment: Environment, rng: Random) -> None:
    """Add a bucket of more prefixes to a world than a request has wildcards.

    Where one wildcard at a time takes five minutes, 72 scopes fill the six hours after which a job is given up.
    """
    _Drawing(rng, environment).scopes(BUCKET_OF_MANY, rng.choice((41, 44, 48)))


class _Drawing:
    """Adds buckets to a world, one layout each."""

    def __init__(self, rng: Random, environment: Environment | None = None) -> None:
        self._rng = rng
        self._budgets = Random(rng.getstate()[1][0])  # apart, so that a seed's world stays what it was
        self.environment = environment or Environment({"version": 1, "distributions": {}, "routes": []})

    def whole(self, bucket: str) -> None:
        """One distribution shows the bucket as it is."""
        name, site = self._distribution(bucket)
        self._route(bucket, name)
        self._view(site, bucket, [""])

    def folder(self, bucket: str) -> None:
        """An origin path, and an ending that nobody serves."""
        name, site = self._distribution(bucket, origin_path="/www")
        self._route(bucket, name, prefix="www/", origin_path="/www", exclude=["*.map"])
        self._view(site, bucket, ["www/"], remove_route=".map")
        self.environment.folders[bucket].append("elsewhere/")

    def captured(self, bucket: str) -> None:
        """Each folder is a site, which names its distribution."""
        for _ in range(self._rng.randrange(1, 5)):
            number = len(self.environment.document["distributions"])
            name, site = self._distribution(bucket, origin_path=f"/sites/site{number}")
            self._view(site, bucket, [f"sites/{name}/"])
        self._route(bucket, "{site}", prefix="sites/{site}/", origin_path="/sites/{site}", tags="#site-{site}")
        self.environment.folders[bucket].append("sites/nobody/")

    def scopes(self, bucket: str, count: int = 0) -> None:
        """Several prefixes of one distribution, each a scope of its own."""
        name, site = self._distribution(bucket)
        folders = [f"part{number}/" for number in range(count or self._rng.choice((2, 5, 40)))]
        for folder in folders:
            self._route(bucket, name, prefix=folder)
        self._view(site, bucket, folders)

    def shared(self, bucket: str) -> None:
        """Two distributions show the same objects, one of them all, one a folder."""
        first, site = self._distribution(bucket)
        second, other = self._distribution(bucket)
        self._route(bucket, first)
        self._route(bucket, second, prefix="docs/", tags="#docs")
        self._view(site, bucket, [""])
        self._view(other, bucket, ["docs/"])

    def pattern(self, bucket: str) -> None:
        """A route for buckets of a pattern, which tells a distribution to forget everything."""
        name, site = self._distribution(bucket)
        self._route(bucket.replace("-", "*-"), name, invalidate=["/*", "/"])
        self._view(site, bucket, [""])

    def _distribution(self, bucket: str, origin_path: str = "") -> tuple[str, Site]:
        rng = self._rng
        number = len(self.environment.document["distributions"])
        is_tenant, account = rng.random() < 0.15, rng.choice((ACCOUNT, ACCOUNT, *_ROLES))
        site = Site(
            id=f"dt_{number:08}" if is_tenant else f"E{number:012}X",
            bucket=bucket,
            account=account,
            tenant=is_tenant,
            origin_path=origin_path,
            index_documents=rng.choice((("index.html",), ("index.html", "about.html"))),
            clean_urls=rng.random() < 0.3,
            query_strings=rng.random() < 0.15,
            cache_tags=rng.random() < 0.3,
        )
        options: dict[str, Any] = {"tenant": site.id} if is_tenant else {"id": site.id}
        if account in _ROLES:
            options["role_arn"] = _ROLES[account]
        options |= {"clean_urls": site.clean_urls, "query_strings": site.query_strings}
        options |= {"index_documents": list(site.index_documents)}
        options |= {"max_paths": rng.choice((150, 150, 20, 3)), "max_wildcards": rng.choice((10, 10, 2, 1))}
        options["max_paths_per_day"] = self._budgets.choice((5_000, 40, 5, 5, 0))
        name = f"site{number}"
        self.environment.document["distributions"][name] = options
        return name, site

    def _route(self, bucket: str, name: str, *, tags: str = "", **options: Any) -> None:
        route = {
            "name": f"r{len(self.environment.document['routes'])}",
            "bucket": bucket,
            "distributions": [name],
        } | options
        if tags and self._rng.random() < 0.5:
            route["invalidate"] = ["{path}", tags]
        self.environment.document["routes"].append(route)

    def _view(self, site: Site, bucket: str, prefixes: list[str], remove_route: str = "") -> None:
        self.environment.folders.setdefault(bucket, []).extend(prefixes)
        self.environment.views += [View(site, prefix, remove_route) for prefix in prefixes]


def job_id(site: Site) -> str:
    """Return what jobs and reports call a site's distribution."""
    return f"{TENANT}{site.id}" if site.tenant else site.id
