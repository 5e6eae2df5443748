"""TODO."""

from datetime import datetime

from chalicelib.aws import table
from chalicelib.aws.table import Write
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed
from chalicelib.jobs.due import NUM_DUE_SHARDS, DueEntry, due_pk

# Of a shard, so many entries are looked at in one sweep: 50 pages of 100.
_MOST_PAGES = 50


def due_before(shard: int, instant: datetime, now: datetime, limit: int) -> list[DueEntry]:
    """Entries that should have happened by `instant` and are not being followed up by a recent sweep."""
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


def put_off(entry: DueEntry, until: datetime) -> None:
    """Leave the entry to whom it was just sent; gone already is fine."""
    try:
        table.transact([Write("update", entry, DueEntry.pk.exists(), (DueEntry.not_before.set(to_text(until)),))])
    except ConditionFailed:
        return
