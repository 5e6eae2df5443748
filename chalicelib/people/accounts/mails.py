"""The mail that proves a new address: its code is made when the mail is written, and only its hash is kept."""

from datetime import datetime

from chalicelib.notifications.models import Mail
from chalicelib.notifications.rendering import MailContent, Suppressed
from chalicelib.people.accounts import email_change_store, mailed_codes


def email_code(mail: Mail, now: datetime) -> MailContent | Suppressed:
    """If the mail is written again, because SES took none at first, the newest code counts."""
    change = email_change_store.change_of(mail.about["account_id"])
    if change is None or change.change_id != mail.about["change_id"]:
        return Suppressed("asked_anew")
    code = mailed_codes.new_code()
    if not email_change_store.set_code(change, mailed_codes.hash_of(change.change_id, code), now):
        return Suppressed("asked_anew")
    facts = {"email": change.email, "code": code, "minutes": str(mailed_codes.MINUTES)}
    return MailContent(to=change.email, sender_name="Muster", facts=facts)


def email_changed(mail: Mail, now: datetime) -> MailContent | Suppressed:
    """To the old address."""
    old_email = email_change_store.old_email(mail.about["account_id"], mail.about["change_id"])
    if old_email is None:
        return Suppressed("asked_too_long_ago")
    return MailContent(to=old_email, sender_name="Muster", facts={"email": old_email})
