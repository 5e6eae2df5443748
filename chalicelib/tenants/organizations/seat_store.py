"""Entitlements of an organization and the seats of its courses.

Every enrollment takes a seat; cancel and undo free it. No more seats are taken than the limit.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from pynamodb.expressions.update import Action

from chalicelib.aws import table
from chalicelib.aws.table import Ref, Write
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.organizations.models import ENTITLEMENTS_SK, Entitlements, SeatCount, seats_sk


def entitlements(org_id: str) -> Entitlements:
    """Empty when the organization has none yet."""
    current = table.get(Entitlements, org_pk(org_id), ENTITLEMENTS_SK)
    return current or Entitlements(org_pk(org_id), ENTITLEMENTS_SK, seats_by_course={})


def seats_of(entitlements: Entitlements | None) -> dict[str, int]:
    """Seats by course id; 0 is no limit."""
    return dict(entitlements.seats_by_course.as_dict()) if entitlements else {}  # type: ignore[no-untyped-call]


def entitle_write(current: Entitlements, seats_by_course: Mapping[str, int]) -> Write:
    """Replace the entitlements that were read. ConditionFailed when they are others by now."""
    unchanged = Entitlements.seats_by_course == current.seats_by_course
    if not seats_of(current):
        unchanged = unchanged | Entitlements.pk.does_not_exist()
    return Write("put", Entitlements(current.pk, current.sk, seats_by_course=dict(seats_by_course)), unchanged)


def entitled_courses(org_id: str) -> frozenset[str]:
    """The ids of the courses that this organization may use."""
    return frozenset(seats_of(table.get(Entitlements, org_pk(org_id), ENTITLEMENTS_SK)))


def seat_limit(org_id: str, course_id: str) -> int | None:
    """How many seats this organization has of a course: 0 is no limit, None that it may not use the course."""
    return seat_limit_in(table.get(Entitlements, org_pk(org_id), ENTITLEMENTS_SK), course_id)


def seat_limit_in(entitlements: Entitlements | None, course_id: str) -> int | None:
    seats_by_course = seats_of(entitlements)
    return int(seats_by_course[course_id]) if course_id in seats_by_course else None


def seats_taken(org_id: str, course_id: str) -> int:
    count = table.get(SeatCount, org_pk(org_id), seats_sk(course_id))
    return int(count.taken) if count else 0


def seats_taken_of(org_id: str, course_ids: Iterable[str]) -> dict[str, int]:
    """The seats taken of each of these courses."""
    course_ids = list(course_ids)
    counts = table.fetch_all(Ref(SeatCount, org_pk(org_id), seats_sk(course_id)) for course_id in course_ids)
    return dict.fromkeys(course_ids, 0) | {_course_of(count): int(count.taken) for count in counts}


def _course_of(count: SeatCount) -> str:
    return count.sk.removeprefix(seats_sk(""))


def count_write(org_id: str, course_id: str, number: int) -> Write:
    """Take this many seats without a check; below 0, free them. With 0, only their enrollments changed."""
    return Write("update", SeatCount(org_pk(org_id), seats_sk(course_id)), None, _counted(number))


def take_write(org_id: str, course_id: str, number: int, limit: int) -> Write:
    """Take this many seats. ConditionFailed when fewer are free."""
    free = SeatCount.taken <= limit - number
    if number <= limit:
        free = free | SeatCount.pk.does_not_exist()
    return Write("update", SeatCount(org_pk(org_id), seats_sk(course_id)), free, _counted(number))


def _counted(number: int) -> tuple[Action, ...]:
    return (SeatCount.taken.add(number), SeatCount.changes.add(1))


def reserve_writes(org_id: str, course_id: str, number: int, limit: int) -> list[Write]:
    """Take seats under the limit as it was read, 0 for none.

    ConditionFailed: the first when so many are not free, the second when the limit changed.
    """
    seats: Any = Entitlements.seats_by_course[course_id]
    return [
        take_write(org_id, course_id, number, limit) if limit else count_write(org_id, course_id, number),
        Write("check", Entitlements(org_pk(org_id), ENTITLEMENTS_SK), seats == limit),
    ]


def limit_checks(org_id: str, before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, Write]:
    """By course id, a check that no more seats are taken than the new limit. Only for limits that become lower."""
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
