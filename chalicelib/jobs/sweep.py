"""The sweeper: sends jobs that are overdue.

A lost schedule or message costs minutes, never an enrollment.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from chalicelib.aws import queues
from chalicelib.aws.queues import Message
from chalicelib.core import observability
from chalicelib.core.clock import to_text
from chalicelib.jobs import due

# Schedules fire within their minute, and a launch ends within API Gateway's 29 s: a message that is later was lost.
OVERDUE_GRACE = timedelta(minutes=2)

# A worker runs for 120 s at most (.chalice/config.json). After this time no run is left that read a row before it was
# cancelled, or a roster before a member left it.
MAX_RUN_TIME = timedelta(seconds=150)

_PER_SHARD = 100

# A shard is begun with so much time left: it takes a few seconds, and the mails are looked after behind the last one.
LEAST_TIME_MS = 15_000


def after_all_runs(now: datetime) -> str:
    """The `due_at` of a job that the sweeper is to send once no run is left that began before `now`."""
    return to_text(now + MAX_RUN_TIME - OVERDUE_GRACE)


def sweep(now: datetime, time_left: Callable[[], int] | None = None) -> int:
    """Send overdue jobs; gives their number. A failure in one shard does not stop the others.

    `time_left` gives the milliseconds that the invocation still has: what is left then waits for the next minute.
    """
    num_sent = 0
    num_failed = 0
    shards = list(due.all_shards())
    # Another shard is first each minute, so that none is always left.
    first = now.minute % len(shards)
    for shard in [*shards[first:], *shards[:first]]:
        if time_left is not None and time_left() < LEAST_TIME_MS:
            observability.warning("sweep ends early; the next one goes on", shard=shard)
            break
        try:
            num_sent += _sweep_shard(shard, now)
        except Exception:
            observability.failure("sweep of a shard failed", shard=shard)
            num_failed += 1
    if num_failed:
        raise RuntimeError(f"{num_failed} shards could not be swept; the next sweep tries again")
    return num_sent


def _sweep_shard(shard: int, now: datetime) -> int:
    entries = due.due_before(shard, now - OVERDUE_GRACE, now, _PER_SHARD)
    queues.jobs().send(Message(entry.job, entry.tenant_id, entry.correlation_id) for entry in entries)
    for entry in entries:
        due.defer(entry, now + due.REQUEUE_DELAY)
    if entries:
        observability.warning("sweeper sent overdue jobs", shard=shard, num_entries=len(entries))
    return len(entries)
