"""The invited person's answer: accept, decline, ask for a fresh link, or move the invitation to another address.

Whoever answers either has the mailed link, or an account whose address, verified by Cognito, is the invited one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.aws import table
from chalicelib.aws.table import Write
from chalicelib.core.clock import to_instant, to_text
from chalicelib.core.errors import ConditionFailed, Conflict, Forbidden, NotFound, Unavailable
from chalicelib.core.ids import derived_id, new_id
from chalicelib.core.text import normalized
from chalicelib.jobs import due, queue
from chalicelib.notifications import outbox
from chalicelib.people.invitations import resend_cancel, store, tokens
from chalicelib.people.invitations.models import MOVE_SK, MoveProof, move_pk
from chalicelib.people.invitations.schemas import Answered
from chalicelib.people.invitations.states import OPEN, InvitationMail
from chalicelib.people.invitations.tokens import Token
from chalicelib.people.members import store as members_store
from chalicelib.people.members.events import MemberJoined, member_joined
from chalicelib.people.members.models import Member
from chalicelib.people.members.states import MemberStatus
from chalicelib.tenants.access import store as access_store
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.organizations import store as orgs_store
from chalicelib.tenants.organizations.models import Org
from chalicelib.tenants.organizations.revision_store import bump_revision
from chalicelib.web import rate_limits as limits

# One person can be asked for no more mails than this, whoever asks.
_MAILS_AN_HOUR = 5

_PROOF_LASTS = timedelta(minutes=15)

_TRIES = 5


@dataclass(frozen=True)
class Account:
    """Who answers. `email` is verified."""

    account_id: str
    email: str


@dataclass(frozen=True)
class Invited:
    """An invitation as its link shows it."""

    msp_id: str
    org: Org
    member: Member
    expired: bool

    @property
    def is_open(self) -> bool:
        return self.member.status in OPEN


# ------------------------------------------------------------ the link


def shown(text: str, now: datetime) -> Invited:
    """The invitation of a link; changes nothing. Raises NotFound for every link that is not, or no more, good."""
    token = Token.parse(text)
    member = members_store.member(token.org_id, token.member_id) if token else None
    if not tokens.matches(token.secret if token else "", member.invite_hash if member else None):
        raise dead_link()
    if token is None or member is None:
        raise dead_link()
    return _invited(member, token.org_id, now)


def renew(text: str, now: datetime) -> Invited:
    """A fresh link to the same address. Raises NotFound, Conflict while the link is good, TooMany."""
    invited = shown(text, now)
    if not invited.is_open or not invited.expired:
        raise Conflict("not_expired", "This invitation has not expired; you can still answer it.")
    if invited.member.mail_blocked:
        problem = "Mail to this address came back or was not wanted, so no more is sent; ask the organization."
        raise Conflict("mail_blocked", problem)
    member, org = invited.member, invited.org
    count_mail(str(member.email), now)
    expires_at = now + timedelta(days=int(org.invitation_days))
    table.transact(resend_cancel.renewed(invited.msp_id, org.org_id, member, new_id(now), expires_at, now)[1])
    outbox.wake()
    return invited


def prove_move(invited: Invited, account: Account, now: datetime) -> str:
    """Remember that the holder of this link has logged in under another address; gives the secret that says so."""
    secret = tokens.new_secret()
    expires = now + _PROOF_LASTS
    store.keep_proof(
        MoveProof(
            move_pk(tokens.hash_of(secret)), MOVE_SK, org_id=invited.org.org_id,
            member_id=invited.member.member_id, invite_id=str(invited.member.invite_id),
            account_id=account.account_id, email=account.email, expires_at=to_text(expires),
            ttl=int(expires.timestamp()),
        )
    )  # fmt: skip
    return secret


def proven(invited: Invited, secret: str, now: datetime) -> Account:
    """Whom `prove_move` remembered. Raises Forbidden when it is over, or about another invitation."""
    proof = store.proof(tokens.hash_of(secret))
    known = (invited.org.org_id, invited.member.member_id, invited.member.invite_id)
    if proof is None or (proof.org_id, proof.member_id, proof.invite_id) != known:
        raise Forbidden("Log in again, then move the invitation.", "proof_expired")
    if to_instant(proof.expires_at) <= now:
        raise Forbidden("Log in again, then move the invitation.", "proof_expired")
    return Account(proof.account_id, proof.email)


# ------------------------------------------------------------ the account


def of_account(org_id: str, member_id: str, account: Account, token: str | None, now: datetime) -> Invited:
    """An invitation to this account's address, or to another whose mailed link the account has.

    Raises NotFound for anything else, as if there were none.
    """
    if token is not None:
        invited = shown(token, now)
        if (invited.org.org_id, invited.member.member_id) == (org_id, member_id):
            return invited
        raise NotFound("There is no such invitation")
    member = members_store.member(org_id, member_id)
    mine = member is not None and normalized(member.email or "") == normalized(account.email)
    if member is None or not mine or not (member.invite_id or member.account_id == account.account_id):
        raise NotFound("There is no such invitation")
    return _invited(member, org_id, now)


# ------------------------------------------------------------ answers


def accept(invited: Invited, account: Account, now: datetime, first_name: str = "", last_name: str = "") -> Answered:
    """Active from now on, under this account; the invitation moves to its address if that is another one.

    Accepting again by the same account changes nothing. Raises Conflict when the invitation was answered or
    withdrawn, has expired, or the account or its address is a member here already.
    """
    org_id = invited.org.org_id
    jobs: list[MemberJoined] = []

    def step(member: Member) -> list[Write] | None:
        jobs.clear()
        if member.status == MemberStatus.ACTIVE and member.account_id == account.account_id:
            return None
        _must_be_open(member, now)
        _refuse_other_owner(member, account)
        _refuse_second_membership(org_id, member, account)
        moves = normalized(str(member.email)) != normalized(account.email)
        # What is known of the old address says nothing of the new one.
        address = {"email": account.email, "mail_blocked": None} if moves else {}
        names = {"first_name": first_name or member.first_name, "last_name": last_name or member.last_name}
        after = members_store.changed(
            member, status=MemberStatus.ACTIVE.value, account_id=account.account_id,
            invite_expires_at=None, **names, **address,
        )  # fmt: skip
        about = {"msp_id": invited.msp_id, "org_id": org_id, "member_id": member.member_id}
        welcome = derived_id(str(member.invite_id), InvitationMail.WELCOME)
        # The courses of their groups follow, by a job whose due entry is written here, so that it cannot be missed.
        jobs.append(member_joined(invited.msp_id, org_id, member.member_id, now))
        return [
            *members_store.change_writes(org_id, member, after),
            *(Write("put", item) for item in members_store.membership_of(invited.msp_id, org_id, after)),
            store.close_write(org_id, member.member_id, str(member.email)),
            bump_revision(org_id, "people"),
            *outbox.writes(welcome, InvitationMail.WELCOME, org_pk(org_id), about, now),
            *map(due.write, jobs),
        ]

    member = _changed(org_id, invited.member.member_id, step)
    queue.send_soon(*jobs)
    outbox.wake()
    return _answered(invited, member)


def decline(invited: Invited, now: datetime) -> Answered:
    """Declining again changes nothing. Raises Conflict when it was accepted or withdrawn."""
    org_id = invited.org.org_id

    def step(member: Member) -> list[Write] | None:
        if member.status == MemberStatus.DECLINED:
            return None
        if member.status not in OPEN:
            raise _not_open(member)
        after = members_store.changed(member, status=MemberStatus.DECLINED.value, invite_expires_at=None)
        return [
            *members_store.change_writes(org_id, member, after),
            store.close_write(org_id, member.member_id, str(member.email)),
        ]

    return _answered(invited, _changed(org_id, invited.member.member_id, step))


# ------------------------------------------------------------ what they share


def _invited(member: Member, org_id: str, now: datetime) -> Invited:
    msp_id = access_store.msp_of(org_id)
    org = orgs_store.org(msp_id, org_id) if msp_id else None
    if org is None or msp_id is None:
        raise dead_link()
    return Invited(msp_id, org, member, is_expired(member, now))


def _refuse_second_membership(org_id: str, member: Member, account: Account) -> None:
    for entry in access_store.entries_of(account.account_id):
        if entry.org_id == org_id and entry.member_id not in (None, member.member_id):
            other = members_store.member(org_id, str(entry.member_id))
            if other is not None and other.status == MemberStatus.ACTIVE:
                raise Conflict("already_member", "With this account you are a member of this organization already.")


def _changed(org_id: str, member_id: str, step: Callable[[Member], Sequence[Write] | None]) -> Member:
    for _ in range(_TRIES):
        member = members_store.member(org_id, member_id)
        if member is None:
            raise dead_link()
        writes = step(member)
        if writes is None:
            return member
        try:
            table.transact(writes)
        except ConditionFailed as error:
            if 0 not in error.failed and 1 in error.failed:
                problem = "Your account's address belongs to another member of this organization."
                raise Conflict("address_taken", problem) from None
            continue
        return members_store.member(org_id, member_id) or member
    raise Unavailable()


def is_expired(member: Member, now: datetime) -> bool:
    return member.status in OPEN and bool(member.invite_expires_at) and to_instant(member.invite_expires_at) <= now


def count_mail(email: str, now: datetime) -> None:
    """One more mail that somebody who is not logged in has sent to this address. Raises TooMany."""
    limits.take("invitation_mail", normalized(email), _MAILS_AN_HOUR, timedelta(hours=1), now)


def dead_link() -> NotFound:
    """One answer for every link that does not work: never there, used, replaced by a later one, withdrawn."""
    error = NotFound(code="dead_link")
    error.detail = "This link does not work, or works no more. If you got a later mail, use the link in that one."
    return error


def _must_be_open(member: Member, now: datetime) -> None:
    if member.status not in OPEN:
        raise _not_open(member)
    if is_expired(member, now):
        raise Conflict("expired", "This invitation has expired; have a fresh link sent to your address.")


def _refuse_other_owner(member: Member, account: Account) -> None:
    """Who comes back keeps what they did before, which is nobody else's: not of a new owner of the mailbox either."""
    if member.account_id not in (None, account.account_id):
        problem = "This invitation is for somebody who was a member before; log in with the account of that time."
        raise Conflict("other_account", problem)


def _not_open(member: Member) -> Conflict:
    return Conflict("not_open", f"This invitation is no longer open: it is {member.status}.")


def _answered(invited: Invited, member: Member) -> Answered:
    return Answered(
        org_id=invited.org.org_id,
        member_id=member.member_id,
        organization=invited.org.name,
        status=MemberStatus(member.status),
    )
