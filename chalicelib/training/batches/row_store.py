"""Rows: created once, and moved from status to status.

A row's change of status, its batch's numbers, the client's counters and the MSP's totals are one transaction, on
condition that the row is as it was read.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pynamodb.expressions.update import Action

from chalicelib.aws import table
from chalicelib.aws.table import Write, put_new
from chalicelib.core.clock import to_text
from chalicelib.jobs import due
from chalicelib.jobs.job import DueJob
from chalicelib.tenants.organizations.counter_store import counter_writes
from chalicelib.tenants.organizations.models import Org
from chalicelib.training.batches.mail_events import failed_writes
from chalicelib.training.batches.models import Batch, Partition, Row, batch_sk, batches_pk
from chalicelib.training.batches.schedule_store import next_due_writes, reconcile_job, set_next_date
from chalicelib.training.batches.states import WITH_FAILURES, Code, RowStatus, dashboard_column
from chalicelib.training.batches.store import BatchKey, bump_dates_revision, update_batch


@dataclass(frozen=True)
class Move:
    """A row's way from the status it was read in to another, with what else changes on it."""

    row: Row
    to: RowStatus
    actions: tuple[Action, ...] = ()

    @classmethod
    def fail(cls, row: Row, code: Code) -> "Move":
        return cls(row, RowStatus.FAILED, (Row.code.set(code.value),))

    @classmethod
    def deny(cls, row: Row) -> "Move":
        return cls(row, RowStatus.ACCESS_DENIED, (Row.code.set(Code.ACCESS_DENIED.value),))

    @classmethod
    def start(cls, row: Row, partition_id: str, partition: Partition) -> "Move":
        """The row's first run that reaches its recipients: a chunk for each range."""
        num_chunks = len(partition.sizes)
        actions = (
            Row.partition_id.set(partition_id),
            Row.partition_run.set(row.run),
            Row.num_chunks.set(num_chunks),
            Row.chunks_left.set(num_chunks),
            Row.num_targeted.set(partition.total),
            Row.code.remove(),
        )
        return cls(row, RowStatus.ENROLLING, actions)

    @classmethod
    def start_again(cls, row: Row, num_chunks: int) -> "Move":
        """A later run, for so many of its chunks."""
        return cls(row, RowStatus.ENROLLING, (Row.chunks_left.set(num_chunks), Row.code.remove()))

    @classmethod
    def cancel(cls, row: Row, now: datetime) -> "Move":
        before = (Row.code_before.set(row.code),) if row.code else ()
        return cls(row, RowStatus.CANCELLED, (Row.cancelled_at.set(to_text(now)), Row.code.remove(), *before))

    @classmethod
    def retry(cls, row: Row, request_id: str, within: Sequence[str] | None, now: datetime) -> "Move":
        actions = (
            Row.run.add(1),
            Row.retried_by.set(request_id),
            Row.retried_within.remove() if within is None else Row.retried_within.set(list(within)),
            Row.enroll_at.set(to_text(now)),
            Row.code.remove(),
        )
        return cls(row, RowStatus.SCHEDULED, actions)

    @classmethod
    def finish(cls, row: Row, status: RowStatus, code: Code | None) -> "Move":
        return cls(row, status, (Row.code.remove() if code is None else Row.code.set(code.value),))


def create_rows_writes(key: BatchKey, org: Org, rows: Sequence[Row], now: datetime) -> list[Write]:
    """The rows of a new batch, for a client as it was read.

    ConditionFailed: index 0 when another delivery created them, a later one when the client's zone or hour, from
    which the rows have their instants, changed meanwhile.
    """
    first = Batch.pk.exists() & Batch.expanded_at.does_not_exist()
    actions = (Batch.expanded_at.set(to_text(now)), set_next_date(rows, now), Batch.num_scheduled.set(len(rows)))
    counters = {"num_batches": 1, "num_courses": len(rows), "num_scheduled": len(rows)}
    same_zone = Org.time_zone.does_not_exist() if org.time_zone is None else Org.time_zone == org.time_zone
    unmoved = Org.pk.exists() & same_zone & (Org.enroll_hour == org.enroll_hour)
    return [
        Write("update", Batch(batches_pk(key.org_id), batch_sk(key.batch_id)), first, actions),
        *(put_new(row) for row in rows),
        *(
            replace(write, condition=unmoved) if isinstance(write.item, Org) else write
            for write in counter_writes(key.msp_id, key.org_id, counters)
        ),
        *next_due_writes(key, rows, now),
    ]


def move_writes(
    key: BatchKey, moves: Sequence[Move], *batch_actions: Action, as_read: Batch | None = None
) -> list[Write]:
    """Rows to other statuses. ConditionFailed when a row is not as it was read any more (the first writes).

    `as_read` as in `update_batch`.
    """
    writes = [
        Write(
            "update",
            Row(move.row.pk, move.row.sk),
            (Row.status == move.row.status) & (Row.run == move.row.run),
            (Row.status.set(move.to.value), *move.actions),
        )
        for move in moves
    ]
    numbers: Counter[str] = Counter()
    counters: Counter[str] = Counter()
    for move in moves:
        before = RowStatus(move.row.status)
        numbers.update({f"num_{move.to}": 1})
        numbers.subtract({f"num_{before}": 1})
        for status, sign in ((move.to, 1), (before, -1)):
            column = dashboard_column(status)
            if column is not None:
                counters[column.value] += sign
            counters["num_courses"] += sign if column is not None else 0
    actions = [getattr(Batch, name).add(number) for name, number in sorted(numbers.items()) if number]
    writes.append(update_batch(key, *actions, *batch_actions, as_read=as_read))
    failing = [move.row for move in moves if move.to in WITH_FAILURES]
    failure_mails = failed_writes(key, failing)
    return writes + counter_writes(key.msp_id, key.org_id, counters) + failure_mails


def move_due_rows(
    key: BatchKey, batch: Batch, rows: Sequence[Row], moves: Sequence[Move], now: datetime, *first: Write,
    batch_actions: Sequence[Action] = (),
) -> None:  # fmt: skip
    """Move some of the batch's rows, after the writes `first`; their due entries go, the next one is written.

    ConditionFailed when a row, or a date of the batch, is not as it was read any more.
    """
    writes = [*first, *move_writes(key, moves, set_next_date(rows, now), *batch_actions, as_read=batch)]
    writes += _done_writes(key, {move.row.enroll_at for move in moves})
    writes += next_due_writes(key, rows, now)
    table.transact(writes)
    bump_dates_revision(batch)


def cancel_writes(
    key: BatchKey, batch: Batch, rows: Sequence[Row], cancelled: Iterable[Row], now: datetime
) -> list[Write]:
    """Move some of the batch's rows to cancelled; due entries that no other row needs go.

    ConditionFailed when a row, or a date of the batch, is not as it was read any more.
    """
    moves = [Move.cancel(row, now) for row in cancelled]
    course_ids = {move.row.course_id for move in moves}
    kept = [row for row in rows if row.course_id not in course_ids]
    needed = {row.enroll_at for row in kept if row.status == RowStatus.SCHEDULED}
    unneeded = {move.row.enroll_at for move in moves if move.row.status == RowStatus.SCHEDULED} - needed
    writes = move_writes(key, moves, set_next_date(kept, now), as_read=batch)
    return writes + _done_writes(key, sorted(unneeded)) + next_due_writes(key, kept, now)


def retry_writes(key: BatchKey, row: Row, request_id: str, within: Sequence[str] | None, now: datetime) -> list[Write]:
    """Schedule the row for now, in its next run. If the message is lost, the sweep finds it by the due entry.

    `within` as `Row.retried_within`.
    """
    writes = move_writes(key, [Move.retry(row, request_id, within, now)])
    return [*writes, due.write(reconcile_job(key, to_text(now)))]


def retry_group_row_writes(row: Row, request_id: str, job: DueJob) -> list[Write]:
    """The next run of a group's row, by this job. Its numbers may change meanwhile: they are no reason to refuse."""
    unchanged = (Row.status == row.status) & (Row.run == row.run)
    actions = (Row.run.add(1), Row.retried_by.set(request_id))
    return [Write("update", Row(row.pk, row.sk), unchanged, actions), due.write(job)]


def finish_row(key: BatchKey, move: Move, jobs: Iterable[DueJob], now: datetime) -> None:
    """Give a row its final status, and write down the jobs that follow. ConditionFailed as in `move_writes`."""
    table.transact([*move_writes(key, [move]), *(due.write(job, sent_at=now) for job in jobs)])


def _done_writes(key: BatchKey, instants: Iterable[str]) -> list[Write]:
    return [due.done(reconcile_job(key, instant)) for instant in instants]
