"""`purgemap deploy --refresh`: its items cover every change of a site's objects before the site was deployed."""

import json
from collections.abc import Collection, Mapping

import pytest

from conftest import LoadMap
from purgemap.deployment.rollout.refresh import refresh_jobs, send_jobs
from purgemap.errors import PurgemapError
from purgemap.jobs import parse_job
from purgemap.operations.preview import preview_change
from purgemap.routemap.compiled import RouteMap, empty_map
from support.doubles.memory import MemoryQueue

WWW, BLOG = "E2EXAMPLE1ABCD", "E3EXAMPLE2ABCD"
EMPTY_MAP = empty_map()
HEAD = f"version: 1\ndistributions:\n  www: {{id: {WWW}}}\n  blog: {{id: {BLOG}}}\nroutes:\n"
SITE = HEAD + "  - {bucket: acme, prefix: p/, distributions: [www]%s}\n"


def items(old: RouteMap, new: RouteMap) -> dict[str, list[str]]:
    return {job.distribution: list(job.scopes) for job in refresh_jobs(old, new, "deployment", 0)}


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        ("{bucket: acme, distributions: [www]}", ["/", "/*"]),
        ("{bucket: acme, prefix: blog/, distributions: [www]}", ["/blog/", "/blog/*"]),
        ("{bucket: acme, prefix: www/blog/, origin_path: /www, distributions: [www]}", ["/blog/", "/blog/*"]),
        ("{bucket: acme, prefix: blog, distributions: [www]}", ["/blog", "/blog*"]),
        ("{bucket: acme, prefix: a b/, distributions: [www]}", ["/a%20b/", "/a+b/", "/a%20b/*", "/a+b/*"]),
        ("{bucket: acme, prefix: ~a/, distributions: [www]}", ["/*"]),
        ("{bucket: acme, prefix: 'a/~b/', distributions: [www]}", ["/a/*"]),
        ("{bucket: acme, prefix: 'site/{name}/', distributions: [www]}", ["/site/", "/site/*"]),
        ("{bucket: acme, prefix: 's/{x}/', origin_path: '/s/{x}', distributions: [www]}", ["/", "/*"]),
        ("{bucket: acme, prefix: 's/{x}/b/', origin_path: '/s/{x}', distributions: [www]}", ["/b/", "/b/*"]),
        ("{bucket: acme, prefix: 's/{site}/', origin_path: '/s/{site}', distributions: ['{site}']}", ["/", "/*"]),
        ("{bucket: acme, origin_path: /www, distributions: [www]}", ["/", "/*"]),
        ("{bucket: acme, prefix: p/, distributions: [www], clean_urls: true}", ["/p", "/p/", "/p/*"]),
        (
            "{bucket: acme, prefix: p/, distributions: [www], clean_urls: true, query_strings: true}",
            ["/p", "/p/", "/p/*", "/p?*"],
        ),
        ("{bucket: acme, prefix: a.html, distributions: [www], clean_urls: true}", ["/a", "/a.html", "/a.html*"]),
        (
            "{bucket: acme, prefix: p/, distributions: [www], invalidate: ['{path}', '/feed.xml', '/thumbs{dir}*']}",
            ["/feed.xml", "/p/", "/p/*", "/thumbs/p/*"],
        ),
        ("{bucket: acme, prefix: p/, distributions: [www], invalidate: ['/k/{key}']}", ["/k/p/", "/k/p/*"]),
        ("{bucket: acme, prefix: p/, distributions: [www], invalidate: ['#{bucket}']}", ["#acme"]),
        (
            "{bucket: acme, prefix: p/, distributions: [www], invalidate: ['/{bucket}{path}']}",
            ["/acme/p/", "/acme/p/*"],
        ),
        ("{bucket: 'acme-{x}', prefix: p/, distributions: [www], invalidate: ['/x/{x}.json']}", ["/x/*"]),
    ],
)
def test_refresh_covers_a_site_from_its_prefix(map_from_yaml: LoadMap, route: str, expected: list[str]) -> None:
    items_by_distribution = items(EMPTY_MAP, map_from_yaml(f"{HEAD}  - {route}\n"))
    assert sorted(items_by_distribution[WWW]) == sorted(expected)


def is_covered(path: str, items: Collection[str]) -> bool:
    """Return whether items cover a path; `P*` is not trusted to evict P itself."""
    return path in items or any(item[-1] == "*" and path.startswith(item[:-1]) and path != item[:-1] for item in items)


OPTIONS = [
    "",
    "clean_urls: true",
    "query_strings: true",
    "clean_urls: true, query_strings: true",
    "index_documents: [index.html, index.htm]",
    "invalidate: ['/*']",
    "invalidate: ['{dir}*', '/all.json']",
    "invalidate: ['/api/{key}', '/{bucket}{path}', '#site', '{path}']",
    "invalidate: ['/x/{x}/y', '{path}']",
]
PREFIXES = [
    "prefix: ''",
    "prefix: p/",
    "prefix: p",
    "prefix: p/q/, origin_path: /p",
    "prefix: p/q/, origin_path: /p/q",
    "prefix: 'p/{x}/'",
    "prefix: 'p/*/'",
    "prefix: 'p/{x}/', origin_path: '/p/{x}'",
    "prefix: '{x}/', origin_path: /p",
    "origin_path: /p/q",
]


@pytest.mark.parametrize(
    ("prefix", "options"),
    [(prefix, options) for prefix in PREFIXES for options in OPTIONS if "{x}" in prefix or "{x}" not in options],
)
def test_refresh_covers_items_of_every_object_of_the_site(map_from_yaml: LoadMap, prefix: str, options: str) -> None:
    more = f", {options}" if options else ""
    new = map_from_yaml(f"{HEAD}  - {{bucket: acme, {prefix}, distributions: [www]{more}}}\n")
    refreshed = items(EMPTY_MAP, new).get(WWW, [])
    for key in (
        "p/q/index.html",
        "p/q/",
        "p/q/a b+c.html",
        "p/q/~x/é",
        "p/index.html",
        "p/a~",
        "index.html",
        "page.html",
        "p/q/x*",
    ):
        for item in preview_change(new, "acme", key, "created").get(WWW, ()):
            assert is_covered(item, refreshed), (key, item, refreshed)


def test_refresh_covers_only_added_or_changed_sites(map_from_yaml: LoadMap) -> None:
    old = map_from_yaml(SITE % "")
    blog = "  - {bucket: acme-blog, prefix: blog/, distributions: [blog]}\n"
    assert items(old, map_from_yaml(SITE % "" + blog)) == {BLOG: ["/blog/", "/blog/*"]}
    assert items(old, map_from_yaml(SITE % ", clean_urls: true")) == {WWW: ["/p", "/p/", "/p/*"]}


def test_refresh_ignores_edits_without_effect_in_service(map_from_yaml: LoadMap) -> None:
    old = map_from_yaml(SITE % "")
    assert items(old, map_from_yaml(SITE % ", name: other")) == {}
    assert items(map_from_yaml(SITE % "" + "  - {bucket: acme-blog, distributions: [blog]}\n"), old) == {}, (
        "a removed site is not served"
    )


@pytest.mark.parametrize(("old", "new"), [("", ", skip_unchanged: true"), (", skip_unchanged: true", "")])
def test_refresh_ignores_the_skipping_of_unchanged_uploads(map_from_yaml: LoadMap, old: str, new: str) -> None:
    assert items(map_from_yaml(SITE % old), map_from_yaml(SITE % new)) == {}
    assert items(map_from_yaml(SITE % old), map_from_yaml(SITE % f"{new}, clean_urls: true")) != {}


def test_refresh_ignores_a_site_that_cannot_be_served(map_from_yaml: LoadMap) -> None:
    routes = "  - {bucket: acme, prefix: docs/, origin_path: /www, distributions: [www]}\n"
    assert items(EMPTY_MAP, map_from_yaml(HEAD + routes)) == {}


def test_refresh_sends_a_distribution_one_job_without_overlap(map_from_yaml: LoadMap) -> None:
    routes = "".join(
        f"  - {{bucket: acme, prefix: {prefix}, distributions: [www]}}\n" for prefix in ("a/", "b/", "b/c/")
    )
    assert items(EMPTY_MAP, map_from_yaml(HEAD + routes)) == {WWW: ["/a/", "/b/", "/a/*", "/b/*"]}


def sent_jobs(queue: MemoryQueue) -> list[Mapping[str, object]]:
    return [json.loads(message.body) for message in queue.messages]


def test_refresh_jobs_are_valid_messages_of_the_queue(map_from_yaml: LoadMap) -> None:
    queue = MemoryQueue()
    jobs = refresh_jobs(EMPTY_MAP, map_from_yaml(SITE % ""), "arn:aws:cloudformation:eu-west-1:1:changeSet/p", 9.0)
    send_jobs(jobs, queue)
    (job,) = map(parse_job, sent_jobs(queue))
    assert (job.distribution, set(job.scopes), job.oldest_event_time) == (WWW, {"/p/", "/p/*"}, 9.0)
    assert job.digest == jobs[0].digest, "the same deployment is the same request, however often it is sent"


def test_refresh_job_that_the_queue_refuses_is_named(map_from_yaml: LoadMap) -> None:
    with pytest.raises(PurgemapError, match=f"deployed, but not refreshed: {WWW}: AccessDenied; invalidate by hand"):
        send_jobs(refresh_jobs(EMPTY_MAP, map_from_yaml(SITE % ""), "source", 0), MemoryQueue("AccessDenied"))
