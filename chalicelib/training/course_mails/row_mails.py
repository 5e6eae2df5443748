"""The latest mail to each of a page of learners about one course of one batch."""

from collections.abc import Iterator, Sequence
from datetime import date

from chalicelib.notifications import store as notifications_store
from chalicelib.training.batches import store as batches_store
from chalicelib.training.batches.mail_events import REMINDERS, MailEvent
from chalicelib.training.batches.models import Row
from chalicelib.training.batches.store import BatchKey
from chalicelib.training.course_mails.member_mails import mail_id_of, mail_out
from chalicelib.training.course_mails.schemas import CourseMailOut


def latest(key: BatchKey, course_id: str, due_by_member: Sequence[tuple[str, date | None]]) -> dict[str, CourseMailOut]:
    """By member, for those who were mailed: a call for every hundred mails that there may be."""
    row = batches_store.row(key, course_id)
    if row is None or not (row.mails or row.reminded_by):
        return {}
    owners = {
        mail_id: member_id
        for member_id, due_by in due_by_member
        for mail_id in _mail_ids(key, row, member_id, due_by.isoformat() if due_by else None)
    }
    mails = notifications_store.mails_by_id(owners) if owners else {}
    found: dict[str, CourseMailOut] = {}
    for mail_id, mail in sorted(mails.items(), key=lambda pair: str(pair[1].created_at)):
        found[owners[mail_id]] = mail_out(mail)
    return found


def _mail_ids(key: BatchKey, row: Row, member_id: str, due_by: str | None) -> Iterator[str]:
    yield mail_id_of(key.batch_id, MailEvent.RAN, "", row.course_id, member_id)
    if row.reminded_by:
        yield mail_id_of(row.reminded_by, MailEvent.REMIND, row.reminded_by, row.course_id, member_id)
    for event in sorted(REMINDERS) if due_by else ():
        yield mail_id_of(key.batch_id, event, str(due_by), row.course_id, member_id)
