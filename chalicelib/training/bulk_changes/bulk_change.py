"""The jobs of undo and of new due dates: a change of many enrollments, in chunks, exact under redelivery."""

from collections.abc import Sequence
from datetime import datetime

from chalicelib.core import observability
from chalicelib.core.errors import ConditionFailed, NotFound, Unavailable
from chalicelib.jobs import due, queue
from chalicelib.training.batches import chunk_store, enrollment_store
from chalicelib.training.batches import store as batches_store
from chalicelib.training.batches.enroll_chunk import enroll_chunk
from chalicelib.training.batches.mail_events import REMINDERS_ON
from chalicelib.training.batches.messages import EnrollChunk
from chalicelib.training.batches.models import Enrollment, Row, bounds_of
from chalicelib.training.batches.states import LIVE, EnrollmentStatus, RowStatus
from chalicelib.training.batches.store import BatchKey
from chalicelib.training.batches.visibility import those_in
from chalicelib.training.bulk_changes import store, undo
from chalicelib.training.bulk_changes.messages import ChangeChunk, StartChange
from chalicelib.training.bulk_changes.models import DUE_DATE, UNDO, BulkChange
from chalicelib.training.bulk_changes.store import APPLIED, REFUSED, ChunkEffect


def start(job: StartChange, now: datetime) -> None:
    """Count the chunks and send one message for each. An undo first cancels every row of the batch."""
    key = BatchKey(job.msp_id, job.org_id, job.batch_id)
    change = store.find(key, job.change_id)
    if change is None:
        observability.warning("job without change", batch_id=key.batch_id)
        return
    rows = undo.stopped_rows(key, now) if change.kind == UNDO else batches_store.rows(key)
    if rows is None:
        # The due entry stays, and the sweep sends the job again.
        return
    course_ids = {row.course_id for row in rows} if change.kind == UNDO else set(change.course_ids)
    chunks = [
        (row.course_id, chunk) for row in rows if row.course_id in course_ids for chunk in range(int(row.num_chunks))
    ]
    if change.chunks_left == -1:
        try:
            store.count_chunks(change, len(chunks))
        except ConditionFailed:
            observability.info("chunks were counted by another delivery", batch_id=key.batch_id)
    ids = job.model_dump(include={"msp_id", "org_id", "batch_id", "change_id"})
    queue.send([ChangeChunk(**ids, course_id=course_id, chunk=chunk) for course_id, chunk in chunks])
    due.close(job)


def change_chunk(job: ChangeChunk, now: datetime) -> None:
    """Change the chunk's enrollments, and count them."""
    _run_chunk(job, now, apply=True)


def on_dead_letter(job: ChangeChunk, now: datetime) -> None:
    """Only count what earlier deliveries changed."""
    _run_chunk(job, now, apply=False)


def _run_chunk(job: ChangeChunk, now: datetime, *, apply: bool) -> None:
    key = BatchKey(job.msp_id, job.org_id, job.batch_id)
    change, row, done = store.chunk_state(job)
    if change is None or row is None or not _is_part(change, row, job):
        observability.warning("chunk of no change", batch_id=job.batch_id, course_id=job.course_id)
        return
    if done is not None:
        _release_row(key, job)
        return
    partition = store.partition_of(key, row)
    if partition is None:
        raise NotFound()
    if row.chunks_left and row.status == RowStatus.CANCELLED and _is_unfinished(key, row, job.chunk):
        # The cancellation may have interrupted this chunk: first count whom it enrolled.
        enroll_chunk(_enroll_job(key, row, job.chunk), now)
    after, until = bounds_of(partition.bounds, job.chunk)
    enrollments = enrollment_store.enrollments_in_range(key, row, job.chunk, after, until)
    _require_index_complete(key, job, len(enrollments))
    left: list[Enrollment] = []
    if change.within is not None:
        enrollments, left = _split(key, job, enrollments, change.within)
        if change.kind == DUE_DATE and REMINDERS_ON in (row.mails or ""):
            store.keep_reminders(key, job.course_id, left, now)
    if change.kind == UNDO:
        effect = undo.withdraw(key, job.change_id, enrollments, now, apply=apply)
        effect.num_left = sum(one.status == EnrollmentStatus.ENROLLED and not one.left_at for one in left)
    else:
        effect = _set_due_date(job.change_id, change.due_by, enrollments, apply=apply)
    try:
        store.finish_chunk(job, change, row, effect)
    except ConditionFailed:
        observability.info("chunk was changed by another delivery", batch_id=key.batch_id)
    _release_row(key, job)


def _split(
    key: BatchKey, job: ChangeChunk, enrollments: Sequence[Enrollment], within: Sequence[str]
) -> tuple[list[Enrollment], list[Enrollment]]:
    """Those of people who are in the departments now, and those of people who have moved away.

    Who moved after an earlier delivery had changed theirs counts as changed; the index may not show it yet.
    """
    own = those_in(key.org_id, within, {enrollment_store.member_of(one.pk) for one in enrollments})
    inside: list[Enrollment] = []
    outside: list[Enrollment] = []
    for enrollment in enrollments:
        if enrollment_store.member_of(enrollment.pk) in own:
            inside.append(enrollment)
            continue
        current = enrollment_store.enrollment_at(enrollment.pk, enrollment.sk)
        (inside if current.changed_by == job.change_id else outside).append(current)
    return inside, outside


def _is_part(change: BulkChange, row: Row, job: ChangeChunk) -> bool:
    """Whether the change has begun, and this chunk is one of those that it counted."""
    is_course = change.kind == UNDO or job.course_id in change.course_ids
    return is_course and change.chunks_left >= 0 and 0 <= job.chunk < row.num_chunks


def _release_row(key: BatchKey, job: ChangeChunk) -> None:
    """After its last chunk, the row may have another change."""
    change = store.find(key, job.change_id)
    row = batches_store.row(key, job.course_id)
    if change is not None and change.chunks_left == 0 and row is not None and row.changing == job.change_id:
        store.release_row(row, job.change_id)


def _is_unfinished(key: BatchKey, row: Row, chunk: int) -> bool:
    """Whether the row's run waits for this chunk. A chunk without failures is not part of a later run."""
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
    """The index lags behind the table by moments. Until it has caught up, the message is delivered again."""
    result = chunk_store.chunk_result(key, job.course_id, job.chunk)
    if result is not None and num_found < result.num_enrolled:
        raise Unavailable("index_behind", "The index has not caught up yet.")


def _set_due_date(change_id: str, due_by: str | None, enrollments: Sequence[Enrollment], *, apply: bool) -> ChunkEffect:
    """For those who have not completed. Who has the date from an earlier delivery counts as well."""
    effect = ChunkEffect()
    for old, same_date in store.by_due_date(enrollments).items():
        for enrollment in same_date:
            if enrollment.changed_by == change_id:
                _count_due_date(effect, enrollment.due_before, due_by)
        unchanged = [
            enrollment
            for enrollment in same_date
            if enrollment.changed_by != change_id
            and enrollment.status in LIVE
            and not enrollment.left_at
            and old != due_by
        ]
        outcomes = store.set_due_date(change_id, due_by, old, unchanged) if unchanged and apply else []
        for enrollment, outcome in zip(unchanged, outcomes, strict=apply):
            current = enrollment_store.enrollment_at(enrollment.pk, enrollment.sk) if outcome == REFUSED else None
            if outcome == APPLIED or (current is not None and current.changed_by == change_id):
                _count_due_date(effect, old, due_by)
            elif outcome != REFUSED:
                effect.problems.append(f"{enrollment_store.member_of(enrollment.pk)} {outcome}")
    return effect


def _count_due_date(effect: ChunkEffect, old: str | None, new: str | None) -> None:
    effect.num_changed += 1
    if old:
        effect.open_due[old] -= 1
    if new:
        effect.open_due[new] += 1
