"""What the running mailers share: the rate limiter's next slot, and the leases of the send workers."""

import time

from chalicelib.aws import table
from chalicelib.core.errors import ConditionFailed
from chalicelib.notifications.models import NEXT_SLOT_SK, SEND_RATE_PK, NextSlot, WorkerLease, worker_sk

_NEXT = NextSlot(SEND_RATE_PK, NEXT_SLOT_SK)


class RealTime:
    def now(self) -> int:
        return time.time_ns() // 1000

    def sleep_until(self, instant: int) -> None:
        time.sleep(max(0, instant - self.now()) / 1_000_000)


class StoredSlots:
    """A slot whose answer is lost is let go."""

    def take(self, earliest: int, interval: int) -> int | None:
        after = table.update_if(_NEXT, NextSlot.next_slot >= earliest, NextSlot.next_slot.add(interval))
        return int(after.next_slot) - interval if after else None

    def restart(self, slot: int, interval: int) -> bool:
        is_past = NextSlot.pk.does_not_exist() | (NextSlot.next_slot < slot)
        return table.update_if(_NEXT, is_past, NextSlot.next_slot.set(slot + interval)) is not None


def take_lease(number: int, owner: str, now: int, until: int) -> bool:
    """Be this send worker, until `until` at most. False while another process is."""
    lease = WorkerLease(SEND_RATE_PK, worker_sk(number), owner=owner, leased_until=until)
    free = WorkerLease.pk.does_not_exist() | (WorkerLease.leased_until < now) | (WorkerLease.owner == owner)
    try:
        # After a lost answer it is put again, by the same owner.
        table.put_if(lease, free)
    except ConditionFailed:
        return False
    return True


def return_lease(number: int, owner: str) -> None:
    try:
        table.delete(WorkerLease(SEND_RATE_PK, worker_sk(number)), WorkerLease.owner == owner)
    except ConditionFailed:
        return
