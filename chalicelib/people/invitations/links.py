"""The link in an invitation's mail: what it shows, and a fresh one when it has expired."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.core.clock import to_instant
from chalicelib.core.errors import ConditionFailed, Conflict, DeadLink
from chalicelib.core.ids import new_id
from chalicelib.notifications import outbox
from chalicelib.people.accounts.tries import count_mail
from chalicelib.people.invitations import resend_cancel, store, tokens
from chalicelib.people.invitations.join_settings import refuse_closed
from chalicelib.people.invitations.states import OPEN
from chalicelib.people.invitations.tokens import Token
from chalicelib.people.members.models import Member
from chalicelib.tenants.access.models import OrgPointer
from chalicelib.tenants.organizations import store as orgs_store
from chalicelib.tenants.organizations.models import Org


@dataclass(frozen=True)
class InvitationView:
    """An invitation as its link shows it."""

    msp_id: str
    org: Org
    member: Member
    expired: bool

    @property
    def is_open(self) -> bool:
        return self.member.status in OPEN


def load(text: str, now: datetime) -> InvitationView:
    """The invitation of a link; changes nothing. Raises NotFound for every link that does not work."""
    token = Token.parse(text)
    member, pointer = store.member_and_pointer(token.org_id, token.member_id) if token else (None, None)
    if not tokens.matches(token.secret if token else "", member.invite_hash if member else None):
        raise DeadLink()
    if token is None or member is None:
        raise DeadLink()
    return view_of(member, token.org_id, pointer, now)


def renew(text: str, source: str, now: datetime) -> InvitationView:
    """A fresh link to the same address. Raises NotFound, Conflict while the link is good, TooMany."""
    view = load(text, now)
    if not view.is_open or not view.expired:
        raise Conflict("not_expired", "This invitation has not expired. You can still accept or decline it.")
    if view.member.mail_blocked:
        problem = "We can't send email to this address. Please ask the organization for help."
        raise Conflict("mail_blocked", problem)
    member, org = view.member, view.org
    refuse_closed(org)
    count_mail(str(member.email), source, now, proof=f"{org.org_id}.{member.member_id}")
    expires_at = now + timedelta(days=int(org.invitation_days))
    writes = resend_cancel.renewal(view.msp_id, org.org_id, member, new_id(now), expires_at, now)[1]
    secret_hash = tokens.hash_of(text.rpartition(".")[2])
    try:
        store.commit([*writes, store.renewed_write(secret_hash, org.org_id, member.member_id, now)])
    except ConditionFailed:
        # Pressed twice at the same moment, most likely.
        if renewed(text, now) is None:
            raise
    outbox.wake()
    return view


def renewed(text: str, now: datetime) -> InvitationView | None:
    """The invitation of a link that was replaced by a fresh one at its holder's request."""
    token = Token.parse(text)
    noted = store.renewed(tokens.hash_of(token.secret)) if token else None
    if token is None or noted is None or (noted.org_id, noted.member_id) != (token.org_id, token.member_id):
        return None
    member, pointer = store.member_and_pointer(token.org_id, token.member_id)
    return view_of(member, token.org_id, pointer, now) if member else None


def view_of(member: Member, org_id: str, pointer: OrgPointer | None, now: datetime) -> InvitationView:
    """Raises NotFound when the organization is gone."""
    org = orgs_store.org(pointer.msp_id, org_id) if pointer else None
    if org is None or pointer is None:
        raise DeadLink()
    return InvitationView(pointer.msp_id, org, member, is_expired(member, now))


def is_expired(member: Member, now: datetime) -> bool:
    return member.status in OPEN and bool(member.invite_expires_at) and to_instant(member.invite_expires_at) <= now
