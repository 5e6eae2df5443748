"""What mails about invitations say, read when they are sent; the link's secret is made then, and only its hash kept."""

from datetime import datetime
from zoneinfo import ZoneInfo

from chalicelib.core.addresses import mailable
from chalicelib.core.clock import to_instant
from chalicelib.core.errors import ConditionFailed, Unavailable
from chalicelib.core.ids import short_hash
from chalicelib.core.settings import allowed_origin, settings
from chalicelib.notifications import store as notifications_store
from chalicelib.notifications.models import Mail
from chalicelib.notifications.rendering import MailContent, Suppressed
from chalicelib.notifications.states import MailState, blocks_further_mail
from chalicelib.people.invitations import tokens
from chalicelib.people.invitations.states import OPEN, InvitationMail
from chalicelib.people.invitations.tokens import Token
from chalicelib.people.members import store as members_store
from chalicelib.people.members.models import Member
from chalicelib.people.members.states import MemberStatus
from chalicelib.tenants.organizations import store as orgs_store
from chalicelib.tenants.organizations.models import Org

_TRIES = 4

# The person has, or may have, the mail that invited them.
_MAY_HAVE_ARRIVED = frozenset({MailState.SENDING, MailState.UNKNOWN, MailState.SENT, MailState.DELIVERED})


def invitation(mail: Mail, now: datetime) -> MailContent | Suppressed:
    """Writes the hash of a new secret to the member: an earlier mail of the same invitation was never sent."""
    org_id, member_id = mail.about["org_id"], mail.about["member_id"]
    org = orgs_store.org(mail.about["msp_id"], org_id)
    for _ in range(_TRIES):
        member = members_store.member(org_id, member_id)
        if org is None or member is None or member.invite_id != mail.about["invite_id"]:
            return Suppressed("replaced")
        if member.status not in OPEN:
            return Suppressed(f"is_{member.status}")
        if member.mail_blocked:
            return Suppressed("mail_blocked")
        secret = tokens.new_secret()
        after = members_store.changed(member, invite_hash=tokens.hash_of(secret))
        try:
            members_store.update(org_id, member, after)
        except ConditionFailed:
            continue
        link = f"{settings().public_url}/invites/{Token(org_id, member_id, secret).text}"
        expires = to_instant(str(member.invite_expires_at)).astimezone(ZoneInfo(org.time_zone or "UTC"))
        return _letter(org, member, link=link, expires_on=str(expires.date()))
    raise Unavailable()


def cancelled(mail: Mail, now: datetime) -> MailContent | Suppressed:
    """Only to whom the invitation was, or may have been, delivered."""
    org, member = _read(mail)
    if org is None or member is None or member.status != MemberStatus.CANCELLED or member.mail_blocked:
        return Suppressed("not_cancelled")
    sent = notifications_store.mail(mail.about["invitation_mail_id"])
    if sent is None or sent.state not in _MAY_HAVE_ARRIVED:
        return Suppressed("was_not_invited_by_mail")
    return _letter(org, member)


def welcome(mail: Mail, now: datetime) -> MailContent | Suppressed:
    org, member = _read(mail)
    if org is None or member is None or member.status != MemberStatus.ACTIVE or member.mail_blocked:
        return Suppressed("not_active")
    return _letter(org, member, first_name=member.first_name, front_url=allowed_origin())


def on_mail_event(mail: Mail) -> None:
    """After news of any mail to a member: delivered invitations are pending, and who bounced gets no more mail."""
    if "member_id" not in mail.about:
        return
    org_id, state = mail.about["org_id"], MailState(mail.state)
    for _ in range(_TRIES):
        member = members_store.member(org_id, mail.about["member_id"])
        if member is None:
            return
        fields: dict[str, str] = {}
        if state == MailState.DELIVERED and _is_the_invitation(mail, member) and member.status == MemberStatus.PROSPECT:
            fields["status"] = MemberStatus.PENDING.value
        if blocks_further_mail(state, int(mail.rank)) and not member.mail_blocked and _is_current(mail, member):
            fields["mail_blocked"] = state.value
        if not fields:
            return
        try:
            members_store.update(org_id, member, members_store.changed(member, **fields))
        except ConditionFailed:
            continue
        return
    raise Unavailable()


def _is_the_invitation(mail: Mail, member: Member) -> bool:
    return (
        mail.kind in (InvitationMail.INVITATION, InvitationMail.AGAIN) and mail.about["invite_id"] == member.invite_id
    )


def _is_current(mail: Mail, member: Member) -> bool:
    """News of an earlier address, or of an invitation that was sent again since, blocks nobody."""
    if mail.to_hash and mail.to_hash != short_hash(mailable(str(member.email)) or ""):
        return False
    return (
        mail.kind not in (InvitationMail.INVITATION, InvitationMail.AGAIN)
        or mail.about["invite_id"] == member.invite_id
    )


def _read(mail: Mail) -> tuple[Org | None, Member | None]:
    org_id = mail.about["org_id"]
    return orgs_store.org(mail.about["msp_id"], org_id), members_store.member(org_id, mail.about["member_id"])


def _letter(org: Org, member: Member, **facts: str) -> MailContent:
    return MailContent(
        to=str(member.email),
        sender_name=org.name,
        reply_to=org.reply_to,
        may_unsubscribe=True,
        facts={"tenant": org.name, **facts},
    )
