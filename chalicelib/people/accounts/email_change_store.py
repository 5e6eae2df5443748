"""The latest change of address that an account asked for: every read and conditional write."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition

from chalicelib.aws import table
from chalicelib.aws.table import Write
from chalicelib.core.clock import to_text
from chalicelib.people.accounts import mailed_code_store
from chalicelib.people.accounts.mailed_code_store import CodedRequest
from chalicelib.tenants.admins.models import Admin

# A change that broke off is taken up again by entering the same code: for a day, which is long past its good time.
_KEPT_FOR = timedelta(days=1)


class EmailChange(CodedRequest):
    """`EMAIL_CHANGE#<account>` / `CHANGE`.

    `proven_at`: the code was entered, and the change may be carried out as often as it takes.
    """

    change_id = UnicodeAttribute()
    email = UnicodeAttribute()
    proven_at = UnicodeAttribute(null=True)
    ttl = NumberAttribute()


def _key(account_id: str) -> tuple[str, str]:
    return f"EMAIL_CHANGE#{account_id}", "CHANGE"


def change_of(account_id: str) -> EmailChange | None:
    return table.get(EmailChange, *_key(account_id))


def ask_write(account_id: str, change_id: str, email: str, now: datetime) -> Write:
    """It replaces an earlier one."""
    ttl = int((now + _KEPT_FOR).timestamp())
    return Write("put", EmailChange(*_key(account_id), change_id=change_id, email=email, ttl=ttl))


def set_code(change: EmailChange, code_hash: str, now: datetime) -> bool:
    """False when another change was asked for meanwhile, or this one was proven."""
    same = (EmailChange.change_id == change.change_id) & EmailChange.proven_at.does_not_exist()
    return mailed_code_store.set_code(change, code_hash, now, same)


def count_try(change: EmailChange) -> bool:
    """False after too many tries, or when another code is asked for by now."""
    return mailed_code_store.count_try(change, _same_code(change))


def prove(change: EmailChange, now: datetime) -> bool:
    """False when another code is asked for by now."""
    ttl = int((now + _KEPT_FOR).timestamp())
    actions = (EmailChange.proven_at.set(to_text(now)), EmailChange.ttl.set(ttl))
    return mailed_code_store.updated(Write("update", EmailChange(*change.key), _same_code(change), actions))


def _same_code(change: EmailChange) -> Condition:
    same: Condition = (EmailChange.change_id == change.change_id) & (EmailChange.code_hash == change.code_hash)
    return same


def put_change(account_id: str, change_id: str, email: str, mail: Sequence[Write], now: datetime) -> None:
    """With its mail. ConditionFailed when the same request came this far before."""
    table.transact([ask_write(account_id, change_id, email, now), *mail])


def admin_write(admin: Admin, email: str) -> Write:
    return Write("update", Admin(*admin.key), Admin.pk.exists(), (Admin.email.set(email),))
