"""A distribution of the CloudFront double and its cache: views, changes, invalidations, and stale paths."""

from collections.abc import Iterable

from support.doubles.cloudfront import ACCOUNT, Clock, CloudFrontDouble, Settings, Site

AT_ONCE = Settings(seconds_to_effect=0, path_rate=None, wildcard_rate=None, call_rate=None)


class CachedSite:
    """One distribution over one bucket, and a clock that only a test advances."""

    def __init__(self, site: Site | None = None, settings: Settings = AT_ONCE) -> None:
        self.clock = Clock()
        self.double = CloudFrontDouble(self.clock, settings)
        self.double.add(site or Site(id="E1", bucket="site"))

    def put(self, *keys: str, tags: Iterable[str] = ()) -> int:
        return [self.double.put("site", key, tags) for key in keys][-1]

    def view(self, *spellings: str) -> list[int]:
        return [self.double.view("E1", spelling) for spelling in spellings]

    def invalidate(self, *items: str) -> None:
        reference = f"{len(self.double.accepted('E1'))}"
        self.double.create_invalidation(ACCOUNT, "E1", items, reference)

    def stale(self) -> list[str]:
        return [stale.spelling for stale in self.double.stale()]


def stale_after(*items: str, keys: Iterable[str], spellings: Iterable[str], settings: Settings = AT_ONCE) -> list[str]:
    """View spellings of keys, change the keys, invalidate the items; returns the spellings that are still stale."""
    cached = CachedSite(settings=settings)
    cached.put(*keys)
    cached.view(*spellings)
    cached.put(*keys)
    cached.invalidate(*items)
    return cached.stale()
