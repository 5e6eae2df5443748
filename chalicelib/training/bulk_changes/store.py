"""Changes of enrollments that exist, chunk by chunk, each chunk once."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pynamodb.expressions.update import Action

from chalicelib.aws import bulk, table
from chalicelib.aws.table import Write, put_new
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.settings import settings
from chalicelib.tenants.organizations.revision_store import bump_revision
from chalicelib.tenants.organizations.seat_store import count_write
from chalicelib.training.batches.models import Enrollment, Partition, Row, batch_pk, partition_sk, row_sk
from chalicelib.training.batches.states import LIVE, EnrollmentStatus
from chalicelib.training.batches.store import BatchKey, add_open_due
from chalicelib.training.bulk_changes.models import UNDO, BulkChange, ChangedChunk, change_sk, changed_sk

# Of all problems of a change, so many are named; the item stays far below its 400 KB.
_MAX_PROBLEMS = 200

# Due dates that one update takes out; an expression is short of its limits with so many.
_MAX_DAYS = 50

# A batch is undone once: its change has a name instead of an id.
UNDO_ID = "UNDO"


@dataclass
class ChunkEffect:
    """What a change did to one chunk. `open_due` is what to add to the row's numbers by due date."""

    num_changed: int = 0
    num_kept: int = 0
    open_due: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ChunkState:
    change: BulkChange | None
    row: Row | None
    is_done: bool


def find(key: BatchKey, change_id: str) -> BulkChange | None:
    return table.get(BulkChange, batch_pk(key.org_id, key.batch_id), change_sk(change_id))


def create_write(key: BatchKey, change_id: str, made: BulkChange) -> Write:
    made.pk, made.sk = batch_pk(key.org_id, key.batch_id), change_sk(change_id)
    return put_new(made)


def count_chunks(key: BatchKey, change_id: str, number: int) -> None:
    """ConditionFailed when another delivery counted them."""
    made = BulkChange(batch_pk(key.org_id, key.batch_id), change_sk(change_id))
    table.transact([Write("update", made, BulkChange.chunks_left == -1, (BulkChange.chunks_left.set(number),))])


def release_row(row: Row, change_id: str) -> None:
    """Let the row have another change; nothing when it has one already. Due dates that nobody has any more go."""
    days: dict[str, int] = row.open_due.as_dict()  # type: ignore[no-untyped-call]
    unused = [day for day, number in days.items() if number == 0][:_MAX_DAYS]
    for gone in (unused, []) if unused else ([],):
        condition, actions = Row.changing == change_id, [Row.changing.remove()]
        for day in gone:
            count: Any = Row.open_due[day]
            condition &= count == 0
            actions.append(count.remove())
        try:
            table.transact([Write("update", Row(row.pk, row.sk), condition, tuple(actions))])
            return
        except ConditionFailed:
            # Somebody may have got such a date meanwhile; then it stays.
            continue


def chunk_state(key: BatchKey, change_id: str, course_id: str, chunk: int) -> ChunkState:
    pk = batch_pk(key.org_id, key.batch_id)
    keys = [(pk, change_sk(change_id)), (pk, row_sk(course_id)), (pk, changed_sk(change_id, course_id, chunk))]
    found = table.batch_get([(BulkChange, *keys[0]), (Row, *keys[1]), (ChangedChunk, *keys[2])])
    made, row = found.get(keys[0]), found.get(keys[1])
    return ChunkState(
        made if isinstance(made, BulkChange) else None, row if isinstance(row, Row) else None, keys[2] in found
    )


def partition_of(key: BatchKey, row: Row) -> Partition | None:
    return table.get(Partition, batch_pk(key.org_id, key.batch_id), partition_sk(str(row.partition_id)))


def withdraw(key: BatchKey, enrollments: Sequence[Enrollment]) -> list[str]:
    """Cancel those that are not started; an outcome of `aws.bulk` for each."""
    return bulk.update_each(
        settings().enrollments_table,
        [enrollment.key for enrollment in enrollments],
        bulk.Update(
            'SET "status" = ? SET "changed_by" = ? SET "revision" = "revision" + 1',
            [{"S": EnrollmentStatus.CANCELLED.value}, {"S": UNDO_ID}],
            '"batch_id" = ? AND "status" = ?',
            [{"S": key.batch_id}, {"S": EnrollmentStatus.ENROLLED.value}],
        ),
    )


def set_due_date(change_id: str, due_by: str | None, old: str | None, enrollments: Sequence[Enrollment]) -> list[str]:
    """Give those with the due date `old`, not completed, another; an outcome of `aws.bulk` for each."""
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


def finish_chunk(key: BatchKey, made: BulkChange, change_id: str, row: Row, chunk: int, changed: ChunkEffect) -> None:
    """Note that the chunk had this change, and count it on the row and the change: together, once.

    ConditionFailed with index 0 when another delivery did.
    """
    pk = batch_pk(key.org_id, key.batch_id)
    row_actions: list[Action] = [
        add_open_due(day, number) for day, number in sorted(changed.open_due.items()) if number
    ]
    if made.kind == UNDO:
        row_actions.append(Row.num_withdrawn.add(changed.num_changed))
    change_actions: list[Action] = [
        BulkChange.chunks_left.add(-1),
        BulkChange.num_changed.add(changed.num_changed),
        BulkChange.num_kept.add(changed.num_kept),
    ]
    room = _MAX_PROBLEMS - len(made.problems)
    if changed.problems and room > 0:
        change_actions.append(BulkChange.problems.set(BulkChange.problems.append(changed.problems[:room])))
    writes = [
        put_new(ChangedChunk(pk, changed_sk(change_id, row.course_id, chunk))),
        Write("update", BulkChange(pk, change_sk(change_id)), BulkChange.pk.exists(), tuple(change_actions)),
    ]
    if made.kind == UNDO and changed.num_changed:
        writes += [
            count_write(key.org_id, row.course_id, -changed.num_changed),
            bump_revision(key.org_id, "enrollments"),
        ]
    if row_actions:
        writes.append(Write("update", Row(row.pk, row.sk), Row.pk.exists(), tuple(row_actions)))
    table.transact(writes)


def by_due_date(enrollments: Sequence[Enrollment]) -> Mapping[str | None, list[Enrollment]]:
    grouped: dict[str | None, list[Enrollment]] = {}
    for enrollment in enrollments:
        grouped.setdefault(enrollment.due_by, []).append(enrollment)
    return grouped
