"""The conditions of the ledger's runs: maps that skip unchanged uploads, and writes that often change nothing."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from random import Random

from purgemap.ledger import ObjectId
from simulation.changes import Change
from simulation.environment import Environment
from simulation.faults import FaultPlan
from simulation.objects import BODIES, HEADERS, NO_CONTENT, Content, Objects, Versioning

_NAMES = (
    *("index.html", "about.html", "docs/index.html", "a.css", "b.js", "docs/c.css", "big.bin", "d"),
    *(f"page-{number}.html" for number in range(32)),
)

# S3's times in events and heads are whole seconds. In a bucket without versions, two writes of one key within a second
# that differ in headers only can't be distinguished: the documented limit of the ledger, which is not drawn.
_SECONDS_BETWEEN_HEADERS = 2.0


def skip_unchanged(environment: Environment, rng: Random) -> None:
    """Let all routes of a map skip unchanged uploads, or those of some distributions, or some routes."""
    document, place = environment.document, rng.choice(("defaults", "defaults", "defaults", "distributions", "routes"))
    if rng.random() < 0.9:
        for options in document["distributions"].values():
            options |= {"max_paths": 150, "max_wildcards": 10, "max_paths_per_day": 0}
    if place == "defaults":
        document["defaults"] = {"skip_unchanged": True}
        return
    entries = list(document["distributions"].values() if place == "distributions" else document["routes"])
    for entry in rng.sample(entries, rng.randrange(1, len(entries) + 1)):
        entry["skip_unchanged"] = True


def extend_plan(plan: FaultPlan, rng: Random) -> FaultPlan:
    """Add the faults of the ledger's table and of S3, and redeploys in some runs."""
    if rng.random() < 0.8:
        # Only what is accepted at once is recorded.
        plan = replace(plan, errors=0.0, cuts=0.0, slow=0.0, refused=0.0, full=(), throttled=(), denied_until=())
    times = sorted(rng.uniform(1, 1_200) for _ in range(rng.choice((2, 4, 6))))
    return replace(
        plan,
        kills=rng.choice((0.0, 0.0, 0.02, 0.1)),
        calm_after=rng.choice((900.0, 3_600.0)),
        late=rng.choice((0.0, 0.1, 0.3, 0.5)),
        lateness=rng.choice(((2.0, 30.0), (5.0, 200.0), (60.0, 3_000.0))),
        window_seconds=rng.choice((10.0, 1.0, 0.1, 0.1)),  # short ones let functions meet
        removed_at=(),  # a deleted distribution never gets what was skipped for it
        ledger_errors=rng.choice((0.0, 0.0, 0.01, 0.2)),
        ledger_slow=rng.choice((0.0, 0.02, 0.3)),
        mark_seconds=rng.choice((0.0, 0.0, 3.5)),
        head_errors=rng.choice((0.0, 0.0, 0.0, 0.05, 0.3)),
        unsequenced=rng.choice((0.0, 0.0, 0.1)),
        redeployed_at=tuple(times) if rng.random() < 0.4 else (),
    )


def write_again(environment: Environment, rng: Random) -> list[Change]:
    """Upload all of some objects until their records are clean; then change each, and soon write the same again.

    Later writes would hide an old copy, since their invalidations evict it. So most objects are changed only once.
    """
    places = [(bucket, folder) for bucket, folders in environment.folders.items() for folder in folders]
    objects = [(bucket, folder + name) for bucket, folder in rng.sample(places, min(3, len(places))) for name in _NAMES]
    contents = {
        object_id: Content(rng.choice(BODIES), rng.choice([*HEADERS]))
        for object_id in rng.sample(objects, min(len(objects), rng.choice((20, 60))))
    }
    # Tracking begins with the first batch, and two minutes later records count.
    changes = [Change(0.0, *objects[0], "created", rng.choice([*contents.values()]))]
    for begin in (rng.uniform(140, 170), *(rng.uniform(210, 960) for _ in range(rng.choice((0, 0, 1, 2))))):
        changes += [Change(begin, *object_id, "created", content) for object_id, content in contents.items()]
    for object_id, content in contents.items():
        changes += _write_there_and_back(object_id, content, rng)
    return changes


def _write_there_and_back(object_id: ObjectId, usual: Content, rng: Random) -> Iterator[Change]:
    """Change an object and soon write its usual content again, once or twice; the event of a change is often late."""
    at, is_header = rng.randrange(200, 960) + 0.05, rng.random() < 0.5
    headers = Content(usual.body, rng.choice([*HEADERS]))
    other = headers if is_header else Content(rng.choice(BODIES), usual.headers)
    for number in range(rng.choice((0, 1, 2, 2, 2, 3, 3, 3))):
        if number % 2:
            yield Change(at, *object_id, "created", usual)
            at += rng.choice((3.0, 12.0, 60.0, 120.0))
            continue
        # Two writes within a second can be distinguished by their bytes only. Twenty seconds later, the invalidation of
        # the first has had its effect.
        seconds = rng.choice((2.0, 2.0, 3.0, 5.0, 20.0, 20.0) if is_header else (0.1, 0.3, 5.0, 20.0))
        delay = rng.choice((0.0, 0.0, seconds + rng.uniform(5, 40)))
        event = rng.choice(("created",) * 6 + ("deleted", "expired"))
        yield Change(at, *object_id, event, other if event == "created" else NO_CONTENT, delay)
        at += seconds


def complete_changes(changes: list[Change], plan: FaultPlan, objects: Objects, rng: Random) -> list[Change]:
    """Give each write its content, often that of the object before; write all again after the last redeploy."""
    changes = sorted(changes, key=lambda change: change.at)
    # A map that ignored an object makes no promise for it until its next event.
    begin = max(plan.redeployed_at, default=-10.0) + 5
    written = {(change.bucket, change.key): change for change in changes if change.at < begin}
    changes += [
        replace(change, at=begin + rng.uniform(0, 60), event="created", content=None) for change in written.values()
    ]
    return _draw_contents(sorted(changes, key=lambda change: change.at), objects, rng)


def _draw_contents(changes: Iterable[Change], objects: Objects, rng: Random) -> list[Change]:
    histories: dict[tuple[str, str], list[tuple[float, Content]]] = {}
    completed: list[Change] = []
    for change in changes:
        if change.event != "created":
            completed.append(replace(change, content=NO_CONTENT))
            continue
        history = histories.setdefault((change.bucket, change.key), [])
        content = change.content or _draw_content(history, rng)
        if objects.versioning(change.bucket) is not Versioning.ENABLED:
            since = change.at - _SECONDS_BETWEEN_HEADERS
            recent = (headers for at, (body, headers) in history if at > since and body == content.body)
            content = Content(content.body, next(recent, content.headers))
        history.append((change.at, content))
        completed.append(replace(change, content=content))
    return completed


def _draw_content(history: list[tuple[float, Content]], rng: Random) -> Content:
    """Draw the content of the last write, the one before, other headers, other bytes, or one from long ago."""
    if not history:
        return Content(rng.choice(BODIES), rng.choice([*HEADERS]))
    _, (body, headers) = history[-1]
    drawn = rng.random()
    if drawn < 0.4:
        return Content(body, headers)
    if drawn < 0.6:
        return history[-2:][0][1]
    if drawn < 0.75:
        return Content(body, rng.choice([*HEADERS]))
    return Content(rng.choice(BODIES), headers) if drawn < 0.9 else rng.choice(history)[1]
