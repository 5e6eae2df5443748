"""Due entries for mails: one for each row and event, however many learners get the mail.

They are part of the transaction that they follow from, so that no mail is forgotten, and the sweep picks them up.
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
from chalicelib.training.batches.store import BatchKey


class MailEvent(StrEnum):
    # The row ran: mails go to those it enrolled, and reminders are planned. `detail` is the run.
    RAN = "ran"
    # A due date was set later. `detail` of this event and of the three reminders is the date. When one learner alone
    # has the date, the learner is part of it (`learner_detail`).
    DUE_DATE_SET = "dated"
    DUE_IN_7_DAYS = "due_in_7_days"
    DUE_TOMORROW = "due_tomorrow"
    OVERDUE = "overdue"
    # An admin asked for it. `detail` is the request.
    REMIND = "remind"
    # A row that was scheduled for later failed. `detail` is the instant it was scheduled for.
    FAILED = "failed"


# Days after the due date.
_DAYS_BY_REMINDER = {MailEvent.DUE_IN_7_DAYS: -7, MailEvent.DUE_TOMORROW: -1, MailEvent.OVERDUE: 1}
REMINDERS = frozenset(_DAYS_BY_REMINDER)

# The switches of a launch, as rows keep them.
ENROLLMENT, REMINDERS_ON = "enrollment", "reminders"


def learner_detail(due_by: str, member_id: str) -> str:
    return f"{due_by}~{member_id}"


def parse_detail(detail: str) -> tuple[str, str | None]:
    """The due date of a reminder, and the learner who alone has it; None when all learners of the row have it."""
    due_by, _, member_id = detail.partition("~")
    return due_by, member_id or None


def reminder_day(event: MailEvent, due_by: str) -> date:
    """The day, in the client's zone, on which a reminder of this due date goes out."""
    return date.fromisoformat(due_by) + timedelta(days=_DAYS_BY_REMINDER[event])


def mail_job(
    key: BatchKey, course_id: str | None, event: MailEvent, detail: str, instant: str, within: list[str] | None = None
) -> MailRow:
    return MailRow(
        msp_id=key.msp_id,
        org_id=key.org_id,
        batch_id=key.batch_id,
        course_id=course_id,
        event=event,
        detail=detail,
        due_at=instant,
        within=within,
    )


def enrolled_mail_jobs(key: BatchKey, row: Row) -> list[MailRow]:
    """For the transaction that finishes a row; none when both switches are off."""
    if not row.mails or not row.num_enrolled:
        return []
    return [mail_job(key, row.course_id, MailEvent.RAN, str(int(row.run)), row.enroll_at)]


def due_date_writes(key: BatchKey, row: Row, due_by: str | None, now: datetime) -> list[Write]:
    """For the transaction that gives a row another due date."""
    if not due_by or not row.mails or REMINDERS_ON not in row.mails:
        return []
    return [due.write(mail_job(key, row.course_id, MailEvent.DUE_DATE_SET, due_by, to_text(now)))]


def failed_writes(key: BatchKey, rows: Iterable[Row]) -> list[Write]:
    """For the transaction in which these rows fail: one entry when a row that was scheduled for later is among them.

    An admin who launches for at once, or retries, sees the failure on the screen and gets no mail.
    """
    launched_at = to_text(time_of(key.batch_id))
    instants = [row.enroll_at for row in rows if row.run == 1 and not row.group_id and row.enroll_at > launched_at]
    if not instants:
        return []
    first = min(instants)
    return [due.write(mail_job(key, None, MailEvent.FAILED, first, first))]


def reminder_writes(
    key: BatchKey, course_id: str, detail: str, hour: time, zone: ZoneInfo, now: datetime
) -> list[Write]:
    """Entries for the reminders of this due date that are still to come."""
    writes = []
    due_by, _ = parse_detail(detail)
    for event in _DAYS_BY_REMINDER:
        instant = instant_of(reminder_day(event, due_by), hour, zone)
        if instant > now:
            writes.append(due.write(mail_job(key, course_id, event, detail, to_text(instant))))
    return writes
