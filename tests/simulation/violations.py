"""The violations of a settled run: stale objects, lost messages, and rejections without a dead letter.

They are read from the double, the queues and the applied changes, never from the service's own counters.
"""

import re
from collections import defaultdict
from collections.abc import Iterator

from purgemap.delivery import ReceivedMessage
from purgemap.delivery.queueing import QueueMessage
from purgemap.operations.dead_letters import classify_dead_letter
from simulation.environment import job_id
from simulation.queues import EntryState
from simulation.running import AppliedChange, Run, items_of, parse_queued_jobs
from support.oracles import cloudfront_rules

# Only these codes of CloudFront may reject a job; a rejection for another reason is a bug of the service.
_RIGHTFUL_REASONS = ("NoSuchDistribution", "EntityNotFound", "AccessDenied")
_INVALID = "InvalidArgument"
_TAKEN = {"accepted", "accepted+cut", "replayed", "replayed+cut"}
_NOT_IN_MAP = "the map no longer has this distribution"


def list_violations(run: Run) -> list[str]:
    """Return the violations, then redrive the dead letters and add the violations that remain."""
    violations = [*run.bugs, *_unfinished(run), *_unseen(run), *_wrongly_refused(run), *_wrongly_rejected(run)]
    violations += _stale(run, _covered_by_letters(run))
    violations += _uncovered_of_removed(run)
    redrive(run)
    after = (*_unfinished(run), *_stale(run, {}), *_lost_of_unmapped(run))
    violations += [f"after the redrive: {fault}" for fault in after]
    return violations


def redrive(run: Run) -> None:
    """Send every dead letter as `purgemap redrive` does, after the last fault."""
    run.timeline.sleep(run.faults.seconds_to_calm())
    for role in run.double.settings.denied:
        run.faults.grant_role(run.double, role)
    now, letters = run.timeline.clock(), list(run.dead_letters.letters)
    run.dead_letters.letters.clear()
    run.functions.deploy(run.environment.load())
    for letter in letters:
        read = classify_dead_letter(ReceivedMessage(letter.id, "", letter.body, {}, letter.sent), now)
        run.queue.send([QueueMessage(body) for body in read.redrive_bodies])
    run.settle()


def _unfinished(run: Run) -> Iterator[str]:
    """Yield messages that still wait."""
    for entry in run.queue.waiting():
        yield f"lost: {entry.id} still waits after {entry.receives} receives: {entry.body[:200]}"


def _unseen(run: Run) -> Iterator[str]:
    """Yield malformed records without a dead letter, and foreign events that were not acknowledged."""
    dead = {letter.id for letter in run.dead_letters.letters}
    for entry in run.malformed:
        if entry.id not in dead:
            yield f"lost: the malformed {entry.id} is not a dead letter: {entry.body}"
    for entry in run.foreign:
        if entry.state is not EntryState.ACKNOWLEDGED and run.faults.kills == 0:
            yield f"the foreign {entry.id} was not acknowledged: {entry.body}"


def _wrongly_refused(run: Run) -> Iterator[str]:
    """Yield a request that CloudFront refused as malformed without a fault."""
    for record in run.double.ledger.log:
        is_refused = record.outcome in {_INVALID, "BatchTooLarge", "InvalidationBatchAlreadyExists"}
        if is_refused and not run.faults.refuses(record.call.items):
            yield f"{record.outcome}: {record.call.items[:5]}"
            return


def _wrongly_rejected(run: Run) -> Iterator[str]:
    codes = (*_RIGHTFUL_REASONS, _INVALID) if run.faults.plan.refused else _RIGHTFUL_REASONS
    rightful = re.compile(rf"(\w+: )?({'|'.join(codes)}):")  # the operation may precede the code
    unmapped = {job_id(run.environment.sites[name]) for name in run.unmapped}
    for letter in run.dead_letters.letters:
        for job in parse_queued_jobs(letter.body):
            reason = job.get("rejected")
            is_unmapped = reason == _NOT_IN_MAP and job["distribution"] in unmapped
            if reason is not None and not rightful.match(reason) and not is_unmapped:
                yield f"a job is rejected without need, for {reason!r}: {letter.body[:200]}"


def _stale(run: Run, covered: dict[str, set[str]]) -> Iterator[str]:
    """Yield stale objects that no dead letter covers."""
    names = {site.id: job_id(site) for site in run.environment.sites.values()}
    for stale in run.double.stale():
        if stale.distribution not in run.unmapped and not is_covered(
            stale.spelling, covered.get(names[stale.distribution], set())
        ):
            yield f"stale: {stale.distribution} still serves {stale.spelling!r}"


def _uncovered_of_removed(run: Run) -> Iterator[str]:
    """A deleted distribution cannot be stale, but its missing invalidations must be dead letters."""
    names = {job_id(run.environment.sites[name]): name for name in run.removed}
    covered = _covered_by_letters(run)
    for applied in run.applied_changes:
        for name, spellings in applied.spellings.items():
            if name in names and not _is_covered_in_time(run, names[name], applied, covered.get(name, set())):
                yield f"lost: {name} was deleted, and no dead letter covers {spellings[0]!r}"


def _lost_of_unmapped(run: Run) -> Iterator[str]:
    """Yield jobs that waited when the map lost their distribution, and were lost with it."""
    letters = _covered_by_letters(run)
    for name, entries in run.unmapped.items():
        distribution = job_id(run.environment.sites[name])
        for entry in entries:
            taken = (
                record.call.items
                for record in run.double.ledger.log
                if record.call.distribution == name and record.call.at >= entry.sent and record.outcome in _TAKEN
            )
            safe = letters.get(distribution, set()).union(*taken)
            jobs = [job for job in parse_queued_jobs(entry.body) if job["distribution"] == distribution]
            lost = [item for job in jobs for item in items_of(job) if not is_covered(item, safe)]
            if lost:
                yield f"lost: {entry.id} waited when the map lost {name}; {lost[0]!r} is neither accepted nor a letter"


def _is_covered_in_time(run: Run, distribution: str, applied: AppliedChange, covered: set[str]) -> bool:
    covered_items = {
        item
        for accepted in run.double.accepted(distribution)
        if accepted.created >= applied.at
        for item in accepted.items
    }
    spellings = applied.spellings[job_id(run.environment.sites[distribution])]
    return all(is_covered(spelling, covered_items | covered) for spelling in spellings)


def is_covered(spelling: str, items: set[str]) -> bool:
    """Whether items evict a spelling or a tag; a query string that no item names goes with its path."""
    return (
        cloudfront_rules.is_covered(spelling, items)
        or spelling in items
        or (spelling.startswith("#") and "/*" in items)
    )


def _covered_by_letters(run: Run) -> dict[str, set[str]]:
    """Return by distribution what dead letters cover: items of jobs, URLs of events' objects."""
    covered: dict[str, set[str]] = defaultdict(set)
    dead = {letter.id for letter in run.dead_letters.letters}
    for letter in run.dead_letters.letters:
        for job in parse_queued_jobs(letter.body):
            covered[job["distribution"]].update(items_of(job))
    for applied in run.applied_changes:
        if any(entry.id in dead for entry in applied.entries):
            for name, spellings in applied.spellings.items():
                covered[name].update(spellings)
    return covered
