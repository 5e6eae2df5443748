"""Undo, and new due dates: changes of enrollments that exist, in chunks, exact under redelivery."""

from collections.abc import Sequence
from datetime import datetime

from chalicelib.aws import bulk, table
from chalicelib.aws.table import Write
from chalicelib.core import observability
from chalicelib.core.clock import to_instant, to_text
from chalicelib.core.errors import ConditionFailed, NotFound, Unavailable
from chalicelib.jobs import due, queue
from chalicelib.jobs.sweep import MAX_RUN_TIME, after_all_runs
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.training.batches import chunk_store, enrollment_store
from chalicelib.training.batches import store as batches_store
from chalicelib.training.batches.cancel import ROWS_AT_ONCE, batch_and_rows
from chalicelib.training.batches.enroll_chunk import enroll_chunk
from chalicelib.training.batches.messages import EnrollChunk
from chalicelib.training.batches.models import Enrollment, Row, bounds_of
from chalicelib.training.batches.row_store import cancel_writes
from chalicelib.training.batches.states import LIVE, Code, EnrollmentStatus, RowStatus
from chalicelib.training.batches.store import BatchKey
from chalicelib.training.bulk_changes import store
from chalicelib.training.bulk_changes.messages import ChangeChunk, StartChange
from chalicelib.training.bulk_changes.models import UNDO, BulkChange
from chalicelib.training.bulk_changes.schemas import NotReversed, UndoOut
from chalicelib.training.bulk_changes.store import UNDO_ID, ChunkEffect


def undo(key: BatchKey, actor: str, now: datetime) -> UndoOut:
    """Ask for it; asking again answers how far it is. Raises NotFound."""
    if batches_store.batch(key) is None:
        raise NotFound()
    made = BulkChange(kind=UNDO, requested_at=to_text(now))
    request(key, UNDO_ID, made, AuditEntry(actor, "batch.undone", f"batch/{key.batch_id}"), [], now)
    return undo_state(key)


def undo_state(key: BatchKey) -> UndoOut:
    made = store.find(key, UNDO_ID)
    if made is None:
        raise NotFound("This batch was not undone")
    told = [problem.split(" ", 1) for problem in made.problems]
    return UndoOut(
        status="done" if made.chunks_left == 0 else "running",
        reversed=int(made.num_changed),
        kept_started=int(made.num_kept),
        not_reversed=[NotReversed(member_id=member_id, code=code) for member_id, code in told],
    )


def request(
    key: BatchKey, change_id: str, made: BulkChange, told: AuditEntry, more: Sequence[Write], now: datetime
) -> None:
    """Save the change with its due entry, and queue it. A change of this id that exists is left to run.

    Raises ConditionFailed when one of `more` does not hold.
    """
    # The sweep asks again when nobody can be at work any more on rows that were stopped just now.
    job = StartChange(
        msp_id=key.msp_id, org_id=key.org_id, batch_id=key.batch_id, change_id=change_id, due_at=after_all_runs(now)
    )
    writes = [store.create_write(key, change_id, made), *more, due.write(job)]
    try:
        audit.commit(org_pk(key.org_id), told, writes, now)
    except ConditionFailed as error:
        if 0 not in error.failed:
            raise
        return
    queue.send_soon(job)


def start(job: StartChange, now: datetime) -> None:
    """Stop what still runs (undo), count the chunks, send one message for each."""
    key = BatchKey(job.msp_id, job.org_id, job.batch_id)
    made = store.find(key, job.change_id)
    if made is None:
        observability.warning("job without change", batch_id=key.batch_id)
        return
    rows = _all_cancelled(key, now) if made.kind == UNDO else batches_store.rows(key)
    if made.kind == UNDO and any(_may_be_running(row, now) or row.changing for row in rows):
        # Somebody may be at work on these rows; the due entry stays, by which the sweep asks again.
        return
    wanted = {row.course_id for row in rows} if made.kind == UNDO else set(made.course_ids)
    chunks = [(row.course_id, n) for row in rows if row.course_id in wanted for n in range(int(row.num_chunks))]
    if made.chunks_left == -1:
        try:
            store.count_chunks(key, job.change_id, len(chunks))
        except ConditionFailed:
            observability.info("chunks were counted by another delivery", batch_id=key.batch_id)
    messages = [
        ChangeChunk(
            msp_id=key.msp_id,
            org_id=key.org_id,
            batch_id=key.batch_id,
            change_id=job.change_id,
            course_id=course_id,
            chunk=chunk,
        )
        for course_id, chunk in chunks
    ]
    queue.send(messages)
    table.transact([due.done(job)])


def change_chunk(job: ChangeChunk, now: datetime) -> None:
    """Change the chunk's enrollments."""
    _run_chunk(job, now, apply=True)


def on_dead_letter(job: ChangeChunk, now: datetime) -> None:
    """A dead letter: only count what earlier deliveries did."""
    _run_chunk(job, now, apply=False)


def _run_chunk(job: ChangeChunk, now: datetime, *, apply: bool) -> None:
    key = BatchKey(job.msp_id, job.org_id, job.batch_id)
    state = store.chunk_state(key, job.change_id, job.course_id, job.chunk)
    if state.change is None or state.row is None:
        return
    if state.is_done:
        _release_row(key, job)
        return
    row = state.row
    partition = store.partition_of(key, row)
    if partition is None:
        raise NotFound()
    if row.chunks_left and row.status == RowStatus.CANCELLED and _is_missing(key, row, job.chunk):
        # The chunk may have been cut short by the cancellation: count first what it did.
        enroll_chunk(_enroll_job(key, row, job.chunk), now)
    after, until = bounds_of(partition.bounds, job.chunk)
    there = enrollment_store.enrollments_in_range(key, row, job.chunk, after, until)
    _require_index_complete(key, job, len(there))
    if state.change.kind == UNDO:
        changed = _withdraw(key, there, apply)
    else:
        changed = _set_due_date(job.change_id, state.change.due_by, there, apply)
    try:
        store.finish_chunk(key, state.change, job.change_id, row, job.chunk, changed)
    except ConditionFailed:
        observability.info("chunk was changed by another delivery", batch_id=key.batch_id)
    _release_row(key, job)


def _release_row(key: BatchKey, job: ChangeChunk) -> None:
    """The last chunk frees the row for its next change."""
    made = store.find(key, job.change_id)
    row = batches_store.row(key, job.course_id)
    if made is not None and made.chunks_left == 0 and row is not None and row.changing == job.change_id:
        store.release_row(row, job.change_id)


def _all_cancelled(key: BatchKey, now: datetime) -> list[Row]:
    """Every row of the batch, cancelled now if it was not."""
    while True:
        batch, rows = batch_and_rows(key, now)
        some = [row for row in rows if row.status != RowStatus.CANCELLED][:ROWS_AT_ONCE]
        if not some:
            return rows
        try:
            table.transact(cancel_writes(key, batch, rows, some, now))
        except ConditionFailed:
            # A row moved on while it was read; what it is now decides.
            continue


def _may_be_running(row: Row, now: datetime) -> bool:
    """Of a standing row, the index may not show yet who joined a moment before it was cancelled."""
    may_lag = row.chunks_left or row.group_id
    return bool(may_lag and row.cancelled_at and to_instant(row.cancelled_at) + MAX_RUN_TIME > now)


def _is_missing(key: BatchKey, row: Row, chunk: int) -> bool:
    """Does this run of the row wait for the chunk? One without failures is not part of a later run."""
    result = chunk_store.chunk_result(key, row.course_id, chunk)
    return result is None or bool(result.run < row.run and result.num_failed)


def _enroll_job(key: BatchKey, row: Row, chunk: int) -> EnrollChunk:
    return EnrollChunk(
        msp_id=key.msp_id,
        org_id=key.org_id,
        batch_id=key.batch_id,
        course_id=row.course_id,
        partition_id=str(row.partition_id),
        run=int(row.run),
        chunk=chunk,
    )


def _require_index_complete(key: BatchKey, job: ChangeChunk, num_found: int) -> None:
    """The index follows the table by moments; until it has caught up, the message comes again."""
    result = chunk_store.chunk_result(key, job.course_id, job.chunk)
    if result is not None and num_found < result.num_enrolled:
        raise Unavailable("index_behind", "The index has not caught up yet.")


def _withdraw(key: BatchKey, there: Sequence[Enrollment], apply: bool) -> ChunkEffect:
    """Those not started are withdrawn; those withdrawn by an earlier delivery of this chunk count as well."""
    changed = ChunkEffect()
    outcomes = store.withdraw(key, there) if there and apply else [bulk.REFUSED] * len(there)
    for enrollment, outcome in zip(there, outcomes, strict=True):
        if outcome == bulk.REFUSED:
            found = enrollment_store.enrollment_at(enrollment.pk, enrollment.sk)
            withdrawn = found.status == EnrollmentStatus.CANCELLED and found.changed_by == UNDO_ID
            is_kept = found.status in (EnrollmentStatus.IN_PROGRESS, EnrollmentStatus.COMPLETED)
            changed.num_kept += is_kept and not found.left_at
            if found.status == EnrollmentStatus.ENROLLED:
                changed.problems.append(f"{enrollment_store.member_of(enrollment.pk)} {Code.PROCESSING_FAILED}")
        else:
            withdrawn = outcome == bulk.APPLIED
            if not withdrawn:
                changed.problems.append(f"{enrollment_store.member_of(enrollment.pk)} {outcome}")
        if withdrawn:
            changed.num_changed += 1
            if enrollment.due_by:
                changed.open_due[enrollment.due_by] -= 1
    return changed


def _set_due_date(change_id: str, due_by: str | None, there: Sequence[Enrollment], apply: bool) -> ChunkEffect:
    """Those who have not completed get it; of those who have it from an earlier delivery, the old date is known."""
    changed = ChunkEffect()
    for old, enrollments in store.by_due_date(there).items():
        fresh = [enrollment for enrollment in enrollments if enrollment.changed_by != change_id]
        for enrollment in enrollments:
            if enrollment.changed_by == change_id:
                _count_due(changed, enrollment.due_before, due_by)
        fresh = [one for one in fresh if one.status in LIVE and not one.left_at and old != due_by]
        outcomes = store.set_due_date(change_id, due_by, old, fresh) if fresh and apply else []
        for enrollment, outcome in zip(fresh, outcomes, strict=apply):
            found = enrollment_store.enrollment_at(enrollment.pk, enrollment.sk) if outcome == bulk.REFUSED else None
            if outcome == bulk.APPLIED or (found is not None and found.changed_by == change_id):
                _count_due(changed, old, due_by)
            elif outcome != bulk.REFUSED:
                changed.problems.append(f"{enrollment_store.member_of(enrollment.pk)} {outcome}")
    return changed


def _count_due(changed: ChunkEffect, old: str | None, new: str | None) -> None:
    changed.num_changed += 1
    if old:
        changed.open_due[old] -= 1
    if new:
        changed.open_due[new] += 1
