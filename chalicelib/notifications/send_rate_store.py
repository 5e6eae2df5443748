"""The meter's item and the leases of the pumps: what running mailers share."""

import time

from chalicelib.aws import table
from chalicelib.aws.table import Write
from chalicelib.core.errors import ConditionFailed
from chalicelib.notifications.models import PACE_PK, PACE_SK, Pace, PumpLease, pump_sk


class RealTime:
    def now(self) -> int:
        return time.time_ns() // 1000

    def sleep_until(self, instant: int) -> None:
        time.sleep(max(0, instant - self.now()) / 1_000_000)


class StoredSlots:
    def next_slot(self) -> int | None:
        pace = table.get(Pace, PACE_PK, PACE_SK)
        return int(pace.next_slot) if pace else None

    def move_on(self, before: int | None, after: int) -> bool:
        unmoved = Pace.pk.does_not_exist() if before is None else Pace.next_slot == before
        try:
            table.transact([Write("put", Pace(PACE_PK, PACE_SK, next_slot=after), unmoved)])
        except ConditionFailed:
            return False
        return True


def take_pump(number: int, owner: str, now: int, until: int) -> bool:
    """Run this pump until then at most. False while another process does."""
    lease = PumpLease(PACE_PK, pump_sk(number), owner=owner, leased_until=until)
    free = PumpLease.pk.does_not_exist() | (PumpLease.leased_until < now) | (PumpLease.owner == owner)
    try:
        table.transact([Write("put", lease, free)])
    except ConditionFailed:
        return False
    return True


def give_pump_back(number: int, owner: str) -> None:
    try:
        table.transact([Write("delete", PumpLease(PACE_PK, pump_sk(number)), PumpLease.owner == owner)])
    except ConditionFailed:
        return
