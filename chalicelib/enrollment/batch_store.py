"""Batches, rows, cuts and chunk results: every read and every conditional write.

A row's change of status, its batch's numbers, the client's counters and the MSP's totals are one
transaction, on condition that the row still stands where it was read.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.access.models import org_pk
from chalicelib.aws import table
from chalicelib.aws.table import Write, put_new
from chalicelib.core.paging import Slice
from chalicelib.enrollment.mail_due import failed_writes
from chalicelib.enrollment.models import (
    ROWS_PREFIX,
    Batch,
    ChunkResult,
    ChunkStart,
    Cut,
    Row,
    SeatsReserved,
    batch_pk,
    batch_sk,
    batches_pk,
    chunk_sk,
    chunks_prefix,
    cut_sk,
    reserved_sk,
    row_sk,
    start_sk,
)
from chalicelib.enrollment.states import CHUNKS_COUNT, TALLY_BY_STATUS, WITH_FAILURES, RowStatus
from chalicelib.orgs.counters import counter_writes
from chalicelib.orgs.facts import touch
from chalicelib.orgs.lookups import seat_limit_in
from chalicelib.orgs.models import ENTITLEMENTS_SK, Entitlements, Org
from chalicelib.orgs.seats import count_write, take_write


@dataclass(frozen=True)
class BatchKey:
    msp_id: str
    org_id: str
    batch_id: str


@dataclass(frozen=True)
class Move:
    """A row's way from the status it was read in to another, with what else changes on it."""

    row: Row
    to: RowStatus
    actions: tuple[Action, ...] = ()


def batch(key: BatchKey) -> Batch | None:
    return table.get(Batch, batches_pk(key.org_id), batch_sk(key.batch_id))


def batches(org_id: str, limit: int, after: str | None) -> Slice[Batch]:
    return table.query(Batch, batches_pk(org_id), limit=limit, after=after, newest_first=True)


def all_batches(org_id: str) -> list[Batch]:
    return table.query_all(Batch, batches_pk(org_id))


def rows(key: BatchKey, *, consistent: bool = True) -> list[Row]:
    return table.query_all(Row, batch_pk(key.org_id, key.batch_id), prefix=ROWS_PREFIX, consistent=consistent)


def row(key: BatchKey, course_id: str) -> Row | None:
    return table.get(Row, batch_pk(key.org_id, key.batch_id), row_sk(course_id))


def update_batch(key: BatchKey, *actions: Action) -> Write:
    return Write("update", Batch(batches_pk(key.org_id), batch_sk(key.batch_id)), Batch.pk.exists(), actions)


def expand_writes(key: BatchKey, org: Org, rows: Sequence[Row], *batch_actions: Action) -> list[Write]:
    """The rows of a new batch, for a client as it was read.

    ConditionFailed with index 0 when another delivery was first, with a later one when the client's zone or
    hour, by which the rows have their instants, is another meanwhile.
    """
    first = Batch.pk.exists() & Batch.expanded_at.does_not_exist()
    actions = (*batch_actions, Batch.num_scheduled.set(len(rows)))
    counted = {"num_batches": 1, "num_courses": len(rows), "num_scheduled": len(rows)}
    same_zone = Org.time_zone.does_not_exist() if org.time_zone is None else Org.time_zone == org.time_zone
    unmoved = Org.pk.exists() & same_zone & (Org.enroll_hour == org.enroll_hour)
    return [
        Write("update", Batch(batches_pk(key.org_id), batch_sk(key.batch_id)), first, actions),
        *(put_new(row) for row in rows),
        *(
            replace(write, condition=unmoved) if isinstance(write.item, Org) else write
            for write in counter_writes(key.msp_id, key.org_id, counted)
        ),
    ]


def move_writes(key: BatchKey, moves: Sequence[Move], *batch_actions: Action) -> list[Write]:
    """Rows to other statuses. ConditionFailed when a row is not any more as it was read (the first writes)."""
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
    tallies: Counter[str] = Counter()
    for move in moves:
        before = RowStatus(move.row.status)
        numbers.update({f"num_{move.to}": 1})
        numbers.subtract({f"num_{before}": 1})
        for status, sign in ((move.to, 1), (before, -1)):
            tally = TALLY_BY_STATUS[status]
            if tally is not None:
                tallies[tally.value] += sign
            tallies["num_courses"] += sign if tally is not None else 0
    actions = [getattr(Batch, name).add(number) for name, number in sorted(numbers.items()) if number]
    writes.append(update_batch(key, *actions, *batch_actions))
    failing = [move.row for move in moves if move.to in WITH_FAILURES]
    told = failed_writes(key.msp_id, key.org_id, key.batch_id, failing)
    return writes + counter_writes(key.msp_id, key.org_id, tallies) + told


def sent_writes(rows: Iterable[Row]) -> list[Write]:
    """All chunk messages of these rows' runs are on their way."""
    return [Write("update", Row(row.pk, row.sk), Row.run == row.run, (Row.sent_run.set(row.run),)) for row in rows]


def put_cut(key: BatchKey, cut_id: str, cut: Cut) -> Write:
    cut.pk, cut.sk = batch_pk(key.org_id, key.batch_id), cut_sk(cut_id)
    return put_new(cut)


def cut(key: BatchKey, cut_id: str) -> Cut | None:
    return table.get(Cut, batch_pk(key.org_id, key.batch_id), cut_sk(cut_id))


# ---------------------------------------------------------------- chunks


@dataclass(frozen=True)
class ChunkState:
    """What stands in the table for one chunk: read with one call.

    A seat limit of 0 is as many as wanted, None that the course was taken from the client meanwhile.
    """

    row: Row | None
    cut: Cut | None
    result: ChunkResult | None
    was_started: bool
    seat_limit: int | None
    num_reserved: int


def chunk_state(key: BatchKey, course_id: str, cut_id: str, chunk: int, run: int) -> ChunkState:
    pk = batch_pk(key.org_id, key.batch_id)
    keys = [(pk, row_sk(course_id)), (pk, cut_sk(cut_id)), (pk, chunk_sk(course_id, chunk))]
    start, reserved = (pk, start_sk(course_id, chunk, run)), (pk, reserved_sk(course_id, chunk, run))
    entitlements = (org_pk(key.org_id), ENTITLEMENTS_SK)
    wanted = [(Row, *keys[0]), (Cut, *keys[1]), (ChunkResult, *keys[2])]
    found = table.batch_get([*wanted, (ChunkStart, *start), (SeatsReserved, *reserved), (Entitlements, *entitlements)])
    row, cut, result = (found.get(key) for key in keys)
    allowed, taken = found.get(entitlements), found.get(reserved)
    return ChunkState(
        row if isinstance(row, Row) else None,
        cut if isinstance(cut, Cut) else None,
        result if isinstance(result, ChunkResult) else None,
        start in found,
        seat_limit_in(allowed if isinstance(allowed, Entitlements) else None, course_id),
        int(taken.number) if isinstance(taken, SeatsReserved) else 0,
    )


def num_reserved(key: BatchKey, course_id: str, chunk: int, run: int) -> int:
    reserved = table.get(SeatsReserved, batch_pk(key.org_id, key.batch_id), reserved_sk(course_id, chunk, run))
    return int(reserved.number) if reserved else 0


def reserve_seats(key: BatchKey, course_id: str, chunk: int, run: int, number: int, limit: int) -> None:
    """Take seats for a run of a chunk before it enrolls anybody.

    ConditionFailed: index 0 when this run has its seats, 1 when so many are not free, 2 when the limit is another.
    """
    reserved = SeatsReserved(batch_pk(key.org_id, key.batch_id), reserved_sk(course_id, chunk, run), number=number)
    entitlements = Entitlements(org_pk(key.org_id), ENTITLEMENTS_SK)
    seats: Any = Entitlements.seats_by_course[course_id]
    unchanged: Condition = seats == limit
    table.transact(
        [
            put_new(reserved),
            take_write(key.org_id, course_id, number, limit),
            Write("check", entitlements, unchanged),
        ]
    )


def release_seats(key: BatchKey, course_id: str, chunk: int, run: int, number: int) -> None:
    """Give back what a run of a chunk took and will not use. ConditionFailed when that is settled."""
    settle = _settle_reserved(key, course_id, chunk, run, number)
    table.transact([settle, count_write(key.org_id, course_id, -number)])


def _settle_reserved(key: BatchKey, course_id: str, chunk: int, run: int, number: int) -> Write:
    """The item stays, so that the run cannot take seats again."""
    reserved = SeatsReserved(batch_pk(key.org_id, key.batch_id), reserved_sk(course_id, chunk, run))
    return Write("update", reserved, SeatsReserved.number == number, (SeatsReserved.number.set(0),))


def mark_started(key: BatchKey, course_id: str, chunk: int, run: int) -> bool:
    """False when another delivery began this run of the chunk, or may have."""
    return table.put_if_new(ChunkStart(batch_pk(key.org_id, key.batch_id), start_sk(course_id, chunk, run)))


def chunk_result(key: BatchKey, course_id: str, chunk: int) -> ChunkResult | None:
    return table.get(ChunkResult, batch_pk(key.org_id, key.batch_id), chunk_sk(course_id, chunk))


def chunk_results(key: BatchKey, course_id: str) -> list[ChunkResult]:
    return table.query_all(ChunkResult, batch_pk(key.org_id, key.batch_id), prefix=chunks_prefix(course_id))


def chunk_page(key: BatchKey, course_id: str, limit: int, after: str | None) -> Slice[ChunkResult]:
    pk = batch_pk(key.org_id, key.batch_id)
    return table.query(ChunkResult, pk, prefix=chunks_prefix(course_id), limit=limit, after=after)


def chunk_number(result: ChunkResult) -> int:
    return int(result.sk.rsplit("#", 1)[1])


@dataclass(frozen=True)
class ChunkCounts:
    """What a chunk came to. A chunk that has not run counts its planned size as targeted."""

    targeted: int
    enrolled: int = 0
    already: int = 0
    skipped: int = 0
    failed: int = 0

    @classmethod
    def of(cls, result: ChunkResult) -> "ChunkCounts":
        return cls(
            int(result.num_targeted),
            int(result.num_enrolled),
            int(result.num_already),
            int(result.num_skipped),
            int(result.num_failed),
        )

    def __sub__(self, other: "ChunkCounts") -> "ChunkCounts":
        return replace(self, **{name: value - getattr(other, name) for name, value in vars(self).items()})


def finish_chunk(
    key: BatchKey,
    row: Row,
    chunk: int,
    before: ChunkResult | None,
    difference: ChunkCounts,
    after: ChunkCounts,
    member_ids_by_code: dict[str, list[str]],
    num_reserved: int,
) -> None:
    """Put the chunk's result, add its difference to the row, settle its seats: together or not at all.

    Raises ConditionFailed: index 0 when this run of the chunk was finished by another delivery, index 1
    when the row has moved on to another run.
    """
    result = ChunkResult(
        batch_pk(key.org_id, key.batch_id),
        chunk_sk(row.course_id, chunk),
        run=row.run,
        num_targeted=after.targeted,
        num_enrolled=after.enrolled,
        num_already=after.already,
        num_skipped=after.skipped,
        num_failed=after.failed,
        member_ids_by_code=member_ids_by_code,
    )
    unchanged = ChunkResult.pk.does_not_exist() if before is None else ChunkResult.run == before.run
    counted = Row.status.is_in(*(status.value for status in CHUNKS_COUNT)) & (Row.run == row.run)
    actions: list[Action] = [
        Row.chunks_left.add(-1),
        Row.num_targeted.add(difference.targeted),
        Row.num_enrolled.add(difference.enrolled),
        Row.num_already.add(difference.already),
        Row.num_skipped.add(difference.skipped),
        Row.num_failed.add(difference.failed),
    ]
    if row.due_by and difference.enrolled:
        actions.append(add_open_due(row.due_by, difference.enrolled))
    writes = [
        Write("put", result, unchanged),
        Write("update", Row(row.pk, row.sk), counted, tuple(actions)),
    ]
    if difference.enrolled:
        writes.append(touch(key.org_id, "enrollments"))
    if num_reserved:
        writes.append(_settle_reserved(key, row.course_id, chunk, int(row.run), num_reserved))
    num_seats = difference.enrolled - num_reserved
    if num_seats:
        writes.append(count_write(key.org_id, row.course_id, num_seats))
    table.transact(writes)


def add_open_due(due_by: str, number: int) -> Action:
    count: Any = Row.open_due[due_by]
    action: Action = count.set((count | 0) + number)
    return action
