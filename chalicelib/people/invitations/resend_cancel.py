"""Sending invitations again, and cancelling them: one or many, each in its own transaction."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from chalicelib.aws.table import Write
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.ids import derived_id
from chalicelib.notifications import outbox
from chalicelib.people.invitations.explanations import explain
from chalicelib.people.invitations.join_settings import CLOSED_SO
from chalicelib.people.invitations.schemas import ChangedInvite, ChangedInvites
from chalicelib.people.invitations.states import OPEN, Code, InvitationMail
from chalicelib.people.invitations.writes import mail_id_of
from chalicelib.people.members import store as members_store
from chalicelib.people.members.invited_store import close_invitation_write
from chalicelib.people.members.models import Member
from chalicelib.people.members.reach import is_within, place_writes
from chalicelib.people.members.states import MemberStatus
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.tenants.organizations.lookups import open_org_of

_TRIES = 4

# The changed member and the writes, or the reason why not. None: an earlier try of the same request did it.
_Decision = tuple[Member, list[Write]] | Code | None
_Decide = Callable[[Member], _Decision]


def resend(scope: Scope, member_ids: Sequence[str], clear_blocked: bool, seed: str, now: datetime) -> ChangedInvites:
    """A new secret and a new mail for each; the old link is dead from here on."""
    lifetime = timedelta(days=int(open_org_of(scope.msp_id, scope.org, CLOSED_SO).invitation_days))

    def decide(member: Member) -> _Decision:
        invite_id = derived_id(seed, "resend", member.member_id)
        if member.invite_id == invite_id:
            return None
        if (code := why_not_resent(member, clear_blocked)) is not None:
            return code
        return renewal(scope.msp_id, scope.org, member, invite_id, now + lifetime, now)

    return _change_each(scope, member_ids, "invitation.resent", decide, now)


def cancel(scope: Scope, member_ids: Sequence[str], seed: str, now: datetime) -> ChangedInvites:
    """Each is cancelled; a person who has got the mail gets another that says so."""

    def decide(member: Member) -> _Decision:
        mail_id = derived_id(seed, "cancelled", member.member_id)
        if member.status == MemberStatus.CANCELLED and member.mail_id == mail_id:
            return None
        if (code := why_not_cancelled(member)) is not None:
            return code
        fields = {"status": MemberStatus.CANCELLED.value, "invite_hash": None, "invite_expires_at": None}
        after = members_store.copy_with(member, mail_id=mail_id, **fields)
        writes = members_store.change_writes(scope.org, member, after, now)
        if member.email:
            about = _about(scope.msp_id, scope.org, member, str(member.invite_id))
            about["invitation_mail_id"] = str(member.mail_id)
            writes.append(close_invitation_write(scope.org, member.member_id, member.email))
            writes += outbox.writes(mail_id, InvitationMail.CANCELLED, org_pk(scope.org), about, now)
        return after, writes

    return _change_each(scope, member_ids, "invitation.cancelled", decide, now)


def why_not_resent(member: Member, clear_blocked: bool) -> Code | None:
    """What is in the way of sending the invitation again."""
    if member.status not in OPEN:
        return Code.NOT_OPEN
    if not member.email:
        return Code.NO_ADDRESS
    return Code.MAIL_BLOCKED if member.mail_blocked and not clear_blocked else None


def why_not_cancelled(member: Member) -> Code | None:
    return None if member.status in OPEN else Code.NOT_OPEN


def renewal(
    msp_id: str, org_id: str, member: Member, invite_id: str, expires_at: datetime, now: datetime
) -> tuple[Member, list[Write]]:
    """The member with a new invitation, and the writes with its mail. Admins and expired links lead here."""
    after = members_store.copy_with(
        member, invite_id=invite_id, invite_hash=None, invite_expires_at=to_text(expires_at),
        mail_id=mail_id_of(invite_id), mail_blocked=None,  # An admin lifted the block, or there was none.
    )  # fmt: skip
    about = _about(msp_id, org_id, member, invite_id)
    return after, [
        *members_store.change_writes(org_id, member, after, now),
        *outbox.writes(mail_id_of(invite_id), InvitationMail.AGAIN, org_pk(org_id), about, now),
    ]


def _change_each(
    scope: Scope, member_ids: Sequence[str], action: str, decide: _Decide, now: datetime
) -> ChangedInvites:
    results = [_change_one(scope, member_id, action, decide, now) for member_id in dict.fromkeys(member_ids)]
    outbox.wake()
    return ChangedInvites(results=results)


def _change_one(scope: Scope, member_id: str, action: str, decide: _Decide, now: datetime) -> ChangedInvite:
    for _ in range(_TRIES):
        member = members_store.member(scope.org, member_id)
        if member is None:
            return _not_done(member_id, Code.NOT_THERE, None)
        decision = decide(member)
        if decision is None:
            return ChangedInvite(member_id=member_id, done=True, status=MemberStatus(member.status))
        if not is_within(scope, member):
            return _not_done(member_id, Code.NOT_THERE, None)
        if isinstance(decision, Code):
            return _not_done(member_id, decision, member)
        after, writes = decision
        writes += place_writes(scope, member.department_id)
        entry = AuditEntry(
            scope.account_id, action, f"member/{member_id}", {"status": member.status}, {"status": after.status}
        )
        try:
            audit.commit(scope.tenant_pk, entry, writes, now)
        except ConditionFailed:
            continue
        return ChangedInvite(member_id=member_id, done=True, status=MemberStatus(after.status))
    return _not_done(member_id, Code.CHANGED_MEANWHILE, None)


def _about(msp_id: str, org_id: str, member: Member, invite_id: str) -> dict[str, str]:
    return {"msp_id": msp_id, "org_id": org_id, "member_id": member.member_id, "invite_id": invite_id}


def _not_done(member_id: str, code: Code, member: Member | None) -> ChangedInvite:
    explanation = explain(code)
    return ChangedInvite(
        member_id=member_id,
        done=False,
        status=MemberStatus(member.status) if member else None,
        code=code,
        sentence=explanation.sentence,
        next_step=explanation.next_step,
    )
