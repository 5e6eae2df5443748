"""The chunks of a row's run: their results, their starts, and the seats that they took beforehand."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.aws import table
from chalicelib.aws.table import Write, put_new
from chalicelib.core.paging import Page
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.organizations.models import ENTITLEMENTS_SK, Entitlements
from chalicelib.tenants.organizations.revision_store import bump_revision
from chalicelib.tenants.organizations.seat_store import count_write, seat_limit_in, take_write
from chalicelib.training.batches.models import (
    ChunkResult,
    ChunkStart,
    Cut,
    Row,
    SeatsReserved,
    batch_pk,
    chunk_sk,
    chunks_prefix,
    cut_sk,
    reserved_sk,
    row_sk,
    start_sk,
)
from chalicelib.training.batches.states import CHUNKS_COUNT
from chalicelib.training.batches.store import BatchKey, add_open_due


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


def reserve_unlimited(key: BatchKey, course_id: str, chunk: int, run: int, before: int, number: int) -> None:
    """Let a run of a chunk have `number` seats of a course without a limit, in place of the `before` that it has.

    Whoever sets a limit finds them taken. ConditionFailed: index 0 when the run has another number, 2 when there is
    a limit by now.
    """
    reserved = SeatsReserved(batch_pk(key.org_id, key.batch_id), reserved_sk(course_id, chunk, run), number=number)
    seats: Any = Entitlements.seats_by_course[course_id]
    unlimited: Condition = seats == 0
    table.transact(
        [
            Write("put", reserved, SeatsReserved.number == before) if before else put_new(reserved),
            count_write(key.org_id, course_id, number - before),
            Write("check", Entitlements(org_pk(key.org_id), ENTITLEMENTS_SK), unlimited),
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


def chunk_page(key: BatchKey, course_id: str, limit: int, after: str | None) -> Page[ChunkResult]:
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
    reserved_by_run: Mapping[int, int],
) -> None:
    """Put the chunk's result, add its difference to the row, settle its seats: together or not at all.

    Raises ConditionFailed: index 0 when this run of the chunk was finished by another delivery, index 1
    when the row has moved on to another run, a later one when seats of an earlier run are settled meanwhile.
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
        writes.append(bump_revision(key.org_id, "enrollments"))
    held = {run: number for run, number in reserved_by_run.items() if number}
    writes += [_settle_reserved(key, row.course_id, chunk, run, number) for run, number in held.items()]
    num_seats = difference.enrolled - sum(held.values())
    if num_seats:
        writes.append(count_write(key.org_id, row.course_id, num_seats))
    table.transact(writes)
