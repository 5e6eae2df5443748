"""What rooms above need to know of an organization while they work, read at that moment."""

from zoneinfo import ZoneInfo

from chalicelib.aws import table
from chalicelib.core.errors import NotFound
from chalicelib.tenants.access.models import msp_pk, org_pk
from chalicelib.tenants.organizations.models import ENTITLEMENTS_SK, Entitlements, Org, SeatCount, org_sk, seats_sk


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


def org_of(msp_id: str, org_id: str) -> Org:
    org = table.get(Org, msp_pk(msp_id), org_sk(org_id), consistent=False)
    if org is None:
        raise NotFound()
    return org


def zone_in(msp_id: str, org_id: str) -> ZoneInfo:
    return ZoneInfo(org_of(msp_id, org_id).time_zone or "UTC")


def zone_of(org: Org) -> ZoneInfo:
    """A client that lost its time zone is not ready, and its rows will fail; until then UTC does."""
    return ZoneInfo(org.time_zone or "UTC")
