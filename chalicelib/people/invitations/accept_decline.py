"""The answer to an invitation: accept or decline.

It comes from the holder of the mailed link, or from the account whose verified address was invited.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.aws.table import Write
from chalicelib.core.errors import ConditionFailed, Conflict, DeadLink, NotFound, Unavailable
from chalicelib.core.ids import derived_id
from chalicelib.core.text import normalized
from chalicelib.jobs import due, queue
from chalicelib.notifications import outbox
from chalicelib.people.invitations import store
from chalicelib.people.invitations.join_settings import refuse_closed, refuse_other_domain
from chalicelib.people.invitations.links import InvitationView, is_expired, load, view_of
from chalicelib.people.invitations.schemas import Answered
from chalicelib.people.invitations.states import OPEN, InvitationMail
from chalicelib.people.members import store as members_store
from chalicelib.people.members.events import MemberJoined, member_joined
from chalicelib.people.members.invited_store import close_invitation_write
from chalicelib.people.members.models import Member
from chalicelib.people.members.states import MemberStatus
from chalicelib.tenants.access import store as access_store
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.tenants.organizations.revision_store import bump_revision

_TRIES = 5


@dataclass(frozen=True)
class Account:
    """The account that answers. `email` is verified."""

    account_id: str
    email: str


def of_account(org_id: str, member_id: str, account: Account, token: str | None, now: datetime) -> InvitationView:
    """An invitation to this account's address, or to another address if `token` is that of the mailed link.

    Raises NotFound for any other, as for one that does not exist.
    """
    if token is not None:
        view = load(token, now)
        if (view.org.org_id, view.member.member_id) == (org_id, member_id):
            return view
        raise NotFound("There is no such invitation")
    member, pointer = store.member_and_pointer(org_id, member_id)
    if member is None or not _is_of(member, account):
        raise NotFound("There is no such invitation")
    return view_of(member, org_id, pointer, now)


def _is_of(member: Member, account: Account) -> bool:
    """Invited at the account's address, or already its member there."""
    is_asked = bool(member.invite_id) or member.account_id == account.account_id
    return is_asked and normalized(member.email or "") == normalized(account.email)


def accept(
    view: InvitationView, account: Account, now: datetime, first_name: str = "", last_name: str = ""
) -> Answered:
    """Make the member active, under this account. The invitation moves to the account's address if that is another.

    Accepting again by the same account changes nothing. Raises Conflict when the invitation was answered or
    withdrawn, has expired, or the account or its address is a member here already, or its domain is not allowed.
    """
    org_id = view.org.org_id
    jobs: list[MemberJoined] = []
    entries: list[AuditEntry] = []

    def step(member: Member) -> tuple[Member, list[Write]] | None:
        jobs.clear()
        entries.clear()
        if member.status == MemberStatus.ACTIVE and member.account_id == account.account_id:
            return None
        _must_be_open(member, now)
        refuse_closed(view.org)
        _refuse_other_owner(member, account)
        _refuse_second_membership(org_id, member, account)
        moves = normalized(str(member.email)) != normalized(account.email)
        if moves:
            refuse_other_domain(org_id, account.email)
            # Without addresses: the audit trail outlives the erasure of a person.
            entries.append(AuditEntry(account.account_id, "invitation.moved", f"member/{member.member_id}"))
        # A block belongs to the old address, not to the new one.
        address = {"email": account.email, "mail_blocked": None} if moves else {}
        names = {"first_name": first_name or member.first_name, "last_name": last_name or member.last_name}
        welcome = derived_id(str(member.invite_id), InvitationMail.WELCOME)
        after = members_store.copy_with(
            member, status=MemberStatus.ACTIVE.value, account_id=account.account_id,
            invite_expires_at=None, mail_id=welcome, **names, **address,
        )  # fmt: skip
        about = {"msp_id": view.msp_id, "org_id": org_id, "member_id": member.member_id}
        # The courses of the groups follow by this job; its due entry is part of the transaction.
        jobs.append(member_joined(view.msp_id, org_id, member.member_id, now))
        return after, [
            *members_store.change_writes(org_id, member, after, now),
            *members_store.membership_writes(view.msp_id, org_id, after),
            # At the old address nothing is to be found any more. At this one, the member says that it is answered.
            *([close_invitation_write(org_id, member.member_id, str(member.email))] if moves else []),
            bump_revision(org_id, "people"),
            *outbox.writes(welcome, InvitationMail.WELCOME, org_pk(org_id), about, now),
            *map(due.write, jobs),
        ]

    member = _change(view, step, now, entries)
    queue.send_soon(*jobs)
    outbox.wake()
    return _answer(view, member)


def decline(view: InvitationView, now: datetime) -> Answered:
    """Declining again changes nothing. Raises Conflict when it was accepted or withdrawn."""
    org_id = view.org.org_id

    def step(member: Member) -> tuple[Member, list[Write]] | None:
        if member.status == MemberStatus.DECLINED:
            return None
        if member.status not in OPEN:
            raise _not_open(member)
        after = members_store.copy_with(member, status=MemberStatus.DECLINED.value, invite_expires_at=None)
        return after, [
            *members_store.change_writes(org_id, member, after, now),
            close_invitation_write(org_id, member.member_id, str(member.email)),
        ]

    return _answer(view, _change(view, step, now))


def _refuse_second_membership(org_id: str, member: Member, account: Account) -> None:
    for entry in access_store.entries_of(account.account_id):
        if entry.org_id == org_id and entry.member_id not in (None, member.member_id):
            other = members_store.member(org_id, str(entry.member_id))
            if other is not None and other.status == MemberStatus.ACTIVE:
                raise Conflict("already_member", "You have already joined this organization with this account.")


def _change(
    view: InvitationView,
    step: Callable[[Member], tuple[Member, Sequence[Write]] | None],
    now: datetime,
    entries: Sequence[AuditEntry] = (),
) -> Member:
    """The member afterwards. Decides by the member as the invitation was read with, then by what it is by now.

    `entries` are what the step says for the audit trail: one at most.
    """
    org_id, member = view.org.org_id, view.member
    for _ in range(_TRIES):
        decided = step(member)
        if decided is None:
            return member
        after, writes = decided
        try:
            if entries:
                audit.commit(org_pk(org_id), entries[0], writes, now)
            else:
                store.commit(writes)
            return after
        except ConditionFailed as error:
            if 0 not in error.failed and 1 in error.failed:
                problem = "Your account's address belongs to another member of this organization."
                raise Conflict("address_taken", problem) from None
        found = members_store.member(org_id, member.member_id)
        if found is None:
            raise DeadLink()
        member = found
    raise Unavailable()


def _must_be_open(member: Member, now: datetime) -> None:
    if member.status not in OPEN:
        raise _not_open(member)
    if is_expired(member, now):
        raise Conflict("expired", "This invitation has expired. Ask for a new link.")


def _refuse_other_owner(member: Member, account: Account) -> None:
    """A returning member keeps earlier progress: nobody else may take it over, not even a new owner of the mailbox."""
    if member.account_id not in (None, account.account_id):
        problem = "This invitation is for a former member. Please log in with the account you used then."
        raise Conflict("other_account", problem)


def _not_open(member: Member) -> Conflict:
    return Conflict("not_open", "This invitation is no longer open. It was answered or withdrawn.")


def _answer(view: InvitationView, member: Member) -> Answered:
    return Answered(
        org_id=view.org.org_id,
        member_id=member.member_id,
        organization=view.org.name,
        status=MemberStatus(member.status),
    )
