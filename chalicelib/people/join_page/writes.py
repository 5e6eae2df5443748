"""The writes of joining by the page: a new person, one with an open invitation, or one who is invited again.

The address is proven by then, so the invitation is pending at once, and the browser gets its link.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.aws.table import Write
from chalicelib.core.clock import to_text
from chalicelib.core.ids import derived_id
from chalicelib.people.invitations import tokens
from chalicelib.people.invitations.states import OPEN
from chalicelib.people.invitations.tokens import Token
from chalicelib.people.join_page.models import JoinRequest
from chalicelib.people.members import store as members_store
from chalicelib.people.members.invited_store import open_invitation_write
from chalicelib.people.members.models import Member, member_sk, members_pk
from chalicelib.people.members.states import MemberStatus

JOIN_CODE = "join_code"


def mail_id_of(request_id: str) -> str:
    return derived_id(request_id, JOIN_CODE)


@dataclass(frozen=True)
class NewInvitation:
    """`member` after the writes, and the link's token, whose hash the member keeps."""

    member: Member
    token: str
    writes: Sequence[Write]


def secret_of(request: JoinRequest, code: str) -> str:
    """Of the link that this code leads to."""
    return tokens.derived_secret(request.link_seed or tokens.new_secret(), code)


def invitation_for(
    request: JoinRequest, existing: Member | None, secret: str, now: datetime, expires_at: datetime
) -> NewInvitation:
    """`existing` is the member with this address, who is not active. Earlier links stop working."""
    org_id = request.org_id
    member_id = existing.member_id if existing else derived_id(request.request_id, "member")
    token = Token(org_id, member_id, secret)
    # A new id each time: a mail of the old id that waits to be sent, with another secret, is then suppressed.
    invite_id = derived_id(request.request_id, "invite", str(existing.revision if existing else ""))
    invited: dict[str, Any] = {
        "status": MemberStatus.PENDING.value,
        "email": existing.email if existing and existing.status in OPEN else request.email,
        "group_ids": _groups(request, existing),
        "location_id": _location(request, existing),
        "invite_id": invite_id,
        "invite_hash": tokens.hash_of(token.secret),
        "invite_expires_at": to_text(expires_at),
        "mail_id": mail_id_of(request.request_id),
    }
    if existing is None:
        member = Member(
            members_pk(org_id), member_sk(member_id), member_id=member_id, created_at=to_text(now), **invited
        )
        writes = members_store.invited_writes(org_id, member)
    else:
        member = members_store.copy_with(existing, **invited)
        writes = members_store.change_writes(org_id, existing, member, now)
    open_write = open_invitation_write(request.msp_id, org_id, member_id, str(member.email))
    return NewInvitation(member, token.text, [*writes, open_write])


def _groups(request: JoinRequest, existing: Member | None) -> list[str]:
    """The groups of an open invitation stay, because an admin chose them. Those of an earlier membership do not."""
    kept = existing.group_ids if existing and existing.status in OPEN else []
    return list(dict.fromkeys([*kept, request.group_id]))


def _location(request: JoinRequest, existing: Member | None) -> str | None:
    if existing and existing.status in OPEN and existing.location_id:
        return str(existing.location_id)
    return request.location_id or (existing.location_id if existing else None)
