"""Due entries (a transactional outbox): a job is written in the transaction that makes it necessary.

After the transaction the job is sent, and its function deletes the entry. If the message was lost, the sweeper sends
the job again.
"""

from datetime import datetime, timedelta
from typing import Any

from chalicelib.aws import table
from chalicelib.aws.table import Write
from chalicelib.core import observability
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.ids import shard_of
from chalicelib.jobs.job import DueJob, WalkJob
from chalicelib.jobs.models import NUM_DUE_SHARDS, DueEntry, due_pk

# A job that was just sent is not sent again within this time. A dead letter comes after about an hour.
REQUEUE_DELAY = timedelta(minutes=10)

_AT_THE_START = DueEntry.position.does_not_exist() | (DueEntry.position == "")

# The pages of a shard that one sweep reads: 50 pages of 100 entries.
_MAX_PAGES = 50


def write(job: DueJob, sent_at: datetime | None = None) -> Write:
    """For the transaction that makes the job necessary. Writing it twice is harmless.

    Of a job that is overdue from the start, `sent_at` says when its message is sent: the sweeper gives it time.
    """
    entry = _entry(job)
    if sent_at is not None:
        entry.not_before = to_text(sent_at + REQUEUE_DELAY)
    return Write("put", entry)


def write_down(job: DueJob, sent_at: datetime) -> None:
    """In a transaction of its own, before what no transaction takes in; without an end the sweeper sends the job."""
    table.transact([write(job, sent_at)])


def done(job: DueJob) -> Write:
    """For the transaction after which the job need not be sent again. Harmless when the entry is gone."""
    return Write("delete", _entry(job))


def close(job: DueJob) -> None:
    """The job is done: its entry goes by itself, for half the units of a transaction."""
    table.delete(_entry(job))


def is_current(job: WalkJob) -> bool:
    """False for a message that came late: the walk is done, or another message took it further.

    Nor for one that nothing was written down for.
    """
    if job.due_at is None:
        return False
    entry = table.get(DueEntry, *_entry(job).key)
    return entry is not None and (entry.position or "") == (job.position or "")


def is_written(job: DueJob) -> bool:
    """Whether this very job was written down and is not done: for what cannot be taken back, and has no row that says
    that it was asked for.
    """
    if job.due_at is None:
        return False
    entry = table.get(DueEntry, *_entry(job).key)
    return entry is not None and bool(entry.job == job.body())


def advance(job: WalkJob, position: str, now: datetime, **more: Any) -> WalkJob | None:
    """The message that goes on with the walk, from this position; its entry has it from now on.

    None when another delivery of this message went on first.
    """
    after = job.model_copy(update={"position": position, **more})
    unchanged = DueEntry.position == job.position if job.position else _AT_THE_START
    actions = (
        DueEntry.job.set(after.body()),
        DueEntry.position.set(position),
        DueEntry.not_before.set(to_text(now + REQUEUE_DELAY)),
    )
    try:
        table.transact([Write("update", _entry(job), DueEntry.pk.exists() & unchanged, actions)])
    except ConditionFailed:
        return None
    return after


def _entry(job: DueJob) -> DueEntry:
    if job.due_at is None:
        raise ValueError(f"this {job.kind} job has no due_at")
    return DueEntry(
        due_pk(shard_of(job.due_id, NUM_DUE_SHARDS)),
        f"{job.due_at}#{job.kind}#{job.due_id}",
        job=job.body(),
        tenant_id=job.tenant_id,
        correlation_id=observability.correlation_id(),
    )


def due_before(shard: int, instant: datetime, now: datetime, limit: int) -> list[DueEntry]:
    """Entries whose job was due by `instant` and was not sent again by a recent sweep."""
    entries: list[DueEntry] = []
    after = ""
    # Deferred entries come first; they must not hide the others.
    for _ in range(_MAX_PAGES):
        page = table.query_until(DueEntry, due_pk(shard), f"{to_text(instant)}#~", limit, after)
        entries += [entry for entry in page if entry.not_before <= to_text(now)]
        if len(page) < limit or len(entries) >= limit:
            break
        after = page[-1].sk
    return entries[:limit]


def all_shards() -> range:
    return range(NUM_DUE_SHARDS)


def defer(entry: DueEntry, until: datetime) -> None:
    """Do not send the job again before `until`. Harmless when the entry is gone."""
    try:
        table.transact([Write("update", entry, DueEntry.pk.exists(), (DueEntry.not_before.set(to_text(until)),))])
    except ConditionFailed:
        return
