"""What the running mailers share: the rate limiter's next slot, and the leases of the send workers."""

import time

from chalicelib.aws import table
from chalicelib.aws.table import Write
from chalicelib.core.errors import ConditionFailed
from chalicelib.notifications.models import NEXT_SLOT_SK, SEND_RATE_PK, NextSlot, WorkerLease, worker_sk


class RealTime:
    def now(self) -> int:
        return time.time_ns() // 1000

    def sleep_until(self, instant: int) -> None:
        time.sleep(max(0, instant - self.now()) / 1_000_000)


class StoredSlots:
    def next_slot(self) -> int | None:
        item = table.get(NextSlot, SEND_RATE_PK, NEXT_SLOT_SK)
        return int(item.next_slot) if item else None

    def advance(self, before: int | None, after: int) -> bool:
        unchanged = NextSlot.pk.does_not_exist() if before is None else NextSlot.next_slot == before
        try:
            table.transact([Write("put", NextSlot(SEND_RATE_PK, NEXT_SLOT_SK, next_slot=after), unchanged)])
        except ConditionFailed:
            return False
        return True


def take_lease(number: int, owner: str, now: int, until: int) -> bool:
    """Be this send worker, until `until` at most. False while another process is."""
    lease = WorkerLease(SEND_RATE_PK, worker_sk(number), owner=owner, leased_until=until)
    free = WorkerLease.pk.does_not_exist() | (WorkerLease.leased_until < now) | (WorkerLease.owner == owner)
    try:
        table.transact([Write("put", lease, free)])
    except ConditionFailed:
        return False
    return True


def return_lease(number: int, owner: str) -> None:
    try:
        table.transact([Write("delete", WorkerLease(SEND_RATE_PK, worker_sk(number)), WorkerLease.owner == owner)])
    except ConditionFailed:
        return
