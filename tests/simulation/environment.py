"""A random map and its viewers: the objects of a bucket that each distribution serves."""

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
    """The objects of a bucket that a distribution shows: those under a prefix, without an excluded suffix."""

    site: Site
    prefix: str
    excluded_suffix: str = ""

    def spellings(self, key: str) -> Iterator[str]:
        """Yield the URLs under which a change of the key could be cached."""
        if key.startswith(self.prefix) and not (self.excluded_suffix and key.endswith(self.excluded_suffix)):
            for spelling in self.site.spellings(key):
                yield spelling
                if self.site.query_strings:
                    yield f"{spelling}?v=1&w=/2"


@dataclass(slots=True)
class Environment:
    """A map as a document, the prefixes of objects by bucket, and the views of them."""

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
    """Draw an environment of one to four buckets."""
    drawing = _Drawing(rng)
    layouts = [drawing.whole, drawing.folder, drawing.captured, drawing.scopes, drawing.shared, drawing.pattern]
    for number in range(rng.randrange(1, 5)):
        rng.choice(layouts)(f"bucket-{number}")
    return drawing.environment


def add_scopes(environment: Environment, rng: Random) -> None:
    """Add a bucket with more prefixes than a request has wildcards.

    If one wildcard takes five minutes, 72 scopes fill the six hours after which a job is rejected.
    """
    _Drawing(rng, environment).scopes(BUCKET_OF_MANY, rng.choice((41, 44, 48)))


def add_crowd(environment: Environment, rng: Random) -> None:
    """Add a bucket of more distributions than an account has calls in a batch."""
    _Drawing(rng, environment).captured(BUCKET_OF_MANY, rng.choice((25, 40)))


class _Drawing:
    """Adds buckets to an environment, one layout each."""

    def __init__(self, rng: Random, environment: Environment | None = None) -> None:
        self._rng = rng
        self._budgets = Random(rng.getstate()[1][0])  # its own generator keeps the environment of a seed
        self.environment = environment or Environment({"version": 1, "distributions": {}, "routes": []})

    def whole(self, bucket: str) -> None:
        """Add a bucket that one distribution shows unchanged."""
        name, site = self._distribution(bucket)
        self._route(bucket, name)
        self._view(site, bucket, [""])

    def folder(self, bucket: str) -> None:
        """Add a bucket with an origin path and an excluded suffix."""
        name, site = self._distribution(bucket, origin_path="/www")
        self._route(bucket, name, prefix="www/", origin_path="/www", exclude=["*.map"])
        self._view(site, bucket, ["www/"], excluded_suffix=".map")
        self.environment.folders[bucket].append("elsewhere/")

    def captured(self, bucket: str, count: int = 0) -> None:
        """Add a bucket whose folders name their distributions."""
        for _ in range(count or self._rng.randrange(1, 5)):
            number = len(self.environment.document["distributions"])
            name, site = self._distribution(bucket, origin_path=f"/sites/site{number}")
            self._view(site, bucket, [f"sites/{name}/"])
        self._route(bucket, "{site}", prefix="sites/{site}/", origin_path="/sites/{site}", tags="#site-{site}")
        self.environment.folders[bucket].append("sites/nobody/")

    def scopes(self, bucket: str, count: int = 0) -> None:
        """Add a bucket with several scopes of one distribution."""
        name, site = self._distribution(bucket)
        folders = [f"part{number}/" for number in range(count or self._rng.choice((2, 5, 40)))]
        for folder in folders:
            self._route(bucket, name, prefix=folder)
        self._view(site, bucket, folders)

    def shared(self, bucket: str) -> None:
        """Add a bucket of two distributions: one shows all objects, one a folder."""
        first, site = self._distribution(bucket)
        second, other = self._distribution(bucket)
        self._route(bucket, first)
        self._route(bucket, second, prefix="docs/", tags="#docs")
        self._view(site, bucket, [""])
        self._view(other, bucket, ["docs/"])

    def pattern(self, bucket: str) -> None:
        """Add a route with a bucket pattern that invalidates a whole distribution."""
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

    def _view(self, site: Site, bucket: str, prefixes: list[str], excluded_suffix: str = "") -> None:
        self.environment.folders.setdefault(bucket, []).extend(prefixes)
        self.environment.views += [View(site, prefix, excluded_suffix) for prefix in prefixes]


def job_id(site: Site) -> str:
    """Return the id of a site's distribution in jobs and results."""
    return f"{TENANT}{site.id}" if site.tenant else site.id
