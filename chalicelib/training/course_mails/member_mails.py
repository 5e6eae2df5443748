"""What became of the mails to one member (B6): of the invitation, and of enrollments and their due dates.

No list of a person's mails is kept: their ids follow from what they are about, so that they are looked up by it.
Reminders that an admin asked for by hand have ids of their own request, and are not among them.
"""

from collections.abc import Iterable

from chalicelib.core.ids import derived_id
from chalicelib.notifications import store as notifications_store
from chalicelib.notifications.explanations import explain
from chalicelib.notifications.models import Mail
from chalicelib.notifications.states import public_state
from chalicelib.people.members import store as members_store
from chalicelib.tenants.access.service import Scope
from chalicelib.training.batches import enrollment_store
from chalicelib.training.batches.mail_events import REMINDERS, MailEvent
from chalicelib.training.batches.models import Enrollment
from chalicelib.training.course_mails.schemas import CourseMailOut, MailPage
from chalicelib.web.paging import Pager

# Four mails an enrollment: one or two calls read what a page is about.
_ENROLLMENTS_AT_ONCE = 25


def mails_of_member(scope: Scope, member_id: str, pager: Pager) -> MailPage:
    """A page is about some enrollments, and may be short or empty; the first has the invitation's mail."""
    limit = min(pager.limit, _ENROLLMENTS_AT_ONCE)
    found = enrollment_store.enrollments_of(scope.org, member_id, limit, pager.position)
    ids = [mail_id for enrollment in found.items for mail_id in _mail_ids(enrollment, member_id)]
    if pager.position is None:
        member = members_store.member(scope.org, member_id)
        ids += [str(member.mail_id)] if member is not None and member.mail_id else []
    mails = notifications_store.mails_by_id(dict.fromkeys(ids)) if ids else {}
    items = sorted(mails.values(), key=lambda mail: str(mail.created_at), reverse=True)
    return MailPage(items=[_out(mail) for mail in items], next_cursor=pager.cursor(found.next_position))


def mail_id_of(batch_id: str, event: MailEvent, detail: str, course_id: str, member_id: str) -> str:
    """The same event makes the same mail to the same learner."""
    return derived_id(batch_id, event, detail, course_id, member_id)


def _mail_ids(enrollment: Enrollment, member_id: str) -> Iterable[str]:
    if not enrollment.batch_id:
        return
    batch_id, course_id = enrollment.batch_id, str(enrollment.sk.split("#")[1])
    yield mail_id_of(batch_id, MailEvent.RAN, "", course_id, member_id)
    if enrollment.due_by:
        for event in sorted(REMINDERS):
            yield mail_id_of(batch_id, event, enrollment.due_by, course_id, member_id)


def _out(mail: Mail) -> CourseMailOut:
    state = public_state(mail.state)
    told = explain(state)
    return CourseMailOut(
        kind=mail.kind,
        course_id=mail.about.get("course_id"),
        state=state,
        reason=mail.reason,
        sentence=told.sentence,
        next_step=told.next_step,
        made_at=mail.created_at,
    )
