"""Due entries (a transactional outbox): jobs written down together with what they follow from.

Once its transaction is through, the job is sent; its function takes the entry away. What was lost on the way, the sweep
sends again.
"""

from datetime import datetime

from chalicelib.aws import table
from chalicelib.aws.table import Write
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.ids import shard_of
from chalicelib.jobs.job import DueJob
from chalicelib.jobs.models import NUM_DUE_SHARDS, DueEntry, due_pk

# Of a shard, so many entries are looked at in one sweep: 50 pages of 100.
_MOST_PAGES = 50


def write(job: DueJob) -> Write:
    """For the transaction that the job follows from. Writing it twice is harmless."""
    return Write("put", _entry(job))


def done(job: DueJob) -> Write:
    """For the transaction after which nobody has to send the job again. Gone already is fine."""
    return Write("delete", _entry(job))


def close(job: DueJob) -> None:
    """The job is done: its entry goes, in a transaction of its own."""
    table.transact([done(job)])


def _entry(job: DueJob) -> DueEntry:
    if job.due_at is None:
        raise ValueError(f"this {job.kind} says no instant by which it is due")
    return DueEntry(
        due_pk(shard_of(job.due_id, NUM_DUE_SHARDS)),
        f"{job.due_at}#{job.kind}#{job.due_id}",
        job=job.body(),
        tenant_id=job.tenant_id,
    )


def due_before(shard: int, instant: datetime, now: datetime, limit: int) -> list[DueEntry]:
    """Entries that should have happened by `instant` and were not sent again by a recent sweep."""
    found: list[DueEntry] = []
    after = ""
    # Entries that were put off stand in front of the others; they must not keep them from being seen.
    for _ in range(_MOST_PAGES):
        page = table.query_until(DueEntry, due_pk(shard), f"{to_text(instant)}#~", limit, after)
        found += [entry for entry in page if entry.not_before <= to_text(now)]
        if len(page) < limit or len(found) >= limit:
            break
        after = page[-1].sk
    return found[:limit]


def all_shards() -> range:
    return range(NUM_DUE_SHARDS)


def defer(entry: DueEntry, until: datetime) -> None:
    """Give the message that was just sent time to be worked on; an entry that is gone already is fine."""
    try:
        table.transact([Write("update", entry, DueEntry.pk.exists(), (DueEntry.not_before.set(to_text(until)),))])
    except ConditionFailed:
        return
