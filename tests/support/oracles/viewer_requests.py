"""What CloudFront and S3 answer to a viewer's request, by a distribution's configuration as boto3 takes it.

The viewer paths of an object are those whose requests end at it. This shares no code with purgemap: it follows a
request forward, while purgemap derives paths from keys.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Config = Mapping[str, Any]

APPENDS_PAGES, ADDS_HEADERS = "appends pages", "adds headers"


class ViewerRequests:
    """The requests of one distribution; `functions` holds the kind of each function by its ARN.

    `query_strings` holds the cache policies that have them in the cache key, `websites` the index and error documents
    of buckets.
    """

    def __init__(
        self,
        config: Config,
        functions: Mapping[str, str],
        query_strings: Iterable[str],
        websites: Mapping[str, tuple[str, str]],
    ) -> None:
        self._websites = websites
        self._config = config
        self._functions = functions
        self._policies = frozenset(query_strings)
        self._origins = {origin["Id"]: origin for origin in config["Origins"]["Items"]}

    def items(self, bucket: str, key: str) -> set[str]:
        """Return the least set of items that a change of an object must invalidate."""
        items = set()
        for path in self._candidates(key):
            if (bucket, key) in self._answers(path):
                items.add(path)
                if self._has_query_strings(path):
                    name = path.rpartition("/")[2]
                    items.add(f"{path}*" if "." in name[1:-1] else f"{path}?*")
        pages = {response["ResponsePagePath"] for response in _items(self._config["CustomErrorResponses"])}
        if any((bucket, key) in self._answers(page) for page in pages):
            # `/*` is not trusted to evict `/`, which the page answers if there is no root object.
            items = {"/*"} | (items & {"/"} if self._config["DefaultRootObject"] else {"/"})
        return {"/", "/*"} if (bucket, key) in self._website_errors() else items

    def _website_errors(self) -> set[tuple[str, str]]:
        """Return the error pages of websites, whatever the origin path is; each also answers `/`."""
        behaviors = [*_items(self._config["CacheBehaviors"]), self._config["DefaultCacheBehavior"]]
        patterns = [behavior.get("PathPattern", "*") for behavior in behaviors]
        behaviors = behaviors[: next(n for n, pattern in enumerate(patterns, 1) if pattern in {"*", "/*"})]
        served = (origin for behavior in behaviors for origin in self._origins_of(behavior["TargetOriginId"]))
        buckets = {_bucket(origin) for origin in served if _is_website(origin)}
        return {(bucket, self._websites[bucket][1]) for bucket in buckets if bucket in self._websites}

    def _candidates(self, key: str) -> Iterator[str]:
        for origin in self._origins.values():
            prefix = origin["OriginPath"].removeprefix("/")
            if not prefix or key.startswith(f"{prefix}/"):
                path = "/" + key[len(origin["OriginPath"]) :]
                folder = path.rpartition("/")[0]
                yield from (path, f"{folder}/", folder or "/", path.removesuffix(".html"), "/")

    def _answers(self, path: str) -> set[tuple[str, str]]:
        """Return the objects of which one answers a request, by failover or by the function's choice."""
        behavior = self._behavior(path)
        return {
            (_bucket(origin), (origin["OriginPath"] + served).removeprefix("/"))
            for origin in self._origins_of(behavior["TargetOriginId"])
            for served in self._served_paths(path, behavior, origin)
        }

    def _behavior(self, path: str) -> Config:
        behaviors = _items(self._config["CacheBehaviors"])
        matching = (behavior for behavior in behaviors if _matches(behavior["PathPattern"], path))
        return next(matching, self._config["DefaultCacheBehavior"])

    def _origins_of(self, target: str) -> list[Config]:
        groups = {group["Id"]: group for group in _items(self._config["OriginGroups"])}
        ids = [member["OriginId"] for member in groups[target]["Members"]["Items"]] if target in groups else [target]
        return [self._origins[id_] for id_ in ids]

    def _served_paths(self, path: str, behavior: Config, origin: Config) -> Iterator[str]:
        """Yield the paths that the origin is asked for."""
        yield path
        root = self._config["DefaultRootObject"]
        if path == "/" and root:
            yield f"/{root}"
        is_website = _is_website(origin)
        appends = any(
            self._functions[function["FunctionARN"]] == APPENDS_PAGES
            for function in _items(behavior["FunctionAssociations"])
            if function["EventType"] == "viewer-request"
        )
        # The map has index documents for every folder, as most functions and websites have them.
        index, _ = self._websites.get(_bucket(origin), ("", "")) if is_website else ("", "")
        names = {name for name in (root, index or "index.html") if name and "/" not in name}
        if root in names and not (appends or is_website):
            names = {root}
        if path.endswith("/"):
            yield from (path + name for name in names)
        elif appends or is_website:
            yield from (f"{path}/{name}" for name in names)
            # Nobody links to /blog/index where /blog/ is the page's address.
            if appends and f"{path.rpartition('/')[2]}.html" not in names:
                yield f"{path}.html"

    def _has_query_strings(self, path: str) -> bool:
        behavior = self._behavior(path)
        if behavior.get("CachePolicyId"):
            return behavior["CachePolicyId"] in self._policies
        return bool(behavior["ForwardedValues"]["QueryString"])


def _items(field: Config) -> list[Config]:
    return list(field.get("Items", []))


def _matches(pattern: str, path: str) -> bool:
    regex = "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in pattern)
    return re.fullmatch(f"/?{regex}" if pattern.startswith("*") else f"/{regex.removeprefix('/')}", path) is not None


def _is_website(origin: Config) -> bool:
    return ".s3-website" in origin["DomainName"]


def _bucket(origin: Config) -> str:
    return str(re.split(r"\.s3[.-]", origin["DomainName"])[0])
