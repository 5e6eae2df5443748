"""Another address for an account: proven by a code, then changed everywhere. Memberships and their history stay.

Cognito comes first, then each organization in its own transaction. A change that was interrupted goes on when the same
code is entered again: what was done stays as it is.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.aws.identity import identity
from chalicelib.core.clock import to_instant
from chalicelib.core.errors import ConditionFailed, Forbidden
from chalicelib.core.ids import derived_id
from chalicelib.core.settle import until_settled
from chalicelib.core.text import normalized
from chalicelib.notifications import outbox
from chalicelib.people.accounts import email_change_store, mailed_codes
from chalicelib.people.accounts.email_change_schemas import EmailChanged, KeptIn
from chalicelib.people.accounts.login import account_exists, log_in, wrong_code
from chalicelib.people.accounts.models import EmailChange
from chalicelib.people.accounts.states import EMAIL_CHANGED, EMAIL_CODE
from chalicelib.people.accounts.tries import count_mail, counted
from chalicelib.people.members import store as members_store
from chalicelib.people.members.invited_store import close_invitation_write, open_invitation_write
from chalicelib.people.members.states import INVITED
from chalicelib.tenants.access import store as access_store
from chalicelib.tenants.access.models import AccountEntry, account_pk, msp_pk, org_pk
from chalicelib.tenants.admins import store as admins_store
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.tenants.organizations import store as orgs_store

_TRIES = 4

# A log-in proves for so long that the person is at the keyboard.
_FRESH_FOR = timedelta(minutes=10)


@dataclass(frozen=True)
class Asker:
    """The account that asks: its present address, and when the person last proved to be it."""

    account_id: str
    email: str | None
    logged_in_at: datetime | None


def ask(asker: Asker, email: str, password: str | None, source: str, seed: str, now: datetime) -> None:
    """Mail a code to the new address, whether or not it belongs to an account already.

    A session that somebody left open is not enough: raises Forbidden `log_in_again` without a fresh log-in or the
    password, Unauthorized for a wrong one, TooMany.
    """
    account_id = asker.account_id
    _prove(asker, password, source, now)
    count_mail(email, source, now, proof=account_id)
    change_id = derived_id(seed, EMAIL_CODE)
    about = {"account_id": account_id, "change_id": change_id}
    mail = outbox.writes(change_id, EMAIL_CODE, account_pk(account_id), about, now)
    try:
        email_change_store.put_change(account_id, change_id, email, mail, now)
    except ConditionFailed:
        # The same request was served before.
        return
    outbox.wake()


def _prove(asker: Asker, password: str | None, source: str, now: datetime) -> None:
    if asker.logged_in_at is not None and asker.logged_in_at > now - _FRESH_FOR:
        return
    if asker.email is None:
        # A password proves by an address.
        raise Forbidden("Log out and log in again, then add your address within ten minutes.", "log_in_again")
    if password is None:
        raise Forbidden("Log in again, or send your password, to change your address.", "log_in_again")
    log_in(asker.email, password, source, now)


def confirm(account_id: str, old_email: str | None, code: str, source: str, now: datetime) -> EmailChanged:
    """Raises Invalid `wrong_code`, Conflict `account_exists`, TooMany."""
    with counted(account_id, source, now):
        change = email_change_store.change_of(account_id)
        if change is None or not _is_proven(change, code, now):
            raise wrong_code()
    if not identity().give_address(account_id, change.email):
        raise account_exists()
    if old_email is not None and normalized(old_email) != normalized(change.email):
        _tell(account_id, change.change_id, old_email, now)
    kept_in = []
    for entry in access_store.entries_of(account_id):
        if entry.role:
            _move_admin(account_id, entry, change.email, now)
        elif entry.org_id and entry.member_id and not _move_member(account_id, entry, change.email, now):
            org = orgs_store.org(entry.msp_id, entry.org_id)
            kept_in.append(KeptIn(org_id=entry.org_id, name=org.name if org else ""))
    return EmailChanged(email=change.email, kept_in=kept_in)


def _tell(account_id: str, change_id: str, old_email: str, now: datetime) -> None:
    """The old address, so that nobody loses an account without knowing."""
    mail_id = derived_id(change_id, EMAIL_CHANGED)
    about = {"account_id": account_id, "change_id": change_id}
    mail = outbox.writes(mail_id, EMAIL_CHANGED, account_pk(account_id), about, now)
    email_change_store.put_notice(account_id, change_id, old_email, mail, now)
    outbox.wake()


def _is_proven(change: EmailChange, code: str, now: datetime) -> bool:
    is_right = mailed_codes.matches(change.change_id, code, change.code_hash)
    if change.proven_at or not change.code_expires_at:
        return is_right
    if to_instant(change.code_expires_at) <= now or not email_change_store.count_try(change):
        return False
    return is_right and email_change_store.prove(change, now)


def _move_member(account_id: str, entry: AccountEntry, email: str, now: datetime) -> bool:
    """False when another member of the organization has this address: this one keeps the old address there."""
    org_id, member_id = str(entry.org_id), str(entry.member_id)

    def step() -> bool:
        member = members_store.member(org_id, member_id)
        if member is None or normalized(member.email or "") == normalized(email):
            return True
        owner = members_store.members_by_address(org_id, [email]).get(normalized(email))
        if owner is not None and owner.member_id != member_id:
            return False
        after = members_store.copy_with(member, email=email, mail_blocked=None)
        writes = members_store.change_writes(org_id, member, after, now)
        if member.email:
            writes.append(close_invitation_write(org_id, member_id, member.email))
        if member.status in INVITED:
            # Of who was here before and is invited again: the invitation is found at the new address.
            writes.append(open_invitation_write(entry.msp_id, org_id, member_id, email))
        audit.commit(org_pk(org_id), _audit_entry(account_id, f"member/{member_id}"), writes, now)
        return True

    return until_settled(step, _TRIES)


def _move_admin(account_id: str, entry: AccountEntry, email: str, now: datetime) -> None:
    """The list of admins shows addresses, and mails to admins go to them."""
    tenant_pk = org_pk(entry.org_id) if entry.org_id else msp_pk(entry.msp_id)

    def step() -> None:
        admin = admins_store.admin(tenant_pk, account_id)
        if admin is None or admin.email == normalized(email):
            return
        writes = [admins_store.email_write(admin, normalized(email))]
        audit.commit(tenant_pk, _audit_entry(account_id, f"admin/{account_id}"), writes, now)

    until_settled(step, _TRIES)


def _audit_entry(account_id: str, target: str) -> AuditEntry:
    """Without addresses: the audit trail outlives the erasure of a person."""
    return AuditEntry(account_id, "email.changed", target)
