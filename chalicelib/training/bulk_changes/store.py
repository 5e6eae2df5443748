"""Bulk changes, chunk by chunk: each chunk is changed and counted once."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pynamodb.expressions.update import Action

from chalicelib.aws import bulk, table
from chalicelib.aws.table import Write, put_new
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.settings import settings
from chalicelib.jobs import due
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.tenants.organizations.seat_store import count_write
from chalicelib.training.batches import row_store
from chalicelib.training.batches.enrollment_store import member_of
from chalicelib.training.batches.mail_events import MailEvent, learner_detail, mail_job
from chalicelib.training.batches.models import Batch, Enrollment, Partition, Row, batch_pk, partition_sk, row_ref
from chalicelib.training.batches.states import LIVE, EnrollmentStatus
from chalicelib.training.batches.store import BatchKey, add_open_due
from chalicelib.training.bulk_changes.messages import ChangeChunk, StartChange
from chalicelib.training.bulk_changes.models import (
    UNDO,
    BulkChange,
    ChangedChunk,
    change_ref,
    changed_chunk_ref,
)

# Outcomes of `withdraw` and `set_due_date`, besides the code of a final error.
APPLIED, REFUSED = bulk.APPLIED, bulk.REFUSED

# So many problems of a change are named; the item stays far below its 400 KB.
_MAX_PROBLEMS = 200

# So many due dates go in one update; an expression stays within its limits.
_MAX_DAYS = 50


@dataclass
class ChunkEffect:
    """What a change did to one chunk. `open_due` is what to add to the row's numbers by due date."""

    num_changed: int = 0
    num_kept: int = 0
    num_left: int = 0
    open_due: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


def find(key: BatchKey, change_id: str) -> BulkChange | None:
    ref = change_ref(key.org_id, key.batch_id, change_id)
    return table.get(BulkChange, ref.pk, ref.sk)


def create(job: StartChange, change: BulkChange, audit_entry: AuditEntry, now: datetime, *more: Write) -> bool:
    """Save a change with its due entry and the writes that belong to it. False when a change of this id exists.

    ConditionFailed when one of `more` does not hold.
    """
    ref = change_ref(job.org_id, job.batch_id, job.change_id)
    change.pk, change.sk = ref.pk, ref.sk
    try:
        audit.commit(org_pk(job.org_id), audit_entry, [put_new(change), *more, due.write(job)], now)
    except ConditionFailed as error:
        if 0 not in error.failed:
            raise
        return False
    return True


def cancel_rows(key: BatchKey, batch: Batch, rows: Sequence[Row], cancelled: Iterable[Row], now: datetime) -> None:
    """ConditionFailed when a row changed since it was read."""
    table.transact(row_store.cancel_writes(key, batch, rows, cancelled, now))


def count_chunks(change: BulkChange, number: int) -> None:
    """ConditionFailed when another delivery counted them."""
    item = BulkChange(change.pk, change.sk)
    table.transact([Write("update", item, BulkChange.chunks_left == -1, (BulkChange.chunks_left.set(number),))])


def release_row(row: Row, change_id: str) -> None:
    """Let the row have another change; nothing when it has another already. Due dates that nobody has any more go."""
    days: dict[str, int] = row.open_due.as_dict()  # type: ignore[no-untyped-call]
    unused = [day for day, number in days.items() if number == 0][:_MAX_DAYS]
    for removed in (unused, []) if unused else ([],):
        condition, actions = Row.changing == change_id, [Row.changing.remove()]
        for day in removed:
            count: Any = Row.open_due[day]
            condition &= count == 0
            actions.append(count.remove())
        try:
            table.transact([Write("update", Row(row.pk, row.sk), condition, tuple(actions))])
            return
        except ConditionFailed:
            # Somebody may have got such a date meanwhile; then all of them stay.
            continue


def chunk_state(job: ChangeChunk) -> tuple[BulkChange | None, Row | None, ChangedChunk | None]:
    """The change, the row, and the mark that the chunk is done: one call."""
    return table.fetch(
        change_ref(job.org_id, job.batch_id, job.change_id),
        row_ref(job.org_id, job.batch_id, job.course_id),
        changed_chunk_ref(job.org_id, job.batch_id, job.change_id, job.course_id, job.chunk),
    )


def partition_of(key: BatchKey, row: Row) -> Partition | None:
    return table.get(Partition, batch_pk(key.org_id, key.batch_id), partition_sk(str(row.partition_id)))


def withdraw(key: BatchKey, change_id: str, enrollments: Sequence[Enrollment], now: datetime) -> list[str]:
    """Cancel those that are not started; gives an outcome for each."""
    return bulk.update_each(
        settings().enrollments_table,
        [enrollment.key for enrollment in enrollments],
        bulk.Update(
            'SET "status" = ? SET "changed_by" = ? SET "cancelled_at" = ? SET "revision" = "revision" + 1',
            [{"S": EnrollmentStatus.CANCELLED.value}, {"S": change_id}, {"S": to_text(now)}],
            '"batch_id" = ? AND "status" = ?',
            [{"S": key.batch_id}, {"S": EnrollmentStatus.ENROLLED.value}],
        ),
    )


def set_due_date(change_id: str, due_by: str | None, old: str | None, enrollments: Sequence[Enrollment]) -> list[str]:
    """Give those with the due date `old`, not completed, another; gives an outcome for each."""
    sets = 'SET "changed_by" = ? SET "revision" = "revision" + 1'
    values = [{"S": change_id}]
    if due_by is not None:
        sets, values = f'SET "due_by" = ? {sets}', [{"S": due_by}, *values]
    else:
        sets = f'{sets} REMOVE "due_by"'
    if old is not None:
        sets, values = f'SET "due_before" = ? {sets}', [{"S": old}, *values]
    else:
        # An earlier change may have left the date that it replaced.
        sets = f'{sets} REMOVE "due_before"'
    live = sorted(LIVE)
    condition = '"status" IN [?, ?] AND "left_at" IS MISSING AND "due_by" ' + ("IS MISSING" if old is None else "= ?")
    condition_values = [{"S": status} for status in live] + ([] if old is None else [{"S": old}])
    keys = [enrollment.key for enrollment in enrollments]
    return bulk.update_each(settings().enrollments_table, keys, bulk.Update(sets, values, condition, condition_values))


def keep_reminders(key: BatchKey, course_id: str, left: Iterable[Enrollment], now: datetime) -> None:
    """For those who keep their due date when the row gets another: from then on they alone have it."""
    writes = [
        due.write(mail_job(key, course_id, MailEvent.DUE_DATE_SET, _own_detail(enrollment), to_text(now)))
        for enrollment in left
        if enrollment.due_by and enrollment.status in LIVE and not enrollment.left_at
    ]
    for start in range(0, len(writes), table.MAX_TRANSACTION):
        table.transact(writes[start : start + table.MAX_TRANSACTION])


def _own_detail(enrollment: Enrollment) -> str:
    return learner_detail(str(enrollment.due_by), member_of(enrollment.pk))


def finish_chunk(job: ChangeChunk, change: BulkChange, row: Row, effect: ChunkEffect) -> None:
    """Record that the chunk had this change, and count it on the row and the change: together, once.

    ConditionFailed with index 0 when another delivery did.
    """
    row_actions: list[Action] = [add_open_due(day, number) for day, number in sorted(effect.open_due.items()) if number]
    if change.kind == UNDO:
        row_actions.append(Row.num_withdrawn.add(effect.num_changed))
    change_actions: list[Action] = [
        BulkChange.chunks_left.add(-1),
        BulkChange.num_changed.add(effect.num_changed),
        BulkChange.num_kept.add(effect.num_kept),
    ]
    if effect.num_left:
        change_actions.append(BulkChange.num_left.add(effect.num_left))
    room = _MAX_PROBLEMS - len(change.problems)
    if effect.problems and room > 0:
        change_actions.append(BulkChange.problems.set(BulkChange.problems.append(effect.problems[:room])))
    done = changed_chunk_ref(job.org_id, job.batch_id, job.change_id, job.course_id, job.chunk)
    writes = [
        put_new(ChangedChunk(done.pk, done.sk)),
        Write("update", BulkChange(change.pk, change.sk), BulkChange.pk.exists(), tuple(change_actions)),
    ]
    if change.kind == UNDO and effect.num_changed:
        writes.append(count_write(job.org_id, job.course_id, -effect.num_changed))
    if row_actions:
        writes.append(Write("update", Row(row.pk, row.sk), Row.pk.exists(), tuple(row_actions)))
    table.transact(writes)


def by_due_date(enrollments: Sequence[Enrollment]) -> Mapping[str | None, list[Enrollment]]:
    grouped: dict[str | None, list[Enrollment]] = {}
    for enrollment in enrollments:
        grouped.setdefault(enrollment.due_by, []).append(enrollment)
    return grouped
