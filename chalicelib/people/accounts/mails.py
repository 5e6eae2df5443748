"""The mail that proves a new address: its code is made as the mail is written, and kept as a hash only."""

import secrets
from datetime import datetime, timedelta

from chalicelib.notifications.models import Mail
from chalicelib.notifications.rendering import MailContent, Suppressed
from chalicelib.people.accounts import email_change_store as store

GOOD_FOR = timedelta(minutes=30)
_NUM_DIGITS = 8


def email_code(mail: Mail, now: datetime) -> MailContent | Suppressed:
    """Should the mail be written anew, because SES took none at first, the newest code counts."""
    change = store.change_of(mail.about["account_id"])
    if change is None or change.change_id != mail.about["change_id"]:
        return Suppressed("asked_anew")
    code = f"{secrets.randbelow(10**_NUM_DIGITS):0{_NUM_DIGITS}d}"
    if not store.set_code(change, store.hash_of(change.change_id, code), now + GOOD_FOR):
        return Suppressed("asked_anew")
    minutes = str(int(GOOD_FOR.total_seconds() // 60))
    facts = {"email": change.email, "code": code, "minutes": minutes}
    return MailContent(to=change.email, sender_name="Muster", facts=facts)
