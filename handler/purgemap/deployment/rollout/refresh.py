"""Build and send the invalidations of sites that a new map adds or changes.

Until a map with a site is deployed, changes of that site's objects send no invalidation. So CloudFront may have stale
objects of it.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from itertools import takewhile
from typing import Any

from purgemap.delivery import Queue, QueueMessage
from purgemap.deployment.diff import changed_sites
from purgemap.errors import PurgemapError
from purgemap.jobs import Job, job_messages, merge_items
from purgemap.paths import items_for_target
from purgemap.planning import partition_items
from purgemap.routemap import Pattern, RouteMap, TokenKind, capture_names, tokenize
from purgemap.routemap.sites import Site
from purgemap.routing import Target, substitute_captures

# The new map is deployed by then, and only differences of maps are refreshed.
MANUAL_HINT = "invalidate by hand what is listed above as refresh: the next deployment finds no difference"


def refresh_jobs(old: RouteMap, new: RouteMap, source: str, now: float) -> list[Job]:
    """Build one job per distribution with added or changed sites; each job invalidates those sites completely.

    `source` identifies the deployment: however often its jobs are sent, they are the same requests to CloudFront.
    `now` is in seconds since the epoch.
    """
    sites_by_distribution: dict[str, list[Site]] = {}
    for old_site, site in changed_sites(old, new):
        if site and not (old_site and _differ_in_skipping_only(old_site, site)):
            sites_by_distribution.setdefault(site.distribution.id, []).append(site)
    jobs = []
    for distribution, sites in sorted(sites_by_distribution.items()):
        scopes = without_covered(merge_items(map(site_items, sites)))
        if scopes:
            jobs.append(Job(distribution, scopes, (source,), oldest_event_time=now, changes=0))
    return jobs


def _differ_in_skipping_only(old: Site, new: Site) -> bool:
    # A skipped upload left nothing stale, so a site is not evicted for the option alone.
    settings = old.settings._replace(skip_unchanged=new.settings.skip_unchanged)
    return (old.bucket, old.prefix, settings) == (new.bucket, new.prefix, new.settings)


def send_jobs(jobs: Iterable[Job], queue: Queue) -> None:
    """Send jobs to the service's queue; raises PurgemapError for those that it does not accept."""
    messages = [(job.distribution, QueueMessage(body)) for job in jobs for body in job_messages(job)]
    reasons = queue.send([message for _, message in messages])
    failures = [f"{name}: {reason}" for (name, _), reason in zip(messages, reasons, strict=True) if reason]
    if failures:
        raise PurgemapError(f"deployed, but not refreshed: {'; '.join(failures)}; {MANUAL_HINT}")


def site_items(site: Site) -> Mapping[str, str | None]:
    """Return items that cover whatever a change of any object of a site would invalidate, with their scopes.

    They start at the literal start of the site's prefix; captures and wildcards of the prefix are covered by `*`.
    """
    target = _prefix_target(site)
    return target_items(target) if target else {}


def target_items(target: Target) -> Mapping[str, str | None]:
    """Return items that cover all objects whose keys start with a target's matched prefix, with their scopes."""
    # The start of a key is unknown if a capture of the origin path hides it.
    has_key = bool(target.origin_path) or not target.settings.origin_path
    key_variables = {"path", "dir", *(("key",) if has_key else ())}
    templates = target.settings.invalidate
    wide_templates = [_generalize(template, target.captures, key_variables) for template in templates]
    # No wildcard of the folder covers an index page's clean URL (`/blog` of `/blog/*`). Nor does `P*` cover P:
    # CloudFront is not documented to evict it.
    known_names = target.captures.keys() | key_variables
    exact_templates = [template for template in templates if known_names.issuperset(capture_names(tokenize(template)))]
    is_folder = target.matched_prefix.endswith("/") or not target.matched_prefix
    pages = [target.matched_prefix + name for name in target.settings.index_documents] if is_folder else []
    wide_target = _with_templates(target, filter(None, wide_templates), clean_urls=False, strip_suffixes=())
    wide = items_for_target(wide_target, [target.matched_prefix])
    exact = items_for_target(_with_templates(target, exact_templates), [target.matched_prefix, *pages])
    return merge_items((wide.items, exact.items))


def _prefix_target(site: Site) -> Target | None:
    """Build the target of the literal start of a site's prefix; None if the distribution cannot serve the site."""
    captures = dict(site.captures)
    if not _is_pattern(site.bucket):
        captures["bucket"] = site.bucket
    origin_path = site.settings.origin_path
    folder = f"{origin_path[1:]}/" if origin_path else ""
    prefix_in_folder = ""
    if site.prefix.startswith(folder):
        prefix_in_folder = _literal_start(site.prefix.removeprefix(folder))
    elif not (folder.startswith(site.prefix) or _is_pattern(site.prefix + folder)):
        return None
    if _is_pattern(folder):
        # Viewer paths do not contain the origin path, so its captures need no value.
        origin_path, matched = "", prefix_in_folder
    else:
        origin_path, matched = substitute_captures(origin_path, {}), _literal_start(folder) + prefix_in_folder
    return Target(site.route, site.bucket, site.distribution, site.settings, origin_path, matched, captures)


def _literal_start(prefix: str) -> str:
    return Pattern(prefix, full_match=False).literal_prefix


def _is_pattern(text: str) -> bool:
    return any(token.kind is not TokenKind.LITERAL for token in tokenize(text))


def _generalize(template: str, captures: Collection[str], key_variables: Collection[str]) -> str:
    """Turn a template of `invalidate` into one whose items cover those of every object of the site.

    Returns "" for a tag that depends on the object.
    """
    tokens = tokenize(template)
    start = list(takewhile(lambda token: token.kind is not TokenKind.CAPTURE or token.text in captures, tokens))
    if len(start) == len(tokens):
        return template
    # A tag has no wildcard, and the site's own paths are invalidated without it.
    if template.startswith("#"):
        return ""
    name = tokens[len(start)].text
    return "".join(token.pattern for token in start) + (f"{{{name}}}*" if name in key_variables else "*")


def _with_templates(target: Target, templates: Iterable[str], **settings: bool | tuple[str, ...]) -> Target:
    changes: dict[str, Any] = {"invalidate": tuple(templates), **settings}
    return replace(target, settings=target.settings._replace(**changes))


def without_covered(scopes: Mapping[str, str | None]) -> dict[str, str | None]:
    """Drop the items that a wildcard covers."""
    tags, exact_paths, stems = partition_items(scopes)
    return {item: scopes[item] for item in (*tags, *exact_paths, *(f"{stem}*" for stem in stems))}
