"""The chunks of a row's run: their starts, their seats and their results."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.aws import table
from chalicelib.aws.table import Ref, Write, put_new
from chalicelib.core.paging import Page
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.organizations.models import ENTITLEMENTS_SK, Entitlements
from chalicelib.tenants.organizations.seat_store import count_write, seat_limit_in, take_write
from chalicelib.training.batches.messages import EnrollChunk
from chalicelib.training.batches.models import (
    ChunkResult,
    ChunkStart,
    Partition,
    Row,
    SeatsReserved,
    batch_pk,
    bounds_of,
    chunk_sk,
    chunks_prefix,
    partition_sk,
    reserved_sk,
    row_sk,
    start_sk,
)
from chalicelib.training.batches.states import ACCEPTING_CHUNKS
from chalicelib.training.batches.store import BatchKey, add_open_due

# What a chunk adds to its row: attributes of both.
_COUNTS = ("num_targeted", "num_enrolled", "num_already", "num_skipped", "num_failed")


@dataclass(frozen=True)
class ChunkRun:
    """One run of one chunk: what its message says, and the items that it is about, as they were when it came.

    `result` is that of the latest run that ended; `num_reserved` are the seats that this run holds. A seat limit of 0
    is as many as wanted, None that the client may not use the course any more.
    """

    key: BatchKey
    row: Row
    partition: Partition
    chunk: int
    number: int
    now: datetime
    result: ChunkResult | None
    was_started: bool
    seat_limit: int | None
    num_reserved: int

    @property
    def bounds(self) -> tuple[str, str | None]:
        return bounds_of(self.partition.bounds, self.chunk)

    @property
    def is_done(self) -> bool:
        return self.result is not None and self.result.run >= self.number

    @property
    def pk(self) -> str:
        return batch_pk(self.key.org_id, self.key.batch_id)


def chunk_run(message: EnrollChunk, now: datetime) -> ChunkRun | None:
    """Read with one call. None when the row is not there, or has another partition."""
    key = BatchKey(message.msp_id, message.org_id, message.batch_id)
    pk, course_id, chunk, number = batch_pk(key.org_id, key.batch_id), message.course_id, message.chunk, message.run
    row, partition, result, start, reserved, entitlements = table.fetch(
        Ref(Row, pk, row_sk(course_id)),
        Ref(Partition, pk, partition_sk(message.partition_id)),
        Ref(ChunkResult, pk, chunk_sk(course_id, chunk)),
        Ref(ChunkStart, pk, start_sk(course_id, chunk, number)),
        Ref(SeatsReserved, pk, reserved_sk(course_id, chunk, number)),
        Ref(Entitlements, org_pk(key.org_id), ENTITLEMENTS_SK),
    )
    if row is None or partition is None or row.partition_id != message.partition_id or not 0 <= chunk < row.num_chunks:
        return None
    return ChunkRun(
        key=key,
        row=row,
        partition=partition,
        chunk=chunk,
        number=number,
        now=now,
        result=result,
        was_started=start is not None,
        seat_limit=seat_limit_in(entitlements, course_id),
        num_reserved=int(reserved.number) if reserved else 0,
    )


def mark_started(run: ChunkRun) -> bool:
    """False when another delivery began this run of the chunk, or may have."""
    return table.put_if_new(ChunkStart(run.pk, start_sk(run.row.course_id, run.chunk, run.number)))


def num_reserved(run: ChunkRun, number: int) -> int:
    """The seats that the run with this number holds for the same chunk."""
    reserved = table.get(SeatsReserved, run.pk, reserved_sk(run.row.course_id, run.chunk, number))
    return int(reserved.number) if reserved else 0


def reserve_seats(run: ChunkRun, num_seats: int, limit: int) -> None:
    """Take seats for a run before it enrolls anybody.

    ConditionFailed: index 0 when this run has its seats, 1 when so many are not free, 2 when the limit changed.
    """
    unchanged: Condition = _seat_limit(run) == limit
    table.transact(
        [
            put_new(_reserved(run, run.number, num_seats)),
            take_write(run.key.org_id, run.row.course_id, num_seats, limit),
            Write("check", _entitlements(run), unchanged),
        ]
    )


def reserve_unlimited(run: ChunkRun, before: int, num_seats: int) -> None:
    """Let a run have `num_seats` seats of a course without a limit, in place of the `before` that it has.

    They count as taken should a limit be set. ConditionFailed: index 0 when the run has another number, 2 when there
    is a limit by now.
    """
    reserved = _reserved(run, run.number, num_seats)
    unlimited: Condition = _seat_limit(run) == 0
    table.transact(
        [
            Write("put", reserved, SeatsReserved.number == before) if before else put_new(reserved),
            count_write(run.key.org_id, run.row.course_id, num_seats - before),
            Write("check", _entitlements(run), unlimited),
        ]
    )


def release_seats(run: ChunkRun, num_seats: int) -> None:
    """Give back what a run reserved and will not use. ConditionFailed when another delivery settled it."""
    table.transact(
        [_settle_write(run, run.number, num_seats), count_write(run.key.org_id, run.row.course_id, -num_seats)]
    )


def _seat_limit(run: ChunkRun) -> Any:
    return Entitlements.seats_by_course[run.row.course_id]


def _entitlements(run: ChunkRun) -> Entitlements:
    return Entitlements(org_pk(run.key.org_id), ENTITLEMENTS_SK)


def _reserved(run: ChunkRun, number: int, num_seats: int) -> SeatsReserved:
    return SeatsReserved(run.pk, reserved_sk(run.row.course_id, run.chunk, number), number=num_seats)


def _settle_write(run: ChunkRun, number: int, num_seats: int) -> Write:
    """The item stays, so that the run cannot take seats again."""
    reserved = _reserved(run, number, num_seats)
    return Write("update", reserved, SeatsReserved.number == num_seats, (SeatsReserved.number.set(0),))


def chunk_result(key: BatchKey, course_id: str, chunk: int) -> ChunkResult | None:
    return table.get(ChunkResult, batch_pk(key.org_id, key.batch_id), chunk_sk(course_id, chunk))


def chunk_results(key: BatchKey, course_id: str) -> list[ChunkResult]:
    return table.query_all(ChunkResult, batch_pk(key.org_id, key.batch_id), prefix=chunks_prefix(course_id))


def chunk_page(key: BatchKey, course_id: str, limit: int, after: str | None) -> Page[ChunkResult]:
    pk = batch_pk(key.org_id, key.batch_id)
    return table.query(ChunkResult, pk, prefix=chunks_prefix(course_id), limit=limit, after=after)


def codes_of(key: BatchKey, row: Row, member_ids: Sequence[str]) -> dict[str, str]:
    """Why the row did not newly enroll these members, as of its latest run; without those whom it did, or is not about.

    A group's row has a result for each member, others one for each range of members.
    """
    pk = batch_pk(key.org_id, key.batch_id)
    if row.group_id is not None:
        refs = {one: Ref(ChunkResult, pk, f"{chunks_prefix(row.course_id)}{one}") for one in member_ids}
    else:
        partition = table.get(Partition, pk, partition_sk(row.partition_id)) if row.partition_id else None
        bounds = list(partition.bounds) if partition is not None else []
        # Range n ends with bound n; the last is open.
        chunks = {one: min(bisect_left(bounds, one), len(bounds) - 1) for one in member_ids} if bounds else {}
        refs = {one: Ref(ChunkResult, pk, chunk_sk(row.course_id, chunk)) for one, chunk in chunks.items()}
    results = table.fetch_mixed(set(refs.values()), consistent=False) if refs else None
    found: dict[str, str] = {}
    for member_id, ref in refs.items():
        result = results.get(ref) if results is not None else None
        for code, ids in (result.member_ids_by_code if result is not None else {}).items():
            if member_id in ids:
                found[member_id] = code
    return found


def chunk_number(result: ChunkResult) -> int:
    return int(result.sk.rsplit("#", 1)[1])


def finish_chunk(run: ChunkRun, result: ChunkResult, num_seats_by_run: Mapping[int, int]) -> None:
    """Put the chunk's result, add to the row what it changes, settle the seats: together or not at all.

    Raises ConditionFailed: index 0 when another delivery finished this run of the chunk, index 1 when the row is in
    another run, a later one when seats of an earlier run are settled already.
    """
    row, course_id = run.row, run.row.course_id
    result.pk, result.sk = run.pk, chunk_sk(course_id, run.chunk)
    # A chunk that has not run counts its planned size as targeted.
    before = run.result or ChunkResult(num_targeted=run.partition.sizes[run.chunk])
    added = {name: int(getattr(result, name) or 0) - int(getattr(before, name) or 0) for name in _COUNTS}
    actions: list[Action] = [Row.chunks_left.add(-1)]
    actions += [getattr(Row, name).add(number) for name, number in added.items()]
    num_enrolled = added["num_enrolled"]
    if row.due_by and num_enrolled:
        actions.append(add_open_due(row.due_by, num_enrolled))
    unfinished = ChunkResult.pk.does_not_exist() if run.result is None else ChunkResult.run == run.result.run
    accepting = Row.status.is_in(*(status.value for status in ACCEPTING_CHUNKS)) & (Row.run == row.run)
    writes = [
        Write("put", result, unfinished),
        Write("update", Row(row.pk, row.sk), accepting, tuple(actions)),
    ]
    held = {number: num_seats for number, num_seats in num_seats_by_run.items() if num_seats}
    writes += [_settle_write(run, number, num_seats) for number, num_seats in held.items()]
    num_more = num_enrolled - sum(held.values())
    if num_more or num_enrolled:
        # Seats that were taken before are not counted again, but a plan has to notice the enrollments.
        writes.append(count_write(run.key.org_id, course_id, num_more))
    table.transact(writes)
