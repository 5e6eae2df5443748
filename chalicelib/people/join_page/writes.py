"""Who joins by the page, as writes: somebody new, somebody with an open invitation, or somebody to be invited again.

The address is proven by then, so that the invitation is pending at once, and its link is handed to the browser.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.aws.table import Write
from chalicelib.core.clock import to_text
from chalicelib.core.ids import derived_id
from chalicelib.people.invitations import store as invites_store
from chalicelib.people.invitations import tokens
from chalicelib.people.invitations.states import OPEN
from chalicelib.people.invitations.tokens import Token
from chalicelib.people.join_page.models import JoinRequest
from chalicelib.people.members import store as members_store
from chalicelib.people.members.models import Member, member_sk, members_pk
from chalicelib.people.members.states import MemberStatus

JOIN_CODE = "join_code"


def mail_id_of(request_id: str) -> str:
    return derived_id(request_id, JOIN_CODE)


@dataclass(frozen=True)
class NewInvitation:
    """`member` as it will be, and the link's token, of which it keeps the hash."""

    member: Member
    token: str
    writes: Sequence[Write]


def invitation_for(request: JoinRequest, known: Member | None, now: datetime, expires_at: datetime) -> NewInvitation:
    """`known` is the member of this address who is not active. A link that was given before is dead from here on."""
    org_id = request.org_id
    member_id = known.member_id if known else derived_id(request.request_id, "member")
    token = Token(org_id, member_id, tokens.new_secret())
    # New each time, so that a mail with another secret that is still to be written is written no more.
    invite_id = derived_id(request.request_id, "invite", str(known.revision if known else ""))
    invited: dict[str, Any] = {
        "status": MemberStatus.PENDING.value,
        "email": known.email if known and known.status in OPEN else request.email,
        "group_ids": _groups(request, known),
        "location_id": _location(request, known),
        "invite_id": invite_id,
        "invite_hash": tokens.hash_of(token.secret),
        "invite_expires_at": to_text(expires_at),
        "mail_id": mail_id_of(request.request_id),
    }
    if known is None:
        member = Member(
            members_pk(org_id), member_sk(member_id), member_id=member_id, created_at=to_text(now), **invited
        )
        writes = members_store.invited_writes(org_id, member)
    else:
        member = members_store.changed(known, **invited)
        writes = members_store.change_writes(org_id, known, member)
    opened = invites_store.open_invitation_write(request.msp_id, org_id, member_id, str(member.email))
    return NewInvitation(member, token.text, [*writes, opened])


def _groups(request: JoinRequest, known: Member | None) -> list[str]:
    """Of an open invitation those that an admin chose stay; an earlier membership's do not come back."""
    kept = known.group_ids if known and known.status in OPEN else []
    return list(dict.fromkeys([*kept, request.group_id]))


def _location(request: JoinRequest, known: Member | None) -> str | None:
    if known and known.status in OPEN and known.location_id:
        return str(known.location_id)
    return request.location_id or (known.location_id if known else None)
