"""The certificate of a course, in the transaction that completes it."""

from datetime import datetime

from chalicelib.aws.table import Write
from chalicelib.core.clock import to_instant
from chalicelib.core.ids import new_id
from chalicelib.people.members import store as members_store
from chalicelib.tenants.courses.models import Course
from chalicelib.tenants.organizations.lookups import zone_of
from chalicelib.tenants.organizations.models import Org
from chalicelib.training.batches.states import EnrollmentStatus
from chalicelib.training.certificates import issue, reissue
from chalicelib.training.certificates.issue import Completed
from chalicelib.training.certificates.models import holder_pk
from chalicelib.training.progress.enrollment_ids import EnrollmentId
from chalicelib.training.progress.store import Values


def is_certified(course: Course, values: Values) -> bool:
    return bool(course.certificate) and values.get("status") == EnrollmentStatus.COMPLETED


def completed(course: Course, values: Values) -> Completed:
    months = int(course.certificate_months) if course.certificate_months else None
    return Completed(f"course/{course.course_id}", course.title, to_instant(values["completed_at"]), months)


def certificate_writes(
    org: Org, course: Course, enrollment_id: EnrollmentId, values: Values, now: datetime
) -> list[Write]:
    """None when these values complete nothing, or the course has no certificate.

    A completed course whose date is corrected has its certificate issued again.
    """
    if course.certificate and "completed_at" in values and "status" not in values:
        pk = holder_pk(enrollment_id.org_id, enrollment_id.member_id)
        completed_on = to_instant(values["completed_at"]).astimezone(zone_of(org)).date()
        return reissue.writes_of(pk, f"course/{course.course_id}", new_id(now), completed_on, now)
    if not is_certified(course, values):
        return []
    member = members_store.member(enrollment_id.org_id, enrollment_id.member_id)
    return issue.writes([issue.to_member(org, member, completed(course, values), now)]) if member else []
