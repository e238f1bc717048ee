"""A distribution as viewers see it: the S3 keys that may answer a URL, and the URLs of a key.

Pages of https://docs.aws.amazon.com/ cited below:
[origin-path] AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesOrigin.html,
[index] AmazonS3/latest/userguide/IndexDocumentSupport.html
"""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, unquote_plus

ACCOUNT = "111111111111"

# Viewers do not encode these: RFC 3986 allows them in a path, and S3 decodes each as itself. S3 decodes "+" as a space
# (https://github.com/rust-lang/crates.io/issues/4891), so it is not among them; urllib never encodes `~`.
_RAW = "/!$&'()*,;:@=-_."


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One distribution or tenant: its S3 bucket, and how URLs map to keys."""

    id: str
    bucket: str
    account: str = ACCOUNT
    tenant: bool = False
    origin_path: str = ""  # with a leading slash, without a trailing one [origin-path]
    index_documents: tuple[str, ...] = ("index.html",)
    clean_urls: bool = False
    query_strings: bool = False  # whether they are part of the cache key
    # Tags are opt-in, by CacheTagConfig:
    # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-by-tags.html
    cache_tags: bool = False

    def keys(self, path: str) -> tuple[str, ...]:
        """Return the keys that may answer a viewer's path (no query string); the first that exists does.

        CloudFront prepends the origin path [origin-path]; a folder answers with its index document [index].
        """
        key = (self.origin_path + unquote_plus(path))[1:]
        if not key or key.endswith("/"):
            return (*(key + document for document in self.index_documents), *([key] if key else []))
        return (key, *self._keys_behind_clean_url(key)) if self.clean_urls else (key,)

    def _keys_behind_clean_url(self, key: str) -> Iterator[str]:
        page = f"{key}.html"
        if page.rpartition("/")[2] not in self.index_documents:  # those answer for their folder instead
            yield page
        yield from (f"{key}/{document}" for document in self.index_documents)

    def spellings(self, key: str) -> tuple[str, ...]:
        """Return all paths under which viewers may have this key; none outside the origin path."""
        root = self.origin_path[1:] + "/" if self.origin_path else ""
        if not key.startswith(root):
            return ()
        names = self._names(key[len(root) :])
        return tuple(dict.fromkeys(spelling for name in names for spelling in _spellings(name)))

    def _names(self, name: str) -> Iterator[str]:
        """Yield the object's own name, its folder's, and the name without `.html`."""
        yield name
        folder, _, file = name.rpartition("/")
        if file in self.index_documents:
            yield name[: -len(file)]
            if self.clean_urls and folder:
                yield folder
        elif self.clean_urls and file.endswith(".html") and file != ".html":
            yield name[: -len(".html")]


def _spellings(name: str) -> Iterator[str]:
    """Yield a name in the ways viewers write it: a space as %20 or +, a tilde raw or as %7E."""
    path = "/" + quote(name, safe=_RAW)
    for spelling in (path, path.replace("%20", "+")):
        yield spelling
        yield spelling.replace("~", "%7E")
