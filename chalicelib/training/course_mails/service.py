"""The mails of a row: from one due entry to a mail for each of its recipients, page by page.

A mail's id is derived from the event and the learner, so that a redelivered message makes no mail twice. Whether the
mail still applies (the learner is enrolled and has not completed) is checked again when it is sent (mails.py).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from chalicelib.core import observability
from chalicelib.core.clock import to_instant, to_text
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.ids import derived_id
from chalicelib.core.settle import until_settled
from chalicelib.jobs import due, queue
from chalicelib.notifications import outbox
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.tenants.organizations.lookups import org_of, zone_in
from chalicelib.training.batches import enrollment_store
from chalicelib.training.batches import store as batches_store
from chalicelib.training.batches.local_dates import local_date
from chalicelib.training.batches.mail_events import (
    ENROLLMENT,
    REMINDERS,
    REMINDERS_ON,
    MailEvent,
    mail_job,
    parse_detail,
    reminder_day,
)
from chalicelib.training.batches.messages import MailRow
from chalicelib.training.batches.models import Enrollment, Row, enrollment_sk, shards_of_row
from chalicelib.training.batches.states import LIVE, WITH_FAILURES, RowStatus
from chalicelib.training.batches.store import BatchKey
from chalicelib.training.batches.visibility import own_learners, those_in, within_of
from chalicelib.training.course_mails import store
from chalicelib.training.course_mails.member_mails import mail_id_of
from chalicelib.training.course_mails.schemas import RemindOut
from chalicelib.training.course_mails.states import CourseMail

# Mails that one message makes, in about five seconds of inserts.
_PER_MESSAGE = 1250
_PER_PAGE = 250

# "Due tomorrow" is not true the day after: a reminder that an outage delayed for longer than this is not sent.
_RELEVANT_FOR = timedelta(hours=12)

# The index of a row's learners lags behind by seconds at most. After a day, counts differ for another reason.
_COUNTS_AGREE_WITHIN = timedelta(days=1)

# Two presses of a button are one wish.
_REMIND_AGAIN_AFTER = timedelta(minutes=10)

_TRIES = 4

_KIND_BY_EVENT = {
    MailEvent.RAN: CourseMail.ENROLLED,
    MailEvent.REMIND: CourseMail.REMINDER,
    MailEvent.FAILED: CourseMail.PART_FAILED,
}


def run(job: MailRow, now: datetime) -> None:
    """One due entry of a row, or of a batch that failed. Any number of times."""
    if not due.is_current(job):
        return
    key, event = BatchKey(job.msp_id, job.org_id, job.batch_id), MailEvent(job.event)
    if event == MailEvent.FAILED:
        _mail_failures(key, job, now)
        return
    row = batches_store.row(key, str(job.course_id))
    if row is None:
        observability.warning("mails without row", batch_id=job.batch_id, course_id=job.course_id)
    elif not _is_true(row, job):
        observability.warning("mails of what is not so", batch_id=job.batch_id, course_id=job.course_id)
    elif event == MailEvent.DUE_DATE_SET:
        _plan_reminders(key, row, job.detail, now)
    elif event in REMINDERS and now > to_instant(str(job.due_at)) + _RELEVANT_FOR:
        observability.warning("reminder came too late", batch_id=job.batch_id, course_id=job.course_id)
    elif event in REMINDERS and not job.position and not _has_come(key, event, job.detail, now):
        # The client's zone changed since it was planned. The due entry stays, and the sweep sends the job again.
        return
    else:
        if event == MailEvent.RAN and not job.position and REMINDERS_ON in (row.mails or "") and row.due_by:
            _plan_reminders(key, row, row.due_by, now)
        if (event != MailEvent.RAN or ENROLLMENT in (row.mails or "")) and not _mail_page(key, row, job, now):
            return
    due.close(job)


def _is_true(row: Row, job: MailRow) -> bool:
    """What the message claims, by the row as it is. Mails of one learner's own date are checked with the enrollment."""
    event = MailEvent(job.event)
    if event == MailEvent.RAN:
        return row.status not in (RowStatus.SCHEDULED, RowStatus.ENROLLING) or int(job.detail) < row.run
    if event == MailEvent.REMIND:
        # Another that was asked for at once does not take the place of this one: its people may be others.
        return job.detail in (row.reminded_by, *(row.earlier_reminders or ()))
    due_by, member_id = parse_detail(job.detail)
    return REMINDERS_ON in (row.mails or "") and (member_id is not None or due_by == row.due_by)


def _has_come(key: BatchKey, event: MailEvent, detail: str, now: datetime) -> bool:
    today = local_date(now, zone_in(key.msp_id, key.org_id))
    return reminder_day(event, parse_detail(detail)[0]) <= today


def remind(scope: Scope, key: BatchKey, course_id: str, seed: str, now: datetime) -> RemindOut:
    """Mail those who have not completed. The same request again, or another within ten minutes, mails nobody twice.

    By who is limited to departments, of the people who are in these: another by somebody else within ten minutes mails
    those who got none. Raises NotFound, and Conflict when there is nobody to remind.
    """
    return until_settled(lambda: _remind(scope, key, course_id, seed, now), _TRIES)


def _remind(scope: Scope, key: BatchKey, course_id: str, seed: str, now: datetime) -> RemindOut:
    """Raises ConditionFailed when somebody else pressed at the same moment."""
    row = batches_store.row(key, course_id)
    if row is None:
        raise NotFound()
    left = _num_open(scope, key, row)
    is_recent = row.reminded_at is not None and to_instant(row.reminded_at) > now - _REMIND_AGAIN_AFTER
    within = within_of(scope)
    if row.reminded_by == seed or (is_recent and _is_covered(row, within)):
        # An earlier try of the same request wrote the due entry: if its message was lost, the sweep sends it.
        return RemindOut(num_not_completed=left, reminded_at=row.reminded_at)
    if row.status in (RowStatus.SCHEDULED, RowStatus.ENROLLING) or (left is not None and left <= 0):
        raise Conflict("nobody_to_remind", "There is nobody to remind. Everyone in this course has completed it.")
    job = mail_job(key, course_id, MailEvent.REMIND, seed, to_text(now), within)
    if is_recent:
        job = job.model_copy(update={"first": row.reminded_first or row.reminded_by})
    target = f"batch/{key.batch_id}/course/{course_id}"
    audit_entry = AuditEntry(scope.account_id, "course.reminded", target, after={"num_open": left})
    audit.commit(org_pk(key.org_id), audit_entry, store.remind_writes(job, row, seed), now)
    queue.send_soon(job)
    return RemindOut(num_not_completed=left, reminded_at=job.due_at)


def _is_covered(row: Row, within: list[str] | None) -> bool:
    """Whether the latest reminder was for everybody, or for the same departments."""
    return row.reminded_within is None or list(row.reminded_within) == within


def _num_open(scope: Scope, key: BatchKey, row: Row) -> int | None:
    """How many have not completed; None when there are too many to count those of the caller."""
    if scope.department_ids is None:
        return int(row.num_enrolled - row.num_withdrawn - row.num_completed)
    own = own_learners(key, [row], scope.department_ids)
    if own is None:
        return None
    return sum(not isinstance(one, str) and one.status in LIVE for one in own[row.course_id])


def _mail_page(key: BatchKey, row: Row, job: MailRow, now: datetime) -> bool:
    """Queue the mails from the job's position on. False when a later message does the rest."""
    event = MailEvent(job.event)
    _, member_id = parse_detail(job.detail) if event in REMINDERS else ("", None)
    if member_id is not None:
        enrollments = enrollment_store.enrollments_in(key.org_id, row.course_id, [member_id])
        _queue_mails(key, row, job, enrollments.values(), now)
        outbox.wake()
        return True
    shard, _, after = (job.position or "0|").partition("|")
    number, position, num_seen, num_read = int(shard), after or None, job.num_seen, 0
    num_shards = len(shards_of_row(row))
    while number < num_shards and num_read < _PER_MESSAGE:
        page = enrollment_store.learners_of_row(key, row.course_id, number, _PER_PAGE, position)
        num_seen += sum(item.batch_id == key.batch_id for item in page.items)
        _queue_mails(key, row, job, page.items, now)
        num_read += len(page.items)
        position = page.next_position
        number += position is None
    if num_read:
        outbox.wake()
    if number < num_shards:
        following = due.advance(job, f"{number}|{position or ''}", now, num_seen=num_seen)
        queue.send([following] if following else [])
        return False
    if num_seen < row.num_enrolled and now < to_instant(row.enroll_at) + _COUNTS_AGREE_WITHIN:
        # The index lacks learners who were enrolled a moment ago. The due entry stays: the sweep sends the job again.
        observability.info("index of learners is behind", batch_id=key.batch_id, course_id=row.course_id)
        if job.position:
            due.advance(job, "", now, num_seen=0)
        return False
    return True


def _queue_mails(key: BatchKey, row: Row, job: MailRow, enrollments: Iterable[Enrollment], now: datetime) -> None:
    recipients = [enrollment for enrollment in enrollments if _is_recipient(key, row, enrollment, job)]
    if job.within is not None and recipients:
        people = {enrollment_store.member_of(enrollment.pk) for enrollment in recipients}
        own = those_in(key.org_id, job.within, people)
        recipients = [enrollment for enrollment in recipients if enrollment_store.member_of(enrollment.pk) in own]
    mails = dict(_mail(key, row, enrollment, job) for enrollment in recipients)
    if mails:
        event = MailEvent(job.event)
        outbox.put(_KIND_BY_EVENT.get(event) or CourseMail(event), org_pk(key.org_id), mails, now)


def _mail_failures(key: BatchKey, job: MailRow, now: datetime) -> None:
    """One mail per failed course, to the admin who launched the batch."""
    batch = batches_store.batch(key)
    if batch is not None:
        failed = [row for row in batches_store.rows(key) if row.status in WITH_FAILURES and row.run == 1]
        about = {**vars(key), "account_id": batch.created_by}
        mails = {
            derived_id(key.batch_id, CourseMail.PART_FAILED, row.course_id): {**about, "course_id": row.course_id}
            for row in failed
            if row.enroll_at > batch.created_at
        }
        outbox.put(CourseMail.PART_FAILED, org_pk(key.org_id), mails, now)
        outbox.wake()
    due.close(job)


def _plan_reminders(key: BatchKey, row: Row, due_by: str, now: datetime) -> None:
    store.plan_reminders(key, row.course_id, due_by, org_of(key.msp_id, key.org_id), now)


def _is_recipient(key: BatchKey, row: Row, enrollment: Enrollment, job: MailRow) -> bool:
    is_current = enrollment.batch_id == key.batch_id and enrollment.sk == enrollment_sk(row.course_id)
    if not is_current or enrollment.status not in LIVE or enrollment.left_at:
        return False
    return MailEvent(job.event) not in REMINDERS or enrollment.due_by == parse_detail(job.detail)[0]


def _mail(key: BatchKey, row: Row, enrollment: Enrollment, job: MailRow) -> tuple[str, dict[str, Any]]:
    """Its id, and what it is about."""
    member_id = enrollment_store.member_of(enrollment.pk)
    event = MailEvent(job.event)
    # A retry is another run of the same event: who got a mail about the enrollment gets no other.
    detail = "" if event == MailEvent.RAN else job.first or job.detail
    if event in REMINDERS:
        # The same reminder, whether the row has this date or the learner alone.
        detail, _ = parse_detail(job.detail)
    about = {**vars(key), "course_id": row.course_id, "member_id": member_id}
    if event in REMINDERS:
        about["due_by"] = detail
    return mail_id_of(_parent_id(key, job), event, detail, row.course_id, member_id), about


def _parent_id(key: BatchKey, job: MailRow) -> str:
    """Ids sort by their parent's time: a reminder that an admin sends now does not overtake mails that wait already."""
    return job.first or job.detail if job.event == MailEvent.REMIND else key.batch_id
