"""Undo of a batch: every course stops, and learners who have not started are withdrawn (bulk_change.py runs it)."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from chalicelib.core.clock import to_instant, to_text
from chalicelib.core.errors import ConditionFailed, NotFound
from chalicelib.jobs import activity_store, queue
from chalicelib.jobs.activity_store import ActivityKind
from chalicelib.jobs.sweep import MAX_RUN_TIME
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.training.batches import enrollment_store
from chalicelib.training.batches import store as batches_store
from chalicelib.training.batches.cancel import ROWS_AT_ONCE, batch_and_rows
from chalicelib.training.batches.explanations import explain
from chalicelib.training.batches.models import Enrollment, Row
from chalicelib.training.batches.states import Code, EnrollmentStatus, RowStatus
from chalicelib.training.batches.store import BatchKey
from chalicelib.training.batches.visibility import own_learners, those_in, within_of
from chalicelib.training.bulk_changes import store
from chalicelib.training.bulk_changes.messages import start_change
from chalicelib.training.bulk_changes.models import REST_ID, UNDO, UNDO_ID, BulkChange
from chalicelib.training.bulk_changes.schemas import MovedAway, NotReversed, UndoOut, UndoWait
from chalicelib.training.bulk_changes.store import APPLIED, REFUSED, ChunkEffect

_STARTED = (EnrollmentStatus.IN_PROGRESS, EnrollmentStatus.COMPLETED)


def undo(scope: Scope, key: BatchKey, now: datetime) -> UndoOut:
    """Start it. Another call answers how far it is. Raises NotFound.

    By who is limited to departments it withdraws those who are in these now; who has moved away stays enrolled, until
    an admin of everybody undoes the batch for them as well.
    """
    if batches_store.batch(key) is None:
        raise NotFound()
    is_new = _start(scope, key, UNDO_ID, now)
    change = _found(key)
    if not is_new and _leaves_some(scope, change):
        _start(scope, key, REST_ID, now)
    return _state(scope, key, change, now)


def _start(scope: Scope, key: BatchKey, change_id: str, now: datetime) -> bool:
    """False when it was started before."""
    job = start_change(key, change_id, now)
    change = BulkChange(kind=UNDO, requested_at=to_text(now), within=within_of(scope))
    started = activity_store.write(
        key.msp_id, scope.account_id, ActivityKind.UNDO, change_id, now, org_id=key.org_id, batch_id=key.batch_id
    )
    entry = AuditEntry(scope.account_id, "batch.undone", f"batch/{key.batch_id}")
    if not store.create(job, change, entry, now, started):
        return False
    queue.send_soon(job)
    return True


def _leaves_some(scope: Scope, change: BulkChange) -> bool:
    return scope.department_ids is None and change.chunks_left == 0 and bool(change.num_left)


def state(scope: Scope, key: BatchKey, now: datetime) -> UndoOut:
    """How far the undo is. Raises NotFound when there is none. Who is limited to departments is named their people."""
    return _state(scope, key, _found(key), now)


def _found(key: BatchKey) -> BulkChange:
    change = store.find(key, UNDO_ID)
    if change is None:
        raise NotFound("This batch was not undone")
    return change


def _state(scope: Scope, key: BatchKey, first: BulkChange, now: datetime) -> UndoOut:
    # Whom the first one left, if it was by who is limited to departments, another one may withdraw.
    rest = store.find(key, REST_ID) if first.num_left else None
    change = rest or first
    problems = [problem.split(" ", 1) for problem in change.problems]
    if problems and scope.department_ids is not None:
        own = those_in(key.org_id, scope.department_ids, [member_id for member_id, _ in problems])
        problems = [problem for problem in problems if problem[0] in own]
    num_reversed, num_kept = _numbers(scope, key, first, rest)
    return UndoOut(
        status="done" if change.chunks_left == 0 else "running",
        reversed=num_reversed,
        kept_started=num_kept,
        not_reversed=[NotReversed(member_id=member_id, code=code) for member_id, code in problems],
        waiting=_wait(key, now) if change.chunks_left == -1 else None,
        moved_away=_moved_away(scope, first) if rest is None else None,
    )


def _numbers(scope: Scope, key: BatchKey, first: BulkChange, rest: BulkChange | None) -> tuple[int | None, int | None]:
    """How many were withdrawn, and how many had started: of the caller's people, counted from the learners."""
    if scope.department_ids is None:
        if rest is None:
            return int(first.num_changed), int(first.num_kept)
        # The second one goes through everybody, and meets again who had started when the first one came.
        num_kept = rest.num_kept if rest.chunks_left == 0 else max(first.num_kept, rest.num_kept)
        return int(first.num_changed + rest.num_changed), int(num_kept)
    if first.chunks_left == -1:
        return 0, 0
    own = own_learners(key, batches_store.rows(key), scope.department_ids)
    if own is None:
        return None, None
    found = [one for learners in own.values() for one in learners if not isinstance(one, str)]
    withdrawn = [one for one in found if one.status == EnrollmentStatus.CANCELLED]
    num_reversed = sum(one.changed_by in (UNDO_ID, REST_ID) for one in withdrawn)
    return num_reversed, sum(one.status in _STARTED for one in found)


def _moved_away(scope: Scope, change: BulkChange) -> MovedAway | None:
    """Whom a limited undo left: an admin of everybody undoes the batch for them, too, or cancels one on their page."""
    if not change.num_left:
        return None
    number = int(change.num_left) if scope.department_ids is None else None
    return MovedAway(number=number, sentence=explain("moved_away").text)


def _wait(key: BatchKey, now: datetime) -> UndoWait | None:
    """What the undo waits for before it begins."""
    rows = batches_store.rows(key)
    if any(row.changing for row in rows):
        return UndoWait(code="dates_changing", sentence=explain("dates_changing").text, until=None)
    running = [_running_until(row, now) for row in rows if _may_be_running(row, now)]
    if not running:
        return None
    return UndoWait(code="still_enrolling", sentence=explain("still_enrolling").text, until=to_text(max(running)))


def stopped_rows(key: BatchKey, now: datetime) -> list[Row] | None:
    """Every row of the batch, cancelled now if it was not. None while a worker may still be at work on one."""
    rows = _cancel_all(key, now)
    return None if any(_may_be_running(row, now) or row.changing for row in rows) else rows


def withdraw(
    key: BatchKey, change_id: str, enrollments: Sequence[Enrollment], now: datetime, *, apply: bool
) -> ChunkEffect:
    """Withdraw those who have not started. Those whom an earlier delivery of this chunk withdrew count as well."""
    effect = ChunkEffect()
    is_tried = apply and enrollments
    outcomes = store.withdraw(key, change_id, enrollments, now) if is_tried else [REFUSED] * len(enrollments)
    for enrollment, outcome in zip(enrollments, outcomes, strict=True):
        if outcome == REFUSED:
            current = enrollment_store.enrollment_at(enrollment.pk, enrollment.sk)
            is_withdrawn = current.status == EnrollmentStatus.CANCELLED and current.changed_by == change_id
            is_kept = current.status in _STARTED
            effect.num_kept += is_kept and not current.left_at
            if current.status == EnrollmentStatus.ENROLLED:
                effect.problems.append(f"{enrollment_store.member_of(enrollment.pk)} {Code.PROCESSING_FAILED}")
        else:
            is_withdrawn = outcome == APPLIED
            if not is_withdrawn:
                effect.problems.append(f"{enrollment_store.member_of(enrollment.pk)} {outcome}")
        if is_withdrawn:
            effect.num_changed += 1
            if enrollment.due_by:
                effect.open_due[enrollment.due_by] -= 1
    return effect


def _cancel_all(key: BatchKey, now: datetime) -> list[Row]:
    while True:
        batch, rows = batch_and_rows(key, now)
        running = [row for row in rows if row.status != RowStatus.CANCELLED][:ROWS_AT_ONCE]
        if not running:
            return rows
        # ConditionFailed: a row changed since it was read. Read again.
        with suppress(ConditionFailed):
            store.cancel_rows(key, batch, rows, running, now)


def _may_be_running(row: Row, now: datetime) -> bool:
    """For a group's row, the index may not show yet who joined a moment before it was cancelled."""
    may_lag = row.chunks_left or row.group_id
    return bool(may_lag and _running_until(row, now) > now)


def _running_until(row: Row, now: datetime) -> datetime:
    """Since it was cancelled, no chunk begins. A row that is not cancelled yet will be in a moment."""
    return (to_instant(row.cancelled_at) if row.cancelled_at else now) + MAX_RUN_TIME
