"""The sweep: finds what is due and was not done, and queues it. A lost schedule costs minutes, never an enrollment."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from chalicelib.aws.queues import Message, Queue
from chalicelib.core import observability
from chalicelib.jobs import due_store
from chalicelib.jobs.due import (
    DUE_ARCHIVE,
    DUE_CHANGE,
    DUE_LAUNCH,
    DUE_MAIL,
    DUE_MOVE_DATES,
    DueEntry,
)
from chalicelib.jobs.job import Job
from chalicelib.people.members.events import ArchiveMember, EnrollJoiner
from chalicelib.tenants.organizations.events import MoveDates
from chalicelib.tenants.structure.events import EnrollGroup
from chalicelib.training.auto_enrollment.models import DUE_JOIN, DUE_JOIN_GROUP
from chalicelib.training.batches.mail_events import job_of_due
from chalicelib.training.batches.messages import AdvanceBatch
from chalicelib.training.bulk_changes.messages import StartChange
from chalicelib.training.rollouts.messages import FinishLaunch

# Schedules fire within their minute, and a launch ends within API Gateway's 29 s: what is older was lost.
GRACE = timedelta(minutes=2)

# What was just queued gets this long before it is queued again; dead letters come after about an hour.
PATIENCE = timedelta(minutes=10)

# A worker ends within 120 s (.chalice/config.json): past that, nobody enrolls for a row that was cancelled, or whom a
# roster no longer has.
FENCE = timedelta(seconds=150)

_PER_SHARD = 100


# The message that a due entry of a kind from another feature stands for.
JobsOfOthers = Mapping[str, Callable[[DueEntry], Job]]


class SweepService:
    def __init__(self, queue: Queue, others: JobsOfOthers = MappingProxyType({})) -> None:
        self._queue = queue
        self._others = others

    def sweep(self, now: datetime) -> int:
        """Queue what is overdue; gives how many entries were. One shard's trouble does not stop the others."""
        num_queued = 0
        num_broken = 0
        for shard in due_store.all_shards():
            try:
                num_queued += self._sweep_shard(shard, now)
            except Exception:
                observability.failure("sweep of a shard broke", shard=shard)
                num_broken += 1
        if num_broken:
            raise RuntimeError(f"{num_broken} shards could not be swept; the next sweep tries again")
        return num_queued

    def _sweep_shard(self, shard: int, now: datetime) -> int:
        entries = due_store.due_before(shard, now - GRACE, now, _PER_SHARD)
        for entry in entries:
            job = self._others.get(entry.kind, job_of)(entry)
            self._queue.send([Message(job.body(), entry.org_id or entry.msp_id)])
            due_store.put_off(entry, now + PATIENCE)
        if entries:
            observability.warning("sweep queued what was overdue", shard=shard, num_entries=len(entries))
        return len(entries)


def job_of(entry: DueEntry) -> Job:
    instant = entry.sk.split("#", 1)[0]
    if entry.kind == DUE_LAUNCH:
        return FinishLaunch(msp_id=entry.msp_id, rollout_id=entry.target_id, due_at=instant)
    if entry.kind == DUE_MOVE_DATES:
        return MoveDates(msp_id=entry.msp_id, org_id=entry.target_id, due_at=instant)
    if entry.kind == DUE_MAIL:
        return job_of_due(entry)
    if entry.kind in (DUE_JOIN, DUE_JOIN_GROUP, DUE_ARCHIVE):
        whose, event_id = entry.target_id.split(".")
        tenant = {"msp_id": entry.msp_id, "org_id": str(entry.org_id)}
        if entry.kind == DUE_ARCHIVE:
            return ArchiveMember(**tenant, member_id=whose, archive_id=event_id, due_at=instant)
        if entry.kind == DUE_JOIN:
            return EnrollJoiner(**tenant, member_id=whose, join_id=event_id, due_at=instant, **entry.more)
        return EnrollGroup(**tenant, group_id=whose, join_id=event_id, due_at=instant, **entry.more)
    if entry.kind == DUE_CHANGE:
        batch_id, change_id = entry.target_id.split(".")
        return StartChange(
            msp_id=entry.msp_id, org_id=str(entry.org_id), batch_id=batch_id, change_id=change_id, due_at=instant
        )
    return AdvanceBatch(msp_id=entry.msp_id, org_id=str(entry.org_id), batch_id=entry.target_id, due_at=instant)
