"""Contents of mails about invitations. The link's secret is made when the mail is sent, and only its hash is kept."""

from datetime import datetime
from zoneinfo import ZoneInfo

from chalicelib.core.addresses import mailable
from chalicelib.core.clock import to_instant
from chalicelib.core.ids import short_hash
from chalicelib.core.settings import settings
from chalicelib.core.settle import until_settled
from chalicelib.notifications import store as notifications_store
from chalicelib.notifications.models import Mail
from chalicelib.notifications.rendering import MailContent, Suppressed
from chalicelib.notifications.states import MailState, blocks_further_mail
from chalicelib.people.invitations import store, tokens
from chalicelib.people.invitations.states import OPEN, InvitationMail
from chalicelib.people.invitations.tokens import Token
from chalicelib.people.members import store as members_store
from chalicelib.people.members.models import Member
from chalicelib.people.members.states import MemberStatus
from chalicelib.tenants.organizations.models import Org

_TRIES = 4

_ARRIVED = frozenset({MailState.DELIVERED, MailState.COMPLAINED})

_INVITES = frozenset({InvitationMail.INVITATION.value, InvitationMail.AGAIN.value})

# The person has, or may have, got the invitation's mail.
_MAY_HAVE_ARRIVED = frozenset({MailState.SENDING, MailState.UNKNOWN, MailState.SENT, MailState.DELIVERED})


def invitation(mail: Mail, now: datetime) -> MailContent | Suppressed:
    """Writes the hash of a new secret to the member. That is safe: no earlier mail of this invitation was sent."""
    org_id, member_id = mail.about["org_id"], mail.about["member_id"]

    def step() -> MailContent | Suppressed:
        org, member = _load(mail)
        if org is None or member is None or member.invite_id != mail.about["invite_id"]:
            return Suppressed("replaced")
        if member.status not in OPEN:
            return Suppressed(f"is_{member.status}")
        if org.closed_at:
            # Nobody can accept it.
            return Suppressed("client_closed")
        if member.mail_blocked:
            return Suppressed("mail_blocked")
        secret = tokens.new_secret()
        members_store.set_invite_hash(member, tokens.hash_of(secret))
        link = f"{settings().public_url}/invites/{Token(org_id, member_id, secret).text}"
        expires = to_instant(str(member.invite_expires_at)).astimezone(ZoneInfo(org.time_zone or "UTC"))
        guide = f"{settings().public_url}/guide"
        return _content(org, member, link=link, guide_url=guide, expires_on=str(expires.date()))

    return until_settled(step, _TRIES)


def cancelled(mail: Mail, now: datetime) -> MailContent | Suppressed:
    """Only to a person who has, or may have, got the invitation's mail."""
    org, member = _load(mail)
    if org is None or member is None or member.status != MemberStatus.CANCELLED or member.mail_blocked:
        return Suppressed("not_cancelled")
    sent = notifications_store.mail(mail.about["invitation_mail_id"])
    if sent is None or sent.state not in _MAY_HAVE_ARRIVED:
        return Suppressed("was_not_invited_by_mail")
    return _content(org, member)


def welcome(mail: Mail, now: datetime) -> MailContent | Suppressed:
    org, member = _load(mail)
    if org is None or member is None or member.status != MemberStatus.ACTIVE or member.mail_blocked:
        return Suppressed("not_active")
    return _content(org, member, first_name=member.first_name)


def on_mail_event(mail: Mail) -> None:
    """A delivered invitation becomes pending; a bounce or complaint blocks further mail to the member.

    Who complains must have got the mail, whether or not SES said that it was delivered.
    """
    if "member_id" not in mail.about:
        return
    org_id, member_id, state = mail.about["org_id"], mail.about["member_id"], MailState(mail.state)
    if state in _ARRIVED and mail.kind in _INVITES:
        members_store.note_arrival(org_id, member_id, mail.about["invite_id"])
    if not blocks_further_mail(state, int(mail.rank)):
        return

    def step() -> None:
        member = members_store.member(org_id, member_id)
        if member is not None and not member.mail_blocked and _is_current(mail, member):
            members_store.update(org_id, member, members_store.copy_with(member, mail_blocked=state.value))

    until_settled(step, _TRIES)


def _is_current(mail: Mail, member: Member) -> bool:
    """False for a mail to an earlier address, or of an invitation that was sent again since: it blocks nothing."""
    if mail.to_hash and mail.to_hash != short_hash(mailable(str(member.email)) or ""):
        return False
    return mail.kind not in _INVITES or mail.about["invite_id"] == member.invite_id


def _load(mail: Mail) -> tuple[Org | None, Member | None]:
    return store.org_and_member(mail.about["msp_id"], mail.about["org_id"], mail.about["member_id"])


def _content(org: Org, member: Member, **facts: str) -> MailContent:
    return MailContent(
        to=str(member.email),
        sender_name=org.name,
        reply_to=org.reply_to,
        may_unsubscribe=True,
        facts={"tenant": org.name, **facts},
    )
