"""The one change of address that an account has asked for last: every read and every conditional write."""

import hashlib
from datetime import datetime, timedelta

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition

from chalicelib.aws import table
from chalicelib.aws.table import OutboxItem, Write
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed

# A change that broke off is taken up again by entering the same code: for a day, which is long past its good time.
_KEPT_FOR = timedelta(days=1)


class EmailChange(OutboxItem):
    """`EMAIL_CHANGE#<account>` / `CHANGE`. The hash is absent until the mail with the code was written.

    `proven_at`: the code was entered, and the change may be carried out as often as it takes.
    """

    change_id = UnicodeAttribute()
    email = UnicodeAttribute()
    code_hash = UnicodeAttribute(null=True)
    code_expires_at = UnicodeAttribute(null=True)
    num_tries = NumberAttribute(default=0)
    proven_at = UnicodeAttribute(null=True)
    ttl = NumberAttribute()


def _key(account_id: str) -> tuple[str, str]:
    return f"EMAIL_CHANGE#{account_id}", "CHANGE"


def hash_of(change_id: str, code: str) -> str:
    """Of a code for this change alone."""
    return hashlib.sha256(f"{change_id}\0{code}".encode()).hexdigest()


def change_of(account_id: str) -> EmailChange | None:
    return table.get(EmailChange, *_key(account_id))


def ask_write(account_id: str, change_id: str, email: str, now: datetime) -> Write:
    """In place of whatever was asked before."""
    ttl = int((now + _KEPT_FOR).timestamp())
    return Write("put", EmailChange(*_key(account_id), change_id=change_id, email=email, ttl=ttl))


def set_code(change: EmailChange, code_hash: str, expires_at: datetime) -> bool:
    """False when another change was asked for meanwhile, or this one was proven."""
    actions = (EmailChange.code_hash.set(code_hash), EmailChange.code_expires_at.set(to_text(expires_at)))
    same = (EmailChange.change_id == change.change_id) & EmailChange.proven_at.does_not_exist()
    return _done(Write("update", EmailChange(*change.key), same, actions))


def count_try(change: EmailChange, limit: int) -> bool:
    """False when there were so many already, or it is not this code that is asked for any more."""
    may = _same_code(change) & (EmailChange.num_tries < limit)
    return _done(Write("update", EmailChange(*change.key), may, (EmailChange.num_tries.add(1),)))


def prove(change: EmailChange, now: datetime) -> bool:
    """False when it is not this code that is asked for any more."""
    ttl = int((now + _KEPT_FOR).timestamp())
    actions = (EmailChange.proven_at.set(to_text(now)), EmailChange.ttl.set(ttl))
    return _done(Write("update", EmailChange(*change.key), _same_code(change), actions))


def _same_code(change: EmailChange) -> Condition:
    same: Condition = (EmailChange.change_id == change.change_id) & (EmailChange.code_hash == change.code_hash)
    return same


def _done(write: Write) -> bool:
    try:
        table.transact([write])
    except ConditionFailed:
        return False
    return True
