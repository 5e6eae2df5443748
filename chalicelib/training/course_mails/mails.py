"""Builders of course mails. What a mail says, and whether it still applies, is read when it is sent."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chalicelib.core.settings import portal_url
from chalicelib.notifications.models import Mail
from chalicelib.notifications.rendering import MailContent, Suppressed
from chalicelib.people.members.states import MemberStatus
from chalicelib.tenants.access import store as access_store
from chalicelib.tenants.access.models import msp_pk, org_pk
from chalicelib.tenants.admins import store as admins_store
from chalicelib.training.batches.explanations import explain
from chalicelib.training.batches.mail_events import REMINDERS
from chalicelib.training.batches.states import LIVE, WITH_FAILURES, EnrollmentStatus, LaunchedBy
from chalicelib.training.batches.visibility import launched_by
from chalicelib.training.course_mails import store


def to_learner(mail: Mail, now: datetime) -> MailContent | Suppressed:
    """Enrolled, due soon, overdue, reminded: to one learner about one course."""
    about = mail.about
    member, org, course, enrollment = store.learner_and_course(about)
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


def _page_of(about: Mapping[str, Any], *, is_own: bool) -> str:
    """The batch's page in the portal. Who administers several MSPs has to say which."""
    org_id, batch_id = about["org_id"], about["batch_id"]
    if is_own:
        return f"/orgs/{org_id}/training/{batch_id}"
    return f"/msp/training/{org_id}/{batch_id}?msp={about['msp_id']}"


def part_failed(mail: Mail, now: datetime) -> MailContent | Suppressed:
    """To the admin who launched the batch, of the MSP or of the organization."""
    about = mail.about
    org, batch, row = store.batch_and_row(about)
    if org is None or batch is None or row is None or row.status not in WITH_FAILURES:
        return Suppressed("mended")
    is_own = launched_by(batch) == LaunchedBy.ORGANIZATION
    msp = access_store.msp(about["msp_id"])
    tenant_pk = org_pk(about["org_id"]) if is_own else msp_pk(about["msp_id"])
    admin = admins_store.admin(tenant_pk, about["account_id"])
    if admin is None or msp is None:
        return Suppressed("not_admin")
    return MailContent(
        to=admin.email,
        sender_name=org.name if is_own else msp.name,
        facts={
            "tenant": org.name,
            "batch": batch.name,
            "course": row.title,
            "enroll_on": row.enroll_on or row.enroll_at[:10],
            "num_enrolled": str(int(row.num_enrolled)),
            "num_failed": str(int(row.num_failed)),
            "explanation": explain(row.code).text if row.code else "",
            "link": portal_url() + _page_of(about, is_own=is_own),
        },
    )
