"""Bringing one batch to where it should be now.

Launch, schedule, retry and sweep all ask for this, any number of times.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from chalicelib.aws import table
from chalicelib.aws.table import Write
from chalicelib.core import observability
from chalicelib.core.errors import ConditionFailed, MusterError, Unavailable
from chalicelib.core.ids import new_id
from chalicelib.jobs import due, queue
from chalicelib.tenants.organizations.models import Org
from chalicelib.tenants.organizations.readiness import missing_of
from chalicelib.tenants.organizations.seat_store import entitled_courses
from chalicelib.tenants.structure.store import group_ids_named
from chalicelib.training.batches import chunk_store
from chalicelib.training.batches import finish_row as fold
from chalicelib.training.batches import store as batch_store
from chalicelib.training.batches.expand import expand, plan_and_org
from chalicelib.training.batches.messages import AdvanceBatch, EnrollChunk
from chalicelib.training.batches.models import Batch, Cut, Row
from chalicelib.training.batches.recipients import Ranges, Recipients, cut, recipients_of
from chalicelib.training.batches.schedule import advance_at, is_due, is_later, make_schedules, next_due, set_next_date
from chalicelib.training.batches.schemas import Plan
from chalicelib.training.batches.states import Code, RowStatus
from chalicelib.training.batches.store import BatchKey, Move

# Rows that one transaction starts: row and due entry of each, cut, batch, client, totals stay under 100 writes.
_ROWS_AT_ONCE = 40

_TRIES = 5


def advance(message: AdvanceBatch, now: datetime) -> None:
    """Expand, schedule, start what is due, send what was not sent, fold what is done."""
    key = BatchKey(message.msp_id, message.org_id, message.batch_id)
    batch = batch_store.batch(key)
    if batch is None:
        observability.warning("job without batch", batch_id=key.batch_id)
        return
    if batch.expanded_at is None:
        expand(key, batch, now)
    rows = batch_store.rows(key)
    trouble = None
    if not batch.schedules_made and any(is_later(row, now) for row in rows):
        trouble = _schedule(key, batch, rows, now)
    if message.due_at is not None and not any(is_due(row, now) for row in rows):
        # Its row has other dates by now, or was cancelled; the sweep would find the entry for ever.
        table.transact([due.done(advance_at(key, message.due_at))])
    rows = _start_all(key, batch, rows, now)
    _send(key, [row for row in rows if row.status == RowStatus.ENROLLING and row.sent_run < row.run])
    for row in rows:
        if row.status == RowStatus.ENROLLING and row.chunks_left == 0:
            queue.send_soon(*fold.fold(key, row))

    if trouble is not None:
        raise trouble


def _schedule(key: BatchKey, batch: Batch, rows: Sequence[Row], now: datetime) -> MusterError | None:
    """What is due now must not wait for Scheduler; its trouble is told at the end, and the message comes again."""
    try:
        make_schedules(key, rows, now)
    except MusterError as error:
        return error
    try:
        table.transact([batch_store.update_batch(key, Batch.schedules_made.set(True), as_read=batch)])
    except ConditionFailed:
        # Dates changed meanwhile; the next message makes schedules for what they are now.
        observability.info("dates changed while scheduling", batch_id=key.batch_id)
    else:
        batch_store.replanned(batch)
    return None


def _start_all(key: BatchKey, batch: Batch, rows: list[Row], now: datetime) -> list[Row]:
    """Start what is due, and read the rows again.

    One row that moved on since it was read, by another delivery or by an admin, keeps its neighbours from
    starting as well: they are due still, and nobody else may come for them.
    """
    for _ in range(_TRIES):
        due = [row for row in rows if is_due(row, now)]
        if not due:
            return rows
        parts = [due[start : start + _ROWS_AT_ONCE] for start in range(0, len(due), _ROWS_AT_ONCE)]
        if not all(_start(key, batch, rows, part, now) for part in parts):
            batch = batch_store.batch(key) or batch
        rows = batch_store.rows(key)
    if any(is_due(row, now) for row in rows):
        raise Unavailable()
    return rows


def _start(key: BatchKey, batch: Batch, rows: Sequence[Row], ready: Sequence[Row], now: datetime) -> bool:
    """Move due rows on: failed, denied, or enrolling with their recipients cut. After a race, none: False."""
    plan, org = plan_and_org(key, batch.rollout_id)
    allowed, moves = _admitted(key, org, ready)
    writes: list[Write] = []
    fresh = [row for row in allowed if row.cut_id is None]
    if fresh:
        cut_id = new_id(now)
        recipients = _recipients(key, plan)
        ranges = cut(recipients)
        writes.append(batch_store.put_cut(key, cut_id, _cut_item(recipients, ranges, plan)))
        moves += [Move(row, RowStatus.ENROLLING, _first_run(cut_id, ranges, row)) for row in fresh]
    for row in allowed:
        if row.cut_id is not None:
            left = len(_missing_chunks(key, row))
            moves.append(Move(row, RowStatus.ENROLLING, (Row.chunks_left.set(left), Row.code.remove())))
    later = [row for row in rows if is_later(row, now)]
    writes += batch_store.move_writes(key, moves, set_next_date(later), as_read=batch)
    writes += [due.done(advance_at(key, instant)) for instant in {row.enroll_at for row in ready}]
    writes += next_due(key, rows, now)
    try:
        table.transact(writes)
    except ConditionFailed:
        observability.info("rows moved on while starting", batch_id=key.batch_id)
        return False
    batch_store.replanned(batch)
    return True


def _send(key: BatchKey, rows: Sequence[Row]) -> None:
    """One message per row and chunk. Interrupted, all of them go again: a finished chunk costs one read."""
    if not rows:
        return
    queue.send(_chunk_messages(key, rows))
    try:
        table.transact(batch_store.sent_writes(rows))
    except ConditionFailed:
        observability.info("row moved on while sending", batch_id=key.batch_id)


def _chunk_messages(key: BatchKey, rows: Sequence[Row]) -> Iterator[EnrollChunk]:
    for row in rows:
        chunks = range(int(row.num_chunks)) if row.run == row.cut_run else _missing_chunks(key, row)
        for chunk in chunks:
            yield EnrollChunk(
                msp_id=key.msp_id,
                org_id=key.org_id,
                batch_id=key.batch_id,
                course_id=row.course_id,
                cut_id=str(row.cut_id),
                run=int(row.run),
                chunk=chunk,
            )


def _admitted(key: BatchKey, org: Org, ready: Sequence[Row]) -> tuple[list[Row], list[Move]]:
    """The rows that may start, and the moves of those that may not."""
    if missing_of(org):
        refused = (Row.code.set(Code.ORG_NOT_READY.value),)
        return [], [Move(row, RowStatus.FAILED, refused) for row in ready]
    entitled = entitled_courses(key.org_id)
    denied = (Row.code.set(Code.ACCESS_DENIED.value),)
    moves = [Move(row, RowStatus.ACCESS_DENIED, denied) for row in ready if row.course_id not in entitled]
    return [row for row in ready if row.course_id in entitled], moves


def _recipients(key: BatchKey, plan: Plan) -> Recipients:
    named: list[str] = []
    if plan.targeting.group_names:
        named = group_ids_named(key.org_id, plan.targeting.group_names)
    return recipients_of(plan.targeting, key.org_id, named)


def _cut_item(recipients: Recipients, ranges: Ranges, plan: Plan) -> Cut:
    return Cut(
        recipients=recipients.as_json(),
        bounds=ranges.bounds,
        sizes=ranges.sizes,
        reenroll_completed=plan.reenroll_completed,
    )


def _first_run(cut_id: str, ranges: Ranges, row: Row) -> tuple[table.Action, ...]:
    return (
        Row.cut_id.set(cut_id),
        Row.cut_run.set(row.run),
        Row.num_chunks.set(len(ranges.sizes)),
        Row.chunks_left.set(len(ranges.sizes)),
        Row.num_targeted.set(ranges.total),
        Row.code.remove(),
    )


def _missing_chunks(key: BatchKey, row: Row) -> list[int]:
    """Of a row that runs again: chunks without a result, or with failures of an earlier run."""
    results = {chunk_store.chunk_number(result): result for result in chunk_store.chunk_results(key, row.course_id)}
    return [
        chunk
        for chunk in range(int(row.num_chunks))
        if chunk not in results or (results[chunk].run < row.run and results[chunk].num_failed)
    ]
