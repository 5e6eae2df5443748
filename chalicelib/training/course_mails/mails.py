"""What the mails of a rollout say, and whether they are still true: read when they are sent, in one call."""

from datetime import datetime
from typing import TypeVar

from chalicelib.aws import table
from chalicelib.aws.table import Item
from chalicelib.notifications.models import Mail
from chalicelib.notifications.rendering import MailContent, Suppressed
from chalicelib.people.members.models import Member, member_sk, members_pk
from chalicelib.people.members.states import MemberStatus
from chalicelib.tenants.access import store as access_store
from chalicelib.tenants.access.models import msp_pk
from chalicelib.tenants.admins import store as admins_store
from chalicelib.tenants.courses.models import Course, courses_pk
from chalicelib.tenants.organizations.models import Org, org_sk
from chalicelib.training.batches.explanations import explain
from chalicelib.training.batches.mail_events import REMINDERS
from chalicelib.training.batches.models import (
    Batch,
    Enrollment,
    Row,
    batch_pk,
    batch_sk,
    batches_pk,
    enrollment_sk,
    learner_pk,
    row_sk,
)
from chalicelib.training.batches.states import LIVE, WITH_FAILURES, EnrollmentStatus

I = TypeVar("I", bound=Item)  # noqa: E741


def _read(model: type[I], found: dict[tuple[str, str], Item], key: tuple[str, str]) -> I | None:
    item = found.get(key)
    return item if isinstance(item, model) else None


def to_learner(mail: Mail, now: datetime) -> MailContent | Suppressed:
    """Enrolled, due soon, overdue, reminded: to one learner about one course."""
    about = mail.about
    org_id, member_id, course_id = about["org_id"], about["member_id"], about["course_id"]
    member_key = (members_pk(org_id), member_sk(member_id))
    org_key = (msp_pk(about["msp_id"]), org_sk(org_id))
    course_key = (courses_pk(about["msp_id"]), enrollment_sk(course_id))
    enrollment_key = (learner_pk(org_id, member_id), enrollment_sk(course_id))
    found = table.batch_get(
        [(Member, *member_key), (Org, *org_key), (Course, *course_key), (Enrollment, *enrollment_key)]
    )
    member, org = _read(Member, found, member_key), _read(Org, found, org_key)
    course, enrollment = _read(Course, found, course_key), _read(Enrollment, found, enrollment_key)
    if org is None or course is None:
        return Suppressed("withdrawn")
    if enrollment is None or enrollment.batch_id != about["batch_id"]:
        return Suppressed("not_enrolled")
    if enrollment.status == EnrollmentStatus.COMPLETED:
        return Suppressed("completed")
    if enrollment.status not in LIVE:
        return Suppressed("cancelled")
    if mail.kind in REMINDERS and enrollment.due_by != about.get("due_by"):
        return Suppressed("other_due_date")
    if member is None or member.status != MemberStatus.ACTIVE:
        return Suppressed("not_active")
    if not member.email:
        return Suppressed("no_address")
    if member.mail_blocked:
        return Suppressed("mail_blocked")
    return MailContent(
        to=member.email,
        sender_name=org.name,
        reply_to=org.reply_to,
        may_unsubscribe=True,
        facts={
            "first_name": member.first_name,
            "course": course.title,
            "tenant": org.name,
            "due_by": enrollment.due_by or "",
        },
    )


def part_failed(mail: Mail, now: datetime) -> MailContent | Suppressed:
    """To whoever launched the batch."""
    about = mail.about
    org_id, batch_id = about["org_id"], about["batch_id"]
    org_key, batch_key = (msp_pk(about["msp_id"]), org_sk(org_id)), (batches_pk(org_id), batch_sk(batch_id))
    row_key = (batch_pk(org_id, batch_id), row_sk(about["course_id"]))
    found = table.batch_get([(Org, *org_key), (Batch, *batch_key), (Row, *row_key)])
    org, batch, row = _read(Org, found, org_key), _read(Batch, found, batch_key), _read(Row, found, row_key)
    if org is None or batch is None or row is None or row.status not in WITH_FAILURES:
        return Suppressed("mended")
    msp = access_store.msp(about["msp_id"])
    admin = admins_store.admin(msp_pk(about["msp_id"]), about["account_id"])
    if admin is None or msp is None:
        return Suppressed("not_admin")
    return MailContent(
        to=admin.email,
        sender_name=msp.name,
        facts={
            "tenant": org.name,
            "batch": batch.name,
            "course": row.title,
            "enroll_on": row.enroll_on or row.enroll_at[:10],
            "num_enrolled": str(int(row.num_enrolled)),
            "num_failed": str(int(row.num_failed)),
            "explanation": explain(row.code).text if row.code else "",
        },
    )
