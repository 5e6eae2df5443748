"""Reads and writes of changes of address."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from pynamodb.expressions.condition import Condition

from chalicelib.aws import table
from chalicelib.aws.table import Write
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed
from chalicelib.people.accounts import mailed_code_store
from chalicelib.people.accounts.models import EMAIL_CHANGE_SK, EmailChange, EmailNotice, email_change_pk, notice_sk

# An interrupted change goes on when the same code is entered again: for a day, far longer than a new code is good.
_KEPT_FOR = timedelta(days=1)

# An outage of mail may last for days.
_NOTICE_KEPT_FOR = timedelta(days=7)


def change_of(account_id: str) -> EmailChange | None:
    return table.get(EmailChange, email_change_pk(account_id), EMAIL_CHANGE_SK)


def put_change(account_id: str, change_id: str, email: str, mail: Sequence[Write], now: datetime) -> None:
    """Replaces an earlier change. ConditionFailed when the mail exists: the same request was served before."""
    change = EmailChange(email_change_pk(account_id), EMAIL_CHANGE_SK, change_id=change_id, email=email, ttl=_ttl(now))
    table.transact([Write("put", change), *mail])


def put_notice(account_id: str, change_id: str, old_email: str, mail: Sequence[Write], now: datetime) -> None:
    """Nothing when the old address was told before."""
    ttl = int((now + _NOTICE_KEPT_FOR).timestamp())
    notice = EmailNotice(email_change_pk(account_id), notice_sk(change_id), email=old_email, ttl=ttl)
    with suppress(ConditionFailed):
        table.transact([table.put_new(notice), *mail])


def old_email(account_id: str, change_id: str) -> str | None:
    notice = table.get(EmailNotice, email_change_pk(account_id), notice_sk(change_id))
    return notice.email if notice else None


def set_code(change: EmailChange, code_hash: str, now: datetime) -> bool:
    """False when the account has asked for another change since, or this one was proven."""
    is_open = (EmailChange.change_id == change.change_id) & EmailChange.proven_at.does_not_exist()
    return mailed_code_store.set_code(change, code_hash, now, is_open)


def count_try(change: EmailChange) -> bool:
    """False after too many tries, or when the change or its code is another one by now."""
    return mailed_code_store.count_try(change, _same_code(change))


def prove(change: EmailChange, now: datetime) -> bool:
    """False when the change or its code is another one by now."""
    actions = (EmailChange.proven_at.set(to_text(now)), EmailChange.ttl.set(_ttl(now)))
    return mailed_code_store.updated(Write("update", EmailChange(*change.key), _same_code(change), actions))


def _same_code(change: EmailChange) -> Condition:
    same: Condition = (EmailChange.change_id == change.change_id) & (EmailChange.code_hash == change.code_hash)
    return same


def _ttl(now: datetime) -> int:
    return int((now + _KEPT_FOR).timestamp())
