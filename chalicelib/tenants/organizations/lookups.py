"""What features above need to know of an organization while they work, read at that moment."""

from collections.abc import Sequence

from chalicelib.aws import table
from chalicelib.tenants.organizations.models import (
    ENTITLEMENTS_SK,
    Entitlements,
    NameClaim,
    SeatCount,
    name_sk,
    org_pk,
    seats_sk,
)

GROUP_KIND = "group"


def entitled_courses(org_id: str) -> frozenset[str]:
    """The courses that this organization may use."""
    item = table.get(Entitlements, org_pk(org_id), ENTITLEMENTS_SK)
    return frozenset(item.seats_by_course.as_dict()) if item else frozenset()  # type: ignore[no-untyped-call]


def seat_limit(org_id: str, course_id: str) -> int | None:
    """How many seats this organization has of a course: 0 is as many as wanted, None that it may not use it."""
    return seat_limit_in(table.get(Entitlements, org_pk(org_id), ENTITLEMENTS_SK), course_id)


def seat_limit_in(item: Entitlements | None, course_id: str) -> int | None:
    seats = item.seats_by_course.as_dict() if item else {}  # type: ignore[no-untyped-call]
    return int(seats[course_id]) if course_id in seats else None


def seats_taken(org_id: str, course_id: str) -> int:
    item = table.get(SeatCount, org_pk(org_id), seats_sk(course_id))
    return int(item.taken) if item else 0


def group_ids_named(org_id: str, names: Sequence[str]) -> list[str]:
    """The groups that have one of these names, compared exactly; names that no group has give nothing."""
    keys = [(NameClaim, org_pk(org_id), name_sk(GROUP_KIND, name)) for name in dict.fromkeys(names)]
    found = table.batch_get(keys, consistent=False)
    return sorted(item.owner_id for item in found.values() if isinstance(item, NameClaim))
