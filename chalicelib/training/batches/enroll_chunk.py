"""Enrolling one range of a row's recipients, exactly once although the message may come many times."""

from collections.abc import Sequence
from datetime import datetime

from chalicelib.core import observability
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed, Unavailable
from chalicelib.jobs import queue
from chalicelib.jobs.job import Job
from chalicelib.training.batches import chunk_store, enrollment_store, seats
from chalicelib.training.batches import store as batch_store
from chalicelib.training.batches.chunk_outcomes import ChunkOutcomes
from chalicelib.training.batches.chunk_store import ChunkRun
from chalicelib.training.batches.finish_row import finish_row
from chalicelib.training.batches.messages import EnrollChunk
from chalicelib.training.batches.models import ChunkResult, Enrollment
from chalicelib.training.batches.recipients import Recipients, member_ids
from chalicelib.training.batches.seats import Candidates, SeatHolding
from chalicelib.training.batches.states import (
    ACCEPTING_CHUNKS,
    LIVE,
    Code,
    EnrollmentStatus,
    Outcome,
    RowStatus,
    outcome_of,
)
from chalicelib.training.batches.visibility import those_in

_TRIES = 3


def enroll_chunk(message: EnrollChunk, now: datetime) -> None:
    """Enroll the chunk's learners and count them on the row; the last chunk finishes the row."""
    queue.send_soon(*_run_chunk(message, now, insert=True))


def on_dead_letter(message: EnrollChunk, now: datetime) -> None:
    """Count what earlier deliveries did; whom they did not reach fails, with the reason."""
    _run_chunk(message, now, insert=False)


def _run_chunk(message: EnrollChunk, now: datetime, *, insert: bool) -> list[Job]:
    """Gives the jobs that follow (see `finish_row`); they have due entries."""
    run = chunk_store.chunk_run(message, now)
    if run is None:
        observability.warning("chunk without row", batch_id=message.batch_id, course_id=message.course_id)
        return []
    row = run.row
    if row.run != run.number or row.status not in ACCEPTING_CHUNKS or run.is_done:
        return _end_late(run)
    outcomes = ChunkOutcomes.of_earlier_runs(run.result)
    ids = _ids_to_enroll(run)
    orphan_runs = _orphan_runs(run)
    is_first = not run.was_started and chunk_store.mark_started(run)
    # After a run that left no result, this one looks up what that did, as another delivery would.
    is_first = is_first and not orphan_runs
    is_cancelled = row.status == RowStatus.CANCELLED
    enrolled = None if is_first and not is_cancelled else enrollment_store.members_of_range(run)
    if not is_cancelled:
        outcomes.ran_at.append(to_text(now))
    orphaned = seats.orphaned(run, orphan_runs)
    holding = SeatHolding(run.num_reserved, orphaned)
    if insert and not is_cancelled:
        candidates = Candidates(ids, enrolled, outcomes.num_enrolled_before)
        holding = seats.reserve(run, candidates, orphaned)
        allowed, refused = seats.allocate(run, candidates, holding)
        outcomes.add(Code.ACCESS_DENIED if run.seat_limit is None else Code.NO_SEAT, *refused)
        _enroll(run, allowed, outcomes)
    elif not is_cancelled:
        _count_existing(run, ids, outcomes)
    if enrolled is not None:
        # Nobody more is enrolled by a cancelled row; those whom it did enroll are counted.
        outcomes.count_enrolled(enrolled)
    return _finish(run, outcomes, holding)


def _end_late(run: ChunkRun) -> list[Job]:
    """This run of the chunk is done, or its row went on without it."""
    if run.row.run == run.number and run.row.chunks_left == 0:
        return finish_row(run.key, run.row, run.now)
    if run.num_reserved and _is_counted_later(run, run.result):
        seats.release(run, run.num_reserved)
    return []


def _is_counted_later(run: ChunkRun, result: ChunkResult | None) -> bool:
    """A later run has ended: it counted those whom this run enrolled, and settled the seats that this run held then.

    Before that, what this run holds stays taken for them.
    """
    return result is not None and result.run > run.number


def _orphan_runs(run: ChunkRun) -> range:
    """Earlier runs that were to enroll this chunk and left no result."""
    last = int(run.row.partition_run) - 1 if run.result is None else int(run.result.run)
    return range(last + 1, run.number)


def _ids_to_enroll(run: ChunkRun) -> list[str]:
    """The recipients in the range; of a chunk that ran before, only those who failed then and still match.

    In a run that a limited admin asked for, only the people who are in the admin's departments now.
    """
    ids = list(member_ids(Recipients.from_json(run.partition.recipients), *run.bounds))
    if run.result is not None:
        failed = {
            member_id
            for code, ids_of_code in run.result.member_ids_by_code.items()
            if outcome_of(code) == Outcome.FAILED
            for member_id in ids_of_code
        }
        ids = [member_id for member_id in ids if member_id in failed]
    within = run.row.retried_within
    if within is None or not ids:
        return ids
    # The recipients have the departments of the first run: since then a department may have left the admin's tree.
    own = those_in(run.key.org_id, within, ids)
    return [member_id for member_id in ids if member_id in own]


def _enroll(run: ChunkRun, ids: Sequence[str], outcomes: ChunkOutcomes) -> None:
    inserted = enrollment_store.insert_enrollments(run, ids)
    outcomes.enrolled.update(inserted.created)
    outcomes.add(Code.WRITE_REJECTED, *inserted.rejected)
    existing = _existing(run, inserted.existing)
    for member_id in inserted.existing:
        code = _replace(run, member_id, existing.get(member_id))
        if code is None:
            outcomes.enrolled.add(member_id)
        else:
            outcomes.add(code, member_id)


def _replace(run: ChunkRun, member_id: str, existing: Enrollment | None) -> Code | None:
    """None when this batch has enrolled the learner by now; else why the existing enrollment stays."""
    for _ in range(_TRIES):
        if existing is None:
            # It was there a moment ago, and nothing deletes enrollments: the next delivery looks again.
            raise ConditionFailed()
        if existing.batch_id == run.key.batch_id:
            return None
        code = _code_of(run, existing)
        if code is not None:
            return code
        try:
            enrollment_store.replace_with_new(run, member_id, existing)
            return None
        except ConditionFailed:
            existing = _existing(run, [member_id]).get(member_id)
    raise ConditionFailed()


def _count_existing(run: ChunkRun, ids: Sequence[str], outcomes: ChunkOutcomes) -> None:
    existing = _existing(run, ids)
    for member_id in ids:
        enrollment = existing.get(member_id)
        if enrollment is not None and enrollment.batch_id == run.key.batch_id:
            outcomes.enrolled.add(member_id)
        else:
            code = _code_of(run, enrollment) if enrollment is not None else None
            outcomes.add(code or Code.PROCESSING_FAILED, member_id)


def _existing(run: ChunkRun, ids: Sequence[str]) -> dict[str, Enrollment]:
    return enrollment_store.enrollments_in(run.key.org_id, run.row.course_id, ids)


def _code_of(run: ChunkRun, enrollment: Enrollment) -> Code | None:
    """Why another batch's enrollment stays; None when a new one may take its place."""
    if enrollment.status in LIVE:
        return Code.ALREADY_ENROLLED
    if enrollment.status == EnrollmentStatus.COMPLETED and not run.partition.reenroll_completed:
        return Code.ALREADY_COMPLETED
    return None


def _finish(run: ChunkRun, outcomes: ChunkOutcomes, holding: SeatHolding) -> list[Job]:
    num_seats_by_run = {**holding.orphaned_by_run, run.number: holding.number}
    try:
        chunk_store.finish_chunk(run, outcomes.as_result(run.number), num_seats_by_run)
    except ConditionFailed as error:
        if not {0, 1}.intersection(error.failed):
            # Seats of an earlier run are settled by now: the next delivery looks again.
            raise Unavailable() from error
        observability.info("chunk was finished by another delivery", batch_id=run.key.batch_id, chunk=run.chunk)
    # Read again, for other chunks may have finished since: the one that sees that none is left finishes the row.
    latest = batch_store.row(run.key, run.row.course_id)
    if latest is None:
        return []
    if latest.run != run.number and holding.number:
        result = chunk_store.chunk_result(run.key, run.row.course_id, run.chunk)
        if _is_counted_later(run, result):
            seats.release(run, holding.number)
    if latest.run == run.number and latest.chunks_left == 0:
        return finish_row(run.key, latest, run.now)
    return []
