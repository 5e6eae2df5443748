"""The caller's open invitations, in all organizations."""

from datetime import datetime

from chalicelib.core.errors import Conflict, NotFound
from chalicelib.core.text import normalized
from chalicelib.people.invitations import accept_decline, store
from chalicelib.people.invitations.accept_decline import Account
from chalicelib.people.invitations.links import is_expired
from chalicelib.people.invitations.schemas import AcceptForm, Answered, MyInvite, MyInvitePage
from chalicelib.people.invitations.states import OPEN
from chalicelib.people.members.invited_store import invited_at
from chalicelib.people.members.models import Member
from chalicelib.tenants.organizations.models import Org
from chalicelib.web.paging import Pager


def accept(account_id: str, email: str | None, invite_id: str, form: AcceptForm, now: datetime) -> Answered:
    """Raises NotFound for an invitation that is not this account's, and Conflict."""
    account = _account(account_id, email)
    view = accept_decline.of_account(*_parts(invite_id), account, form.token, now)
    return accept_decline.accept(view, account, now, form.first_name or "", form.last_name or "")


def decline(account_id: str, email: str | None, invite_id: str, now: datetime) -> Answered:
    account = _account(account_id, email)
    return accept_decline.decline(accept_decline.of_account(*_parts(invite_id), account, None, now), now)


def page(email: str | None, pager: Pager, now: datetime) -> MyInvitePage:
    """Empty for an account without a verified address."""
    if email is None:
        return MyInvitePage(items=[], next_cursor=None)
    found = invited_at(email, pager.limit, pager.position)
    invites = (invite_out(org, member, email, now) for org, member in store.orgs_and_members(found.items))
    return MyInvitePage(items=[one for one in invites if one], next_cursor=pager.cursor(found.next_position))


def invite_out(org: Org | None, member: Member | None, email: str, now: datetime) -> MyInvite | None:
    """None for one that is not this address's any more."""
    if org is None or member is None or not _is_mine(member, email):
        return None
    return MyInvite(
        invite_id=f"{org.org_id}.{member.member_id}",
        org_id=org.org_id,
        organization=org.name,
        expires_at=str(member.invite_expires_at),
        expired=is_expired(member, now),
    )


def _is_mine(member: Member, email: str) -> bool:
    """A member whose address changed since is invited under the new one."""
    return member.status in OPEN and normalized(str(member.email)) == normalized(email)


def _account(account_id: str, email: str | None) -> Account:
    if email is None:
        raise Conflict("no_address", "Your account has no confirmed email address.")
    return Account(account_id, email)


def _parts(invite_id: str) -> tuple[str, str]:
    """Organization and member."""
    org_id, _, member_id = invite_id.partition(".")
    if not member_id:
        raise NotFound("There is no such invitation")
    return org_id, member_id
