"""Reads and writes for course mails. The mails themselves are in the outbox of notifications."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from chalicelib.aws import table
from chalicelib.aws.table import Action, Write
from chalicelib.jobs import due
from chalicelib.people.members.models import Member, member_ref
from chalicelib.tenants.courses.models import Course, course_ref
from chalicelib.tenants.organizations.lookups import zone_of
from chalicelib.tenants.organizations.models import Org, org_ref
from chalicelib.training.batches.local_dates import parse_hour
from chalicelib.training.batches.mail_events import reminder_writes
from chalicelib.training.batches.messages import MailRow
from chalicelib.training.batches.models import Batch, Enrollment, Row, batch_ref, enrollment_ref, row_ref
from chalicelib.training.batches.store import BatchKey

# Of each row, so many reminders are kept for the list of a person's mails.
_MAX_EARLIER_REMINDERS = 20


def rows_of(org_id: str, enrollments: Iterable[Enrollment]) -> dict[tuple[str, str], Row]:
    """The rows that made these enrollments, by batch and course: one call."""
    refs = {
        (enrollment.batch_id, enrollment.course_id): row_ref(org_id, enrollment.batch_id, enrollment.course_id)
        for enrollment in enrollments
        if enrollment.batch_id
    }
    found = table.fetch_mixed(refs.values(), consistent=False) if refs else None
    rows = {key: found.get(ref) for key, ref in refs.items()} if found is not None else {}
    return {key: row for key, row in rows.items() if row is not None}


def learner_and_course(
    about: Mapping[str, str],
) -> tuple[Member | None, Org | None, Course | None, Enrollment | None]:
    """What a mail to a learner is about, as it is now: one call."""
    msp_id, org_id, member_id, course_id = about["msp_id"], about["org_id"], about["member_id"], about["course_id"]
    return table.fetch(
        member_ref(org_id, member_id),
        org_ref(msp_id, org_id),
        course_ref(msp_id, course_id),
        enrollment_ref(org_id, member_id, course_id),
    )


def batch_and_row(about: Mapping[str, str]) -> tuple[Org | None, Batch | None, Row | None]:
    """What a mail about a failed course is about, as it is now: one call."""
    org_id, batch_id = about["org_id"], about["batch_id"]
    return table.fetch(
        org_ref(about["msp_id"], org_id), batch_ref(org_id, batch_id), row_ref(org_id, batch_id, about["course_id"])
    )


def remind_writes(job: MailRow, row: Row, seed: str) -> list[Write]:
    """Write down the job, and on the row the request that it is for, and its limits.

    ConditionFailed when another came first.
    """
    as_read = Row.reminded_by.does_not_exist() if row.reminded_by is None else Row.reminded_by == row.reminded_by
    actions: list[Action] = [
        Row.reminded_by.set(seed),
        Row.reminded_at.set(str(job.due_at)),
        Row.reminded_within.remove() if job.within is None else Row.reminded_within.set(job.within),
        Row.reminded_first.remove() if job.first is None else Row.reminded_first.set(job.first),
    ]
    if row.reminded_by is not None:
        earlier = [*(row.earlier_reminders or ()), row.reminded_by][-_MAX_EARLIER_REMINDERS:]
        actions.append(Row.earlier_reminders.set(earlier))
    requested = Write("update", Row(row.pk, row.sk), Row.pk.exists() & as_read, tuple(actions))
    return [due.write(job), requested]


def plan_reminders(key: BatchKey, course_id: str, detail: str, org: Org, now: datetime) -> None:
    """Due entries for the reminders of this due date that are still to come."""
    table.transact(reminder_writes(key, course_id, detail, parse_hour(org.enroll_hour), zone_of(org), now))
