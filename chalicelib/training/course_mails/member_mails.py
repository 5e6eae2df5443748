"""The state of the mails to one member (B6): of invitations, of enrollments and of their due dates.

There is no list of a member's mails. The member keeps the ids of those about invitations, replaced and withdrawn ones
and the welcome among them; a row keeps its reminders that admins sent; the ids of others are derived from what they are
about.
"""

from collections.abc import Iterable, Mapping

from chalicelib.core.ids import derived_id
from chalicelib.notifications import store as notifications_store
from chalicelib.notifications.explanations import explain
from chalicelib.notifications.models import Mail
from chalicelib.notifications.states import public_state
from chalicelib.people.members import store as members_store
from chalicelib.tenants.access.service import Scope
from chalicelib.training.batches import enrollment_store
from chalicelib.training.batches.mail_events import REMINDERS, MailEvent
from chalicelib.training.batches.models import Enrollment, Row
from chalicelib.training.course_mails import store
from chalicelib.training.course_mails.schemas import CourseMailOut, MailPage
from chalicelib.web.paging import Pager

# Four mails for each enrollment: one or two calls read those of a page.
_ENROLLMENTS_AT_ONCE = 25


def mails_of_member(scope: Scope, member_id: str, pager: Pager) -> MailPage:
    """A page is about some enrollments, and may be short or empty. The first has the mails about invitations."""
    limit = min(pager.limit, _ENROLLMENTS_AT_ONCE)
    page = enrollment_store.enrollments_of(scope.org, member_id, limit, pager.position)
    rows = store.rows_of(scope.org, page.items)
    ids = [mail_id for enrollment in page.items for mail_id in _mail_ids(enrollment, member_id, rows)]
    if pager.position is None:
        member = members_store.member(scope.org, member_id)
        ids += [*(member.earlier_mail_ids or ()), member.mail_id or ""] if member is not None else []
    known = dict.fromkeys(filter(None, ids))
    mails = notifications_store.mails_by_id(known) if known else {}
    items = sorted(mails.values(), key=lambda mail: str(mail.created_at), reverse=True)
    return MailPage(items=[mail_out(mail) for mail in items], next_cursor=pager.cursor(page.next_position))


def mail_id_of(batch_id: str, event: MailEvent, detail: str, course_id: str, member_id: str) -> str:
    """The same event and learner give the same id."""
    return derived_id(batch_id, event, detail, course_id, member_id)


def _mail_ids(enrollment: Enrollment, member_id: str, rows: Mapping[tuple[str, str], Row]) -> Iterable[str]:
    if not enrollment.batch_id:
        return
    batch_id, course_id = enrollment.batch_id, enrollment.course_id
    yield mail_id_of(batch_id, MailEvent.RAN, "", course_id, member_id)
    row = rows.get((batch_id, course_id))
    if row is not None:
        for request in (*(row.earlier_reminders or ()), row.reminded_by):
            if request:
                yield mail_id_of(request, MailEvent.REMIND, request, course_id, member_id)
    if enrollment.due_by:
        for event in sorted(REMINDERS):
            yield mail_id_of(batch_id, event, enrollment.due_by, course_id, member_id)


def mail_out(mail: Mail) -> CourseMailOut:
    state = public_state(mail.state)
    explanation = explain(state, mail.reason)
    return CourseMailOut(
        kind=mail.kind,
        course_id=mail.about.get("course_id"),
        state=state,
        reason=mail.reason,
        sentence=explanation.sentence,
        next_step=explanation.next_step,
        made_at=mail.created_at,
    )
