"""Reads and writes of erasing. Each write can be done again: what is gone is gone, what is blank stays blank."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chalicelib.aws import table
from chalicelib.aws.table import Write
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.paging import Page
from chalicelib.jobs import due
from chalicelib.notifications.models import (
    NOTICES_PREFIX,
    NOTICES_READ_SK,
    Mail,
    Notice,
    NoticesRead,
    mail_ref,
    notices_pk,
)
from chalicelib.people.accounts.models import (
    EMAIL_CHANGE_SK,
    LOGIN_NAME_SK,
    EmailChange,
    EmailNotice,
    LoginNameClaim,
    email_change_pk,
    login_name_pk,
    notice_sk,
)
from chalicelib.people.members.models import MemberChange, changes_pk
from chalicelib.people.search.models import KeptFilter
from chalicelib.people.uploads.models import Upload, UploadRows, rows_prefix, upload_pk
from chalicelib.reporting.exports.models import Export, export_sk, exports_pk
from chalicelib.reporting.personal_data.messages import EraseMember
from chalicelib.tenants.access.models import AccountEntry, account_pk, membership_sk
from chalicelib.tenants.admins.models import Admin, admin_sk, admins_pk
from chalicelib.training.batches.models import Enrollment
from chalicelib.training.self_enrollment.models import self_enrollments_pk
from chalicelib.training.sessions.calendars.feed_models import (
    FEED_SK,
    FILE_SK,
    CalendarFeed,
    FeedFile,
    FeedToken,
    feed_of_pk,
    feed_pk,
)
from chalicelib.training.sessions.models import (
    SESSIONS_PREFIX,
    Participant,
    Session,
    participant_ref,
    training_pk,
)
from chalicelib.web.idempotency_store import IdempotencyRecord
from chalicelib.web.sessions.models import BrowserSession, session_sk, sessions_pk


def _quietly(*writes: Write) -> bool:
    """False, and nothing is written, when a condition does not hold: the item is gone, or has changed."""
    try:
        table.transact(writes)
    except ConditionFailed:
        return False
    return True


# ---------------------------------------------------------------- uploads


def upload_chunks(upload: Upload) -> list[UploadRows]:
    pk = upload_pk(upload.org_id, upload.import_id)
    return table.query_all(UploadRows, pk, prefix=rows_prefix(upload.judgement_id))


def put_upload_rows(upload: Upload, chunk: UploadRows, rows: Sequence[Any], num_failed: int) -> None:
    """With those that fail from now on. Nothing for rows that were judged anew meanwhile: ConditionFailed."""
    writes = [Write("update", UploadRows(*chunk.key), UploadRows.pk.exists(), (UploadRows.rows.set(list(rows)),))]
    if num_failed:
        unchanged = (Upload.status == upload.status) & (Upload.judgement_id == upload.judgement_id)
        writes.append(Write("update", Upload(*upload.key), unchanged, (Upload.num_failed.add(num_failed),)))
    table.transact(writes)


# ---------------------------------------------------------------- live trainings


def sessions_of(org_id: str, training_id: str, after: str | None) -> Page[Session]:
    pk = training_pk(org_id, training_id)
    return table.query(Session, pk, prefix=SESSIONS_PREFIX, limit=100, after=after, consistent=True)


def participants_in(org_id: str, session_ids: Iterable[str], member_id: str) -> list[Participant]:
    return table.fetch_all(participant_ref(org_id, session_id, member_id) for session_id in session_ids)


def blank_participant(participant: Participant) -> None:
    """What the person said, and what was said of them."""
    actions = (Participant.remark.remove(), Participant.comment.remove())
    _quietly(Write("update", Participant(*participant.key), Participant.pk.exists(), actions))


# ---------------------------------------------------------------- what lies beside the member


def changes_of(org_id: str, member_id: str) -> list[MemberChange]:
    return table.query_all(MemberChange, changes_pk(org_id, member_id))


def keep_of_change(change: MemberChange, before: Mapping[str, Any]) -> None:
    actions = (MemberChange.before.set(dict(before)),)
    _quietly(Write("update", MemberChange(*change.key), MemberChange.pk.exists(), actions))


def put_filter(item: KeptFilter, filter_: Any) -> None:
    """ConditionFailed when it changed since it was read."""
    actions = (KeptFilter.filter.set(filter_), KeptFilter.revision.add(1))
    table.transact([Write("update", KeptFilter(*item.key), KeptFilter.revision == item.revision, actions)])


def exports_of(msp_id: str, org_id: str | None, after: str | None) -> Page[Export]:
    return table.query(Export, exports_pk(msp_id, org_id), prefix=export_sk(""), limit=100, after=after)


def exports_of_account(account_id: str) -> list[Export]:
    return table.query_all(Export, exports_pk("", None, account_id), prefix=export_sk(""))


def drop_export(export: Export) -> None:
    table.transact([Write("delete", Export(*export.key))])


def answers_to(account_id: str, after: str | None) -> Page[IdempotencyRecord]:
    """What was answered to this account's requests in the last day."""
    return table.query(IdempotencyRecord, f"IDEMPOTENCY#{account_id}", after=after, consistent=True)


def put_answer(record: IdempotencyRecord, answer: str) -> None:
    same = IdempotencyRecord.seed == record.seed
    _quietly(Write("update", IdempotencyRecord(*record.key), same, (IdempotencyRecord.answer.set(answer),)))


def admins(tenant_pk: str) -> list[str]:
    """Accounts: a tenant has few."""
    return [one.account_id for one in table.query_all(Admin, admins_pk(tenant_pk), prefix=admin_sk(""))]


def forget_addressees(mail_ids: Iterable[str]) -> None:
    for mail in table.fetch_all(mail_ref(mail_id) for mail_id in mail_ids):
        if mail.to_hash is not None:
            _quietly(Write("update", Mail(*mail.key), Mail.pk.exists(), (Mail.to_hash.remove(),)))


# ---------------------------------------------------------------- the member, and the account


def end(job: EraseMember, writes: Sequence[Write]) -> None:
    """ConditionFailed with index 0 when the member changed since it was read."""
    table.transact([*writes, due.done(job)])


def drop_membership(account_id: str, org_id: str, member_id: str) -> Write:
    return Write("delete", AccountEntry(account_pk(account_id), membership_sk(org_id, member_id)))


def put(write: Write) -> None:
    table.transact([write])


def notices(account_id: str, after: str | None) -> Page[Notice]:
    return table.query(Notice, notices_pk(account_id), prefix=NOTICES_PREFIX, limit=100, after=after, consistent=True)


def drop_notices(items: Iterable[Notice]) -> None:
    for item in items:
        table.transact([Write("delete", Notice(*item.key))])


def has_courses_of_its_own(account_id: str) -> bool:
    return bool(table.query(Enrollment, self_enrollments_pk(account_id), limit=1, consistent=True).items)


def earlier_addresses(account_id: str) -> list[str]:
    """Those that the account had, or asked for, as far as they are still known."""
    pk = email_change_pk(account_id)
    change = table.get(EmailChange, pk, EMAIL_CHANGE_SK)
    notices = table.query_all(EmailNotice, pk, prefix=notice_sk(""))
    return [notice.email for notice in notices] + ([change.email] if change is not None else [])


def drop_account_items(account_id: str) -> None:
    """What lies under the account, but for its roles and memberships, its notices and its courses."""
    pk = email_change_pk(account_id)
    keys: list[Any] = [EmailChange(pk, EMAIL_CHANGE_SK), NoticesRead(notices_pk(account_id), NOTICES_READ_SK)]
    keys += [EmailNotice(*notice.key) for notice in table.query_all(EmailNotice, pk, prefix=notice_sk(""))]
    feed = table.get(CalendarFeed, feed_of_pk(account_id), FEED_SK)
    if feed is not None:
        file_pk = feed_pk(feed.token)
        keys += [FeedFile(file_pk, FILE_SK), FeedToken(file_pk, FEED_SK), CalendarFeed(*feed.key)]
    keys += table.query_all(IdempotencyRecord, f"IDEMPOTENCY#{account_id}")
    keys += table.query_all(BrowserSession, sessions_pk(account_id), prefix=session_sk(""))
    for key in keys:
        table.transact([Write("delete", key)])


def release_login_name(name: str, member_id: str) -> None:
    """Harmless when somebody else has it."""
    claim = LoginNameClaim(login_name_pk(name), LOGIN_NAME_SK)
    _quietly(Write("delete", claim, LoginNameClaim.member_id == member_id))
