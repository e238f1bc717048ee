"""Count the objects of buckets by folder, and compile the counts of each distribution's viewer paths."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from heapq import heapify, heappop, heappush

from purgemap.operations.inputs import serving_targets, unlisted_buckets
from purgemap.paths import encode_viewer_paths, list_viewer_paths
from purgemap.planning import ALL_BELOW, FolderCounts, folder_of
from purgemap.routemap import RouteMap
from purgemap.routing import Router

# All distributions together: 0.7 MB of JSON, 0.15 MB in the zip, and 50 ms of a plan that needs them all. Real sites
# have tens to hundreds of folders; a site with a folder for nearly each object is counted well enough by its parents.
MAX_FOLDERS = 20_000

_WEIGHT_OF_MERGED = 8


def count_folders(keys: Iterable[str], max_folders: int = MAX_FOLDERS) -> FolderCounts:
    """Count a bucket's keys by folder, each with a leading slash; the keys may be a stream of any length."""
    counts: dict[str, int] = defaultdict(int)
    for key in keys:
        counts[folder_of(f"/{key}")] += 1
        if len(counts) > 2 * max_folders:
            counts = defaultdict(int, merge_small_folders(counts, max_folders))
    return merge_small_folders(counts, max_folders)


def merge_small_folders(counts: FolderCounts, max_folders: int) -> dict[str, int]:
    """Merge the smallest folders into counts of all below a parent, `PARENT/*`, until few enough are left."""
    merged = dict(counts)
    smallest = [_rank(folder, count) for folder, count in merged.items()] if len(merged) > max_folders else []
    heapify(smallest)
    while len(merged) > max_folders and smallest:
        *_, count, folder = heappop(smallest)
        target = _merge_target(folder, merged)
        # An entry of the heap is outdated if its folder has grown or was merged since.
        if target and merged.get(folder) == count:
            del merged[folder]
            merged[target] = merged.get(target, 0) + count
            heappush(smallest, _rank(target, merged[target]))
    return merged


def _rank(folder: str, count: int) -> tuple[int, int, int, str]:
    """Return the order of merging: the smallest folders first, then the deepest."""
    # A first folder is only renamed to `PARENT/*`, which must wait for its siblings.
    return count * (_WEIGHT_OF_MERGED if folder.endswith(ALL_BELOW) else 1), -folder.count("/"), count, folder


def _merge_target(folder: str, counts: FolderCounts) -> str:
    """Return the count that a folder's own is added to, "" for all of a site."""
    if not folder.endswith(ALL_BELOW):
        own, parent = folder + ALL_BELOW, folder_of(folder[:-1])
        return own if own in counts or not parent else parent + ALL_BELOW
    parent = folder_of(folder[: -len("/*")])
    return parent + ALL_BELOW if parent else ""


def compile_folder_counts(
    route_map: RouteMap, counts_by_bucket: Mapping[str, FolderCounts], max_folders: int = MAX_FOLDERS
) -> dict[str, FolderCounts]:
    """Return the folder counts of each distribution whose named buckets are all counted, by id.

    A bucket's folder is served as an object with its name would be. Where a route's prefix ends within a name, the
    objects directly in that folder are not counted.
    """
    router = Router(route_map)
    counts_by_id: dict[str, dict[str, int]] = {}
    for bucket, counts in counts_by_bucket.items():
        for folder, count in counts.items():
            for id_, viewer_folder in _viewer_folders(bucket, folder, router):
                site = counts_by_id.setdefault(id_, {})
                site[viewer_folder] = site.get(viewer_folder, 0) + count
    # Folders of a bucket that isn't counted would seem new and small.
    for _, id_ in unlisted_buckets(route_map, counts_by_id, counts_by_bucket):
        counts_by_id.pop(id_, None)
    return _limit_all(counts_by_id, max_folders)


def _viewer_folders(bucket: str, folder: str, router: Router) -> set[tuple[str, str]]:
    suffix = ALL_BELOW if folder.endswith(ALL_BELOW) else ""
    key = folder.removesuffix(ALL_BELOW)[1:]
    return {
        (target.distribution.id, path + suffix)
        for target in serving_targets(bucket, key, router)
        for path in encode_viewer_paths(list_viewer_paths(target, key)[:1])
    }


def _limit_all(counts_by_id: Mapping[str, FolderCounts], max_folders: int) -> dict[str, FolderCounts]:
    """Limit the folders of all distributions together; those with few leave their share to the others."""
    limited: dict[str, FolderCounts] = {}
    left = max_folders
    for position, (id_, counts) in enumerate(sorted(counts_by_id.items(), key=lambda item: (len(item[1]), item[0]))):
        share = max(1, left // (len(counts_by_id) - position))
        limited[id_] = merge_small_folders(counts, share)
        left -= len(limited[id_])
    return limited
