"""Bringing one batch to where it should be now.

Launch, schedule, retry and sweep all send this job, any number of times.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from chalicelib.aws.table import Action, Write
from chalicelib.core import observability
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed, MusterError, Unavailable
from chalicelib.core.ids import new_id
from chalicelib.jobs import queue
from chalicelib.tenants.organizations.models import Org
from chalicelib.tenants.organizations.readiness import missing_of
from chalicelib.tenants.organizations.seat_store import entitled_courses
from chalicelib.training.batches import chunk_store, row_store
from chalicelib.training.batches import store as batch_store
from chalicelib.training.batches.create_rows import create_rows
from chalicelib.training.batches.finish_row import finish_row
from chalicelib.training.batches.messages import EnrollChunk, ReconcileBatch
from chalicelib.training.batches.models import Batch, Partition, Row
from chalicelib.training.batches.recipients import partition_of, resolved
from chalicelib.training.batches.row_store import Move
from chalicelib.training.batches.schedule_store import is_due, is_later, make_schedules, remove_due_entry
from chalicelib.training.batches.schemas import Plan
from chalicelib.training.batches.states import Code, RowStatus
from chalicelib.training.batches.store import BatchKey

# Rows that one transaction moves: row and due entry of each, partition, batch, client, totals stay under 100 writes.
_ROWS_AT_ONCE = 40

_TRIES = 5


def reconcile(message: ReconcileBatch, now: datetime) -> None:
    """Create the rows, make schedules, start what is due, send what was not sent, finish what is done."""
    key = BatchKey(message.msp_id, message.org_id, message.batch_id)
    batch = batch_store.batch(key)
    if batch is None:
        observability.warning("job without batch", batch_id=key.batch_id)
        return
    if batch.expanded_at is None:
        create_rows(key, batch, now)
    rows = batch_store.rows(key)
    error = None
    if not batch.schedules_made and any(is_later(row, now) for row in rows):
        error = _schedule(key, batch, rows, now)
    if message.due_at is not None and not any(is_due(row, now) for row in rows):
        # The row has other dates by now, or was cancelled; the sweep would send this job for ever.
        remove_due_entry(key, message.due_at)
    rows = _start_all(key, batch, rows, now)
    _send(key, [row for row in rows if _is_partly_sent(row)])
    for row in rows:
        if row.status == RowStatus.ENROLLING and row.chunks_left == 0:
            queue.send_soon(*finish_row(key, row, now))

    if error is not None:
        raise error


def on_dead_letter(message: ReconcileBatch, now: datetime) -> None:
    """Rows that should have run, or whose messages were not all sent, fail. Chunks that come late still count."""
    key = BatchKey(message.msp_id, message.org_id, message.batch_id)
    batch = batch_store.batch(key)
    if batch is None:
        return
    if batch.expanded_at is None:
        create_rows(key, batch, now)
    rows = batch_store.rows(key)
    moves = [Move.fail(row, Code.PROCESSING_FAILED) for row in rows if is_due(row, now) or _is_partly_sent(row)]
    for start in range(0, len(moves), _ROWS_AT_ONCE):
        # Should a row change meanwhile, this fails, and the next delivery looks again.
        row_store.move_due_rows(key, batch, rows, moves[start : start + _ROWS_AT_ONCE], now)


def _is_partly_sent(row: Row) -> bool:
    """Chunk messages of its run may be missing in the queue."""
    return bool(row.status == RowStatus.ENROLLING and row.sent_run < row.run)


def _schedule(key: BatchKey, batch: Batch, rows: Sequence[Row], now: datetime) -> MusterError | None:
    """What is due now must not wait for Scheduler: its error is raised at the end, and the message comes again."""
    try:
        make_schedules(key, rows, now)
    except MusterError as error:
        return error
    batch_store.note_schedules_made(key, batch)
    return None


def _start_all(key: BatchKey, batch: Batch, rows: list[Row], now: datetime) -> list[Row]:
    """Start what is due, and read the rows again.

    A row that changed since it was read, by another delivery or an admin, keeps the others of its transaction from
    starting. They are still due, and no other message may come for them.
    """
    for _ in range(_TRIES):
        due_rows = [row for row in rows if is_due(row, now)]
        if not due_rows:
            return rows
        parts = [due_rows[start : start + _ROWS_AT_ONCE] for start in range(0, len(due_rows), _ROWS_AT_ONCE)]
        if not all(_start(key, batch, rows, part, now) for part in parts):
            batch = batch_store.batch(key) or batch
        rows = batch_store.rows(key)
    if any(is_due(row, now) for row in rows):
        raise Unavailable()
    return rows


def _start(key: BatchKey, batch: Batch, rows: Sequence[Row], due_rows: Sequence[Row], now: datetime) -> bool:
    """Move due rows to failed, denied, or enrolling with their recipients partitioned. False when one changed."""
    plan, org = batch_store.plan_and_org(key, batch.rollout_id)
    allowed, moves = _admitted(key, org, due_rows)
    partitions: list[Write] = []
    found: list[Action] = []
    first_runs = [row for row in allowed if row.partition_id is None]
    if first_runs:
        partition_id, (partition, missing_groups) = new_id(now), _partition(key, plan)
        partition.made_at = to_text(now)
        found.append(batch_store.set_missing_groups(missing_groups))
        partitions.append(batch_store.put_partition(key, partition_id, partition))
        moves += [Move.start(row, partition_id, partition) for row in first_runs]
    later_runs = [row for row in allowed if row.partition_id is not None]
    moves += [Move.start_again(row, len(_missing_chunks(key, row))) for row in later_runs]
    try:
        row_store.move_due_rows(key, batch, rows, moves, now, *partitions, batch_actions=found)
    except ConditionFailed:
        observability.info("rows changed while starting", batch_id=key.batch_id)
        return False
    return True


def _admitted(key: BatchKey, org: Org, due_rows: Sequence[Row]) -> tuple[list[Row], list[Move]]:
    """The rows that may start, and the moves of those that may not."""
    if missing_of(org):
        return [], [Move.fail(row, Code.ORG_NOT_READY) for row in due_rows]
    entitled = entitled_courses(key.org_id)
    denied = [Move.deny(row) for row in due_rows if row.course_id not in entitled]
    return [row for row in due_rows if row.course_id in entitled], denied


def _partition(key: BatchKey, plan: Plan) -> tuple[Partition, Sequence[str]]:
    """The recipients, and the names of groups that the client lacks."""
    found = resolved(plan, key.org_id)
    partition = partition_of(found.recipients)
    partition.reenroll_completed = plan.reenroll_completed
    return partition, found.missing_groups


def _send(key: BatchKey, rows: Sequence[Row]) -> None:
    """One message for each chunk of each row. When interrupted, all are sent again: a finished chunk costs one read."""
    if rows:
        queue.send(_chunk_messages(key, rows))
        batch_store.note_chunks_sent(key, rows)


def _chunk_messages(key: BatchKey, rows: Sequence[Row]) -> Iterator[EnrollChunk]:
    for row in rows:
        chunks = range(int(row.num_chunks)) if row.run == row.partition_run else _missing_chunks(key, row)
        for chunk in chunks:
            yield EnrollChunk(
                msp_id=key.msp_id,
                org_id=key.org_id,
                batch_id=key.batch_id,
                course_id=row.course_id,
                partition_id=str(row.partition_id),
                run=int(row.run),
                chunk=chunk,
            )


def _missing_chunks(key: BatchKey, row: Row) -> list[int]:
    """Chunks of a row's later run: those without a result, or with failures of an earlier run."""
    results = {chunk_store.chunk_number(result): result for result in chunk_store.chunk_results(key, row.course_id)}
    return [
        chunk
        for chunk in range(int(row.num_chunks))
        if chunk not in results or (results[chunk].run < row.run and results[chunk].num_failed)
    ]
