"""Seats of a course: taken with every enrollment, freed by cancel and undo, never more than there are."""

from collections.abc import Mapping
from typing import Any

from chalicelib.aws.table import Write
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.organizations.models import ENTITLEMENTS_SK, Entitlements, SeatCount, seats_sk


def count_write(org_id: str, course_id: str, number: int) -> Write:
    """Take (or, below 0, free) seats that are known to be there."""
    return Write("update", SeatCount(org_pk(org_id), seats_sk(course_id)), None, (SeatCount.taken.add(number),))


def take_write(org_id: str, course_id: str, number: int, limit: int) -> Write:
    """Take seats if so many are free. ConditionFailed when they are not."""
    count = SeatCount(org_pk(org_id), seats_sk(course_id))
    free = SeatCount.taken <= limit - number
    if number <= limit:
        free = free | SeatCount.pk.does_not_exist()
    return Write("update", count, free, (SeatCount.taken.add(number),))


def reserve_writes(org_id: str, course_id: str, number: int, limit: int) -> list[Write]:
    """Take seats under the limit as it was read, 0 for none. ConditionFailed: the first when so many are not free, the
    second when the limit changed.
    """
    seats: Any = Entitlements.seats_by_course[course_id]
    return [
        take_write(org_id, course_id, number, limit) if limit else count_write(org_id, course_id, number),
        Write("check", Entitlements(org_pk(org_id), ENTITLEMENTS_SK), seats == limit),
    ]


def enough_checks(org_id: str, before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, Write]:
    """By course, that the seats it is to have are not fewer than are taken; for those that get fewer than before."""
    lowered = {
        course_id: number
        for course_id, number in after.items()
        if number and (not before.get(course_id) or number < before[course_id])
    }
    return {
        course_id: Write(
            "check",
            SeatCount(org_pk(org_id), seats_sk(course_id)),
            SeatCount.pk.does_not_exist() | (SeatCount.taken <= number),
        )
        for course_id, number in lowered.items()
    }
