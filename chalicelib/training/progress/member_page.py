"""A member's page: all that they were ever enrolled in here, with why each is there."""

from datetime import datetime

from chalicelib.people.members.states import MemberStatus
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.courses import store as courses_store
from chalicelib.tenants.organizations.lookups import zone_in
from chalicelib.training.batches import enrollment_store
from chalicelib.training.progress.archive import visible_to_admins
from chalicelib.training.progress.reasons import batches_of, ended_by, reason_of
from chalicelib.training.progress.schemas import MemberEnrollmentOut, MemberEnrollmentPage
from chalicelib.training.progress.views import enrollment_out
from chalicelib.web.paging import Pager


def page(scope: Scope, member_id: str, status: MemberStatus, pager: Pager, now: datetime) -> MemberEnrollmentPage:
    """Of an archived member completed ones only: a page can be short and still have a next one."""
    zone = zone_in(scope.msp_id, scope.org)
    found = enrollment_store.enrollments_of(scope.org, member_id, pager.limit, pager.position)
    is_visible = visible_to_admins(status)
    shown = [enrollment for enrollment in found.items if is_visible(enrollment)]
    titles = courses_store.titles(scope.msp_id, {enrollment.course_id for enrollment in shown})
    batches = batches_of(scope.org, shown)
    items = []
    for enrollment in shown:
        title = titles.get(enrollment.course_id, "")
        out = enrollment_out(scope.org, member_id, enrollment, title, zone, now)
        items.append(
            MemberEnrollmentOut(
                **out.model_dump(),
                why=reason_of(enrollment, batches.get(enrollment.batch_id or "")),
                cancelled_at=enrollment.cancelled_at,
                cancelled_by=ended_by(enrollment),
            )
        )
    return MemberEnrollmentPage(items=items, next_cursor=pager.cursor(found.next_position))
