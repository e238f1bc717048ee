"""A run that has settled → what it proves wrong: stale objects, lost messages, rejections that nobody can find.

Every claim is read off the double, the queues and what happened, never off the service's own counters.
"""

import re
from collections import defaultdict
from collections.abc import Iterator

from purgemap.delivery import ReceivedMessage
from purgemap.delivery.queueing import QueueMessage
from purgemap.operations.dead_letters import classify_dead_letter
from simulation.environment import job_id
from simulation.queues import Fate
from simulation.running import AppliedChange, Run, items_of, parse_queued_job
from support.oracles import cloudfront_rules

# Only these words of CloudFront's may end a job; what the service gives up for another reason is a fault of its own.
_RIGHTFUL_REASONS = ("NoSuchDistribution", "EntityNotFound", "AccessDenied")
_INVALID = "InvalidArgument"
_TAKEN = {"accepted", "accepted+cut", "replayed", "replayed+cut"}
_NOT_IN_MAP = "the map no longer has this distribution"


def list_violations(run: Run) -> list[str]:
    """Say what went wrong, a line each; then send the dead letters again and say what is still wrong."""
    violations = [*run.bugs, *_unfinished(run), *_unseen(run), *_wrongly_refused(run), *_wrongly_rejected(run)]
    violations += _stale(run, _covered_by_letters(run))
    violations += _uncovered_of_removed(run)
    redrive(run)
    after = (*_unfinished(run), *_stale(run, {}), *_lost_of_unmapped(run))
    violations += [f"after the redrive: {fault}" for fault in after]
    return violations


def redrive(run: Run) -> None:
    """Send every dead letter again, as `purgemap redrive` does, once all is repaired."""
    run.timeline.sleep(run.faults.seconds_to_calm())
    for role in run.double.settings.denied:
        run.faults.let_in(run.double, role)
    now, letters = run.timeline.clock(), list(run.dead_letters.letters)
    run.dead_letters.letters.clear()
    run.functions.deploy(run.environment.load())
    for letter in letters:
        read = classify_dead_letter(ReceivedMessage(letter.id, "", letter.body, {}, letter.sent), now)
        run.queue.send([QueueMessage(body) for body in read.redrive_bodies])
    run.settle()


def _unfinished(run: Run) -> Iterator[str]:
    """No message may wait for ever."""
    for entry in run.queue.waiting():
        yield f"lost: {entry.id} still waits after {entry.receives} receives: {entry.body[:200]}"


def _unseen(run: Run) -> Iterator[str]:
    """A record that can't be read must come to a person's eyes; one that is none of ours must not."""
    dead = {letter.id for letter in run.dead_letters.letters}
    for entry in run.malformed:
        if entry.id not in dead:
            yield f"lost: the malformed {entry.id} is no dead letter: {entry.body}"
    for entry in run.foreign:
        if entry.fate is not Fate.ACKNOWLEDGED and run.faults.kills == 0:
            yield f"the foreign {entry.id} was not acknowledged: {entry.body}"


def _wrongly_refused(run: Run) -> Iterator[str]:
    """Nothing that the service asks for may be malformed, whatever the objects' names."""
    for record in run.double.ledger.log:
        is_refused = record.outcome in {_INVALID, "BatchTooLarge", "InvalidationBatchAlreadyExists"}
        if is_refused and not run.faults.refuses(record.call.items):
            yield f"{record.outcome}: {record.call.items[:5]}"
            return


def _wrongly_rejected(run: Run) -> Iterator[str]:
    codes = (*_RIGHTFUL_REASONS, _INVALID) if run.faults.plan.refused else _RIGHTFUL_REASONS
    rightful = re.compile(rf"(\w+: )?({'|'.join(codes)}):")  # which call it was may stand first
    unmapped = {job_id(run.environment.sites[name]) for name in run.unmapped}
    for letter in run.dead_letters.letters:
        job = parse_queued_job(letter.body)
        reason = job.get("rejected")
        is_unmapped = reason == _NOT_IN_MAP and job["distribution"] in unmapped
        if reason is not None and not rightful.match(reason) and not is_unmapped:
            yield f"a job is rejected without need, for {reason!r}: {letter.body[:200]}"


def _stale(run: Run, covered: dict[str, set[str]]) -> Iterator[str]:
    """Nothing may stay cached that changed, unless it waits in the dead-letter queue."""
    names = {site.id: job_id(site) for site in run.environment.sites.values()}
    for stale in run.double.stale():
        if stale.distribution not in run.unmapped and not is_covered(
            stale.spelling, covered.get(names[stale.distribution], set())
        ):
            yield f"stale: {stale.distribution} still serves {stale.spelling!r}"


def _uncovered_of_removed(run: Run) -> Iterator[str]:
    """Who is deleted can't be stale, but what it was not told lies in the dead-letter queue."""
    names = {job_id(run.environment.sites[name]): name for name in run.removed}
    covered = _covered_by_letters(run)
    for happened in run.happened:
        for name, spellings in happened.spellings.items():
            if name in names and not _is_covered_in_time(run, names[name], happened, covered.get(name, set())):
                yield f"lost: {name} was deleted, and no dead letter tells of {spellings[0]!r}"


def _lost_of_unmapped(run: Run) -> Iterator[str]:
    """The map's loss must not be a job's: once the map has its distribution again, all that waited is accepted."""
    letters = _covered_by_letters(run)
    for name, entries in run.unmapped.items():
        for entry in entries:
            taken = (
                record.call.items
                for record in run.double.ledger.log
                if record.call.distribution == name and record.call.at >= entry.sent and record.outcome in _TAKEN
            )
            safe = letters.get(job_id(run.environment.sites[name]), set()).union(*taken)
            lost = [item for item in items_of(parse_queued_job(entry.body)) if not is_covered(item, safe)]
            if lost:
                yield f"lost: {entry.id} waited when the map lost {name}; {lost[0]!r} is neither accepted nor a letter"


def _is_covered_in_time(run: Run, distribution: str, happened: AppliedChange, covered: set[str]) -> bool:
    covered_items = {
        item
        for accepted in run.double.accepted(distribution)
        if accepted.created >= happened.at
        for item in accepted.items
    }
    spellings = happened.spellings[job_id(run.environment.sites[distribution])]
    return all(is_covered(spelling, covered_items | covered) for spelling in spellings)


def is_covered(spelling: str, items: set[str]) -> bool:
    """Whether items evict a spelling or a tag; a query string that no item names goes with its path."""
    return (
        cloudfront_rules.is_covered(spelling, items)
        or spelling in items
        or (spelling.startswith("#") and "/*" in items)
    )


def _covered_by_letters(run: Run) -> dict[str, set[str]]:
    """Return by distribution what dead letters tell of: jobs their items, events the URLs of their object."""
    covered: dict[str, set[str]] = defaultdict(set)
    dead = {letter.id for letter in run.dead_letters.letters}
    for letter in run.dead_letters.letters:
        job = parse_queued_job(letter.body)
        if job:
            covered[job["distribution"]].update(items_of(job))
    for happened in run.happened:
        if any(entry.id in dead for entry in happened.entries):
            for name, spellings in happened.spellings.items():
                covered[name].update(spellings)
    return covered
