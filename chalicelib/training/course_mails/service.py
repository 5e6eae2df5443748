"""The mails of a row: from one due entry to a mail for each learner whom it concerns, page by page.

Every mail's id follows from the event and the learner, so that a page that comes again makes none twice. Whether it
is still true (the learner has not completed, is still enrolled) is looked at once more when it is sent.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from chalicelib.aws import table
from chalicelib.aws.table import Write
from chalicelib.core import observability
from chalicelib.core.clock import to_instant, to_text
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.ids import derived_id
from chalicelib.jobs import due, queue
from chalicelib.notifications import outbox
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.tenants.organizations.lookups import org_of, zone_of
from chalicelib.training.batches import enrollment_store
from chalicelib.training.batches import store as batches_store
from chalicelib.training.batches.local_dates import parse_hour
from chalicelib.training.batches.mail_events import (
    ENROLLMENT,
    REMINDERS,
    REMINDERS_ON,
    MailEvent,
    mail_job,
    parse_detail,
    reminder_writes,
)
from chalicelib.training.batches.messages import MailRow
from chalicelib.training.batches.models import Enrollment, Row, enrollment_sk, shards_of_row
from chalicelib.training.batches.states import LIVE, WITH_FAILURES, RowStatus
from chalicelib.training.batches.store import BatchKey
from chalicelib.training.course_mails.member_mails import mail_id_of
from chalicelib.training.course_mails.schemas import RemindOut
from chalicelib.training.course_mails.states import CourseMail

# Mails that one message makes, in about five seconds of inserts.
_PER_MESSAGE = 1250
_PER_PAGE = 250

# "Due tomorrow" is no longer true the day after: what an outage delayed for longer than this is left out.
_RELEVANT_FOR = timedelta(hours=12)

# The index by which a row's learners are found lags behind by seconds at most; after a day, counts differ for
# another reason, and waiting longer helps nobody.
_COUNTS_AGREE_WITHIN = timedelta(days=1)

_KIND_BY_EVENT = {
    MailEvent.RAN: CourseMail.ENROLLED,
    MailEvent.REMIND: CourseMail.REMINDER,
    MailEvent.FAILED: CourseMail.PART_FAILED,
}


def run(job: MailRow, now: datetime) -> None:
    """What one due entry stands for. Any number of times."""
    if not due.is_current(job):
        return
    key, event = BatchKey(job.msp_id, job.org_id, job.batch_id), MailEvent(job.event)
    if event == MailEvent.FAILED:
        _mail_failures(key, job, now)
        return
    row = batches_store.row(key, str(job.course_id))
    if row is None:
        observability.warning("mails without row", batch_id=job.batch_id, course_id=job.course_id)
    elif event == MailEvent.DUE_DATE_SET:
        if REMINDERS_ON in (row.mails or ""):
            _plan_reminders(key, row, job.detail, now)
    elif event in REMINDERS and now > to_instant(str(job.due_at)) + _RELEVANT_FOR:
        observability.warning("reminder is no longer true", batch_id=job.batch_id, course_id=job.course_id)
    else:
        if event == MailEvent.RAN and not job.position and REMINDERS_ON in (row.mails or "") and row.due_by:
            _plan_reminders(key, row, row.due_by, now)
        if (event != MailEvent.RAN or ENROLLMENT in (row.mails or "")) and not _mail_page(key, row, job, now):
            return
    due.close(job)


def remind(key: BatchKey, course_id: str, actor: str, seed: str, now: datetime) -> RemindOut:
    """Mail those who have not completed. Raises NotFound, and Conflict while nobody is enrolled."""
    row = batches_store.row(key, course_id)
    if row is None:
        raise NotFound()
    left = int(row.num_enrolled - row.num_withdrawn - row.num_completed)
    if row.reminded_by == seed:
        # The same request came this far before; should its message be lost, the sweep finds the due entry.
        return RemindOut(num_not_completed=left)
    if row.status in (RowStatus.SCHEDULED, RowStatus.ENROLLING) or left <= 0:
        raise Conflict("nobody_to_remind", "Nobody is enrolled in this course who has not completed it.")
    job = mail_job(key, course_id, MailEvent.REMIND, seed, to_text(now))
    told = AuditEntry(actor, "course.reminded", f"batch/{key.batch_id}/course/{course_id}", after={"num_open": left})
    asked = Write("update", Row(row.pk, row.sk), Row.pk.exists(), (Row.reminded_by.set(seed),))
    audit.commit(org_pk(key.org_id), told, [due.write(job), asked], now)
    queue.send_soon(job)
    return RemindOut(num_not_completed=left)


def _mail_page(key: BatchKey, row: Row, job: MailRow, now: datetime) -> bool:
    """Make the mails from the job's position on. False when the rest is left to a later message."""
    event = MailEvent(job.event)
    _, member_id = parse_detail(job.detail) if event in REMINDERS else ("", None)
    if member_id is not None:
        _queue_mails(
            key, row, job, enrollment_store.enrollments_in(key.org_id, row.course_id, [member_id]).values(), now
        )
        outbox.wake()
        return True
    shard, _, after = (job.position or "0|").partition("|")
    number, position, num_seen, num_made = int(shard), after or None, job.num_seen, 0
    num_shards = len(shards_of_row(row))
    while number < num_shards and num_made < _PER_MESSAGE:
        page = enrollment_store.learners_of_row(key, row.course_id, number, _PER_PAGE, position)
        num_seen += sum(item.batch_id == key.batch_id for item in page.items)
        _queue_mails(key, row, job, page.items, now)
        num_made += len(page.items)
        position = page.next_position
        number += position is None
    if num_made:
        outbox.wake()
    if number < num_shards:
        following = due.advance(job, f"{number}|{position or ''}", now, num_seen=num_seen)
        queue.send([following] if following else [])
        return False
    if num_seen < row.num_enrolled and now < to_instant(row.enroll_at) + _COUNTS_AGREE_WITHIN:
        # Somebody enrolled a moment ago does not show yet: the due entry stays, and the sweep sends us again.
        observability.info("not all learners in sight yet", batch_id=key.batch_id, course_id=row.course_id)
        if job.position:
            due.advance(job, "", now, num_seen=0)
        return False
    return True


def _queue_mails(key: BatchKey, row: Row, job: MailRow, items: Iterable[Enrollment], now: datetime) -> None:
    mails = dict(_mail(key, row, item, job) for item in items if _is_recipient(key, row, item, job))
    if mails:
        event = MailEvent(job.event)
        outbox.put(_KIND_BY_EVENT.get(event) or CourseMail(event), org_pk(key.org_id), mails, now)


def _mail_failures(key: BatchKey, job: MailRow, now: datetime) -> None:
    """One mail per course to whoever launched the batch."""
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
    org = org_of(key.msp_id, key.org_id)
    hour, zone = parse_hour(org.enroll_hour), zone_of(org)
    table.transact(reminder_writes(key, row.course_id, due_by, hour, zone, now))


def _is_recipient(key: BatchKey, row: Row, item: Enrollment, job: MailRow) -> bool:
    if item.batch_id != key.batch_id or item.status not in LIVE or item.sk != enrollment_sk(row.course_id):
        return False
    if item.left_at:
        return False
    return MailEvent(job.event) not in REMINDERS or item.due_by == parse_detail(job.detail)[0]


def _mail(key: BatchKey, row: Row, item: Enrollment, job: MailRow) -> tuple[str, dict[str, Any]]:
    member_id = enrollment_store.member_of(item.pk)
    event = MailEvent(job.event)
    # A retry is another run of the same event: who was told of the enrollment is not told again.
    detail = "" if event == MailEvent.RAN else job.detail
    if event in REMINDERS:
        # Whether the row has this date or the learner alone: it is the same reminder.
        detail, _ = parse_detail(job.detail)
    about = {**vars(key), "course_id": row.course_id, "member_id": member_id}
    if event in REMINDERS:
        about["due_by"] = detail
    return mail_id_of(_parent_id(key, job), event, detail, row.course_id, member_id), about


def _parent_id(key: BatchKey, job: MailRow) -> str:
    """Ids sort by their parent's time: what an admin asks for now does not overtake what waits already."""
    return job.detail if job.event == MailEvent.REMIND else key.batch_id
