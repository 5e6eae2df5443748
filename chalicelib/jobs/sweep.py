"""The sweep: finds jobs that are due and were not done, and sends them.

A lost schedule costs minutes, never an enrollment.
"""

from datetime import datetime, timedelta

from chalicelib.aws import queues
from chalicelib.aws.queues import Message
from chalicelib.core import observability
from chalicelib.core.clock import to_text
from chalicelib.jobs import due

# Schedules fire within their minute, and a launch ends within API Gateway's 29 s: what is older was lost.
OVERDUE_GRACE = timedelta(minutes=2)

# What was just sent gets this long before it is sent again; dead letters come after about an hour.
REQUEUE_DELAY = timedelta(minutes=10)

# A worker ends within 120 s (.chalice/config.json): past that, nobody enrolls for a row that was cancelled, or whom a
# roster no longer has.
MAX_RUN_TIME = timedelta(seconds=150)

_PER_SHARD = 100


def after_all_runs(now: datetime) -> str:
    """The `due_at` of a job that the sweep is to send again when no worker is left that began before `now`."""
    return to_text(now + MAX_RUN_TIME - OVERDUE_GRACE)


def sweep(now: datetime) -> int:
    """Send what is overdue; gives how many entries were. One shard's trouble does not stop the others."""
    num_queued = 0
    num_broken = 0
    for shard in due.all_shards():
        try:
            num_queued += _sweep_shard(shard, now)
        except Exception:
            observability.failure("sweep of a shard broke", shard=shard)
            num_broken += 1
    if num_broken:
        raise RuntimeError(f"{num_broken} shards could not be swept; the next sweep tries again")
    return num_queued


def _sweep_shard(shard: int, now: datetime) -> int:
    entries = due.due_before(shard, now - OVERDUE_GRACE, now, _PER_SHARD)
    for entry in entries:
        queues.jobs().send([Message(entry.job, entry.tenant_id)])
        due.defer(entry, now + REQUEUE_DELAY)
    if entries:
        observability.warning("sweep queued what was overdue", shard=shard, num_entries=len(entries))
    return len(entries)
