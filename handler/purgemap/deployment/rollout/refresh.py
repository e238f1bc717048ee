"""The map that was deployed and the new one → invalidations of what nobody listened to before, as jobs for the queue.

The function sends them: it has the rights on the distributions, here and in other accounts, keeps to CloudFront's
rate, and loses none.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from itertools import takewhile
from typing import Any

from purgemap.delivery import Queue, QueueMessage
from purgemap.deployment.diff import compare_maps
from purgemap.errors import PurgemapError
from purgemap.jobs import Job, job_messages, merge_items
from purgemap.paths import items_for_target
from purgemap.planning import partition_items
from purgemap.routemap import Pattern, RouteMap, Site, Token, TokenKind, capture_names, tokenize
from purgemap.routing import Target, substitute_captures

MANUAL_HINT = "invalidate by hand what is listed above as refresh, as the next deployment finds it deployed"


def refresh_jobs(old: RouteMap, new: RouteMap, source: str, now: float) -> list[Job]:
    """Make a job for each distribution of which the new map has a site more, or another: all of these sites' scopes.

    `source` names the deployment: the jobs of one deployment are the same requests to CloudFront, however often they
    are sent. `now` is in seconds since the epoch.
    """
    sites_by_distribution: dict[str, list[Site]] = {}
    for _, site in compare_maps(old, new).sites:
        if site:
            sites_by_distribution.setdefault(site.distribution.id, []).append(site)
    jobs = (
        Job(
            distribution,
            _without_covered(merge_items(map(scope_items, sites))),
            (source,),
            oldest_event_time=now,
            changes=0,
        )
        for distribution, sites in sorted(sites_by_distribution.items())
    )
    return [job for job in jobs if job.scopes]


def send(jobs: Iterable[Job], queue: Queue) -> None:
    """Give jobs to the service's queue; raises PurgemapError for those that it doesn't take."""
    sent = [(job.distribution, QueueMessage(body)) for job in jobs for body in job_messages(job)]
    reasons = queue.send([message for _, message in sent])
    failed = [f"{name}: {reason}" for (name, _), reason in zip(sent, reasons, strict=True) if reason]
    if failed:
        raise PurgemapError(f"deployed, but not refreshed: {'; '.join(failed)}; {MANUAL_HINT}")


def scope_items(site: Site) -> Mapping[str, str | None]:
    """Return items that cover all that a change of the site could ask for, whichever of its objects changes.

    They start where the site's prefix does; what captures and stars leave open is covered as a whole.
    """
    target = _target(site)
    if target is None:
        return {}
    # A key is known as far as its prefix is, unless a capture of the origin path hides its start.
    has_key = bool(target.origin_path) or not site.settings.origin_path
    of_object = {"path", "dir", *(("key",) if has_key else ())}
    templates = site.settings.invalidate
    wide = [_widened(template, target.captures, of_object) for template in templates]
    # An index page's clean URL (`/blog`) stands outside of its folder's wildcard, and `P*` is not trusted to evict P.
    exact = [each for each in templates if _names(each) - target.captures.keys() <= of_object]
    is_folder = target.matched.endswith("/") or not target.matched
    pages = [target.matched + name for name in site.settings.index_documents] if is_folder else []
    covering = _asking(target, filter(None, wide), clean_urls=False, strip_suffixes=())
    asked = (
        items_for_target(covering, [target.matched]),
        items_for_target(_asking(target, exact), [target.matched, *pages]),
    )
    return merge_items(each.items for each in asked)


def _target(site: Site) -> Target | None:
    """Take the literal start of a site's prefix as what is matched; None where its distribution can't serve it."""
    captures = dict(site.captures)
    if not _is_open(site.bucket):
        captures["bucket"] = site.bucket
    origin_path = site.settings.origin_path
    folder = f"{origin_path[1:]}/" if origin_path else ""
    inside = ""
    if site.prefix.startswith(folder):
        inside = Pattern(site.prefix.removeprefix(folder), full_match=False).literal_prefix
    elif not (folder.startswith(site.prefix) or _is_open(site.prefix + folder)):
        return None
    if _is_open(folder):  # whatever it is, it is cut
        origin_path, matched = "", inside
    else:
        origin_path, matched = (
            substitute_captures(origin_path, {}),
            Pattern(folder, full_match=False).literal_prefix + inside,
        )
    return Target(site.route, site.bucket, site.distribution, site.settings, origin_path, matched, captures)


def _names(template: str) -> set[str]:
    return set(capture_names(tokenize(template)))


def _is_open(pattern: str) -> bool:
    return any(part.kind is not TokenKind.LITERAL for part in tokenize(pattern))


def _widened(template: str, known: Collection[str], of_object: Collection[str]) -> str:
    """Turn a template of `invalidate` into one that covers what it gives for any object of the site.

    A tag that names the object can't be covered; then "", as the site's own paths are covered all the same.
    """
    parts = tokenize(template)
    fixed = list(takewhile(lambda part: part.kind is not TokenKind.CAPTURE or part.text in known, parts))
    if len(fixed) == len(parts):
        return template
    if template.startswith("#"):
        return ""
    name = parts[len(fixed)].text
    return "".join(map(_written, fixed)) + (f"{{{name}}}*" if name in of_object else "*")


def _written(part: Token) -> str:
    if part.kind is TokenKind.CAPTURE:
        return f"{{{part.text}}}"
    return part.text.replace("{", "{{").replace("}", "}}") if part.kind is TokenKind.LITERAL else part.text


def _asking(target: Target, templates: Iterable[str], **settings: bool | tuple[str, ...]) -> Target:
    changed: dict[str, Any] = {"invalidate": tuple(templates), **settings}
    return replace(target, settings=target.settings._replace(**changed))


def _without_covered(scopes: Mapping[str, str | None]) -> dict[str, str | None]:
    tags, exact, stems = partition_items(scopes)
    return {item: scopes[item] for item in (*tags, *exact, *(f"{stem}*" for stem in stems))}
