"""Due entries for mails: one per row and event, however many learners it will be about.

They are written with what they follow from, so that no mail is forgotten, and swept like everything that is due.
"""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from chalicelib.aws.table import Write
from chalicelib.core.clock import to_text
from chalicelib.core.ids import time_of
from chalicelib.jobs import due
from chalicelib.training.batches.local_dates import instant_of
from chalicelib.training.batches.messages import MailRow
from chalicelib.training.batches.models import Row


class MailEvent(StrEnum):
    # The row ran: mails to those it enrolled, and reminders are planned. `detail` is the run.
    RAN = "ran"
    # A due date was set later. `detail` of this and of the three that it plans is that date; of a date that one
    # learner has alone, also who (`own_detail`).
    DUE_DATE_SET = "dated"
    DUE_IN_7_DAYS = "due_in_7_days"
    DUE_TOMORROW = "due_tomorrow"
    OVERDUE = "overdue"
    # An admin asked for it. `detail` is the request.
    REMIND = "remind"
    # A scheduled part of the batch failed. `detail` is the instant it was scheduled for.
    FAILED = "failed"


# Days after the due date.
_DAY_BY_REMINDER = {MailEvent.DUE_IN_7_DAYS: -7, MailEvent.DUE_TOMORROW: -1, MailEvent.OVERDUE: 1}
REMINDERS = frozenset(_DAY_BY_REMINDER)

# The switches of a launch, as rows keep them.
ENROLLMENT, REMINDERS_ON = "enrollment", "reminders"


def learner_detail(due_by: str, member_id: str) -> str:
    return f"{due_by}~{member_id}"


def parse_detail(detail: str) -> tuple[str, str | None]:
    """The due date that reminders are about, and the learner who has it alone; None for all who have it."""
    due_by, _, member_id = detail.partition("~")
    return due_by, member_id or None


def mail_job(
    msp_id: str, org_id: str, batch_id: str, course_id: str | None, event: MailEvent, detail: str, instant: str
) -> MailRow:
    return MailRow(
        msp_id=msp_id,
        org_id=org_id,
        batch_id=batch_id,
        course_id=course_id,
        event=event,
        detail=detail,
        due_at=instant,
    )


def enrolled_mail_jobs(msp_id: str, org_id: str, batch_id: str, row: Row) -> list[MailRow]:
    """For the transaction that ends a row; nothing when both switches are off."""
    if not row.mails or not row.num_enrolled:
        return []
    return [mail_job(msp_id, org_id, batch_id, row.course_id, MailEvent.RAN, str(int(row.run)), row.enroll_at)]


def due_date_writes(
    msp_id: str, org_id: str, batch_id: str, row: Row, due_by: str | None, now: datetime
) -> list[Write]:
    """For the transaction that gives a row another due date."""
    if not due_by or not row.mails or REMINDERS_ON not in row.mails:
        return []
    job = mail_job(msp_id, org_id, batch_id, row.course_id, MailEvent.DUE_DATE_SET, due_by, to_text(now))
    return [due.write(job)]


def failed_writes(msp_id: str, org_id: str, batch_id: str, rows: Iterable[Row]) -> list[Write]:
    """For the transaction in which these rows fail: one entry when scheduled parts are among them.

    What was launched for at once, and what an admin retries, fails before that admin's eyes.
    """
    launched_at = to_text(time_of(batch_id))
    instants = [row.enroll_at for row in rows if row.run == 1 and not row.group_id and row.enroll_at > launched_at]
    if not instants:
        return []
    first = min(instants)
    return [due.write(mail_job(msp_id, org_id, batch_id, None, MailEvent.FAILED, first, first))]


def reminder_writes(
    msp_id: str, org_id: str, batch_id: str, course_id: str, detail: str, hour: time, zone: ZoneInfo, now: datetime
) -> list[Write]:
    """Entries for the reminders of this due date that are still to come."""
    writes = []
    due_by, _ = parse_detail(detail)
    for event, days in _DAY_BY_REMINDER.items():
        instant = instant_of(date.fromisoformat(due_by) + timedelta(days=days), hour, zone)
        if instant > now:
            job = mail_job(msp_id, org_id, batch_id, course_id, event, detail, to_text(instant))
            writes.append(due.write(job))
    return writes
