"""One invitation as writes: of somebody new, or of a member who declined, was cancelled or has left."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chalicelib.aws.table import Write
from chalicelib.core.clock import to_text
from chalicelib.core.ids import derived_id
from chalicelib.core.text import normalized
from chalicelib.people.invitations import store
from chalicelib.people.invitations.states import INVITABLE, Code, InvitationMail
from chalicelib.people.members import store as members_store
from chalicelib.people.members.models import Member, member_sk, members_pk
from chalicelib.people.members.states import MemberStatus


@dataclass(frozen=True)
class Person:
    """Whom an admin invites; the name is shown to nobody before the person accepts."""

    email: str
    group_ids: Sequence[str]
    first_name: str = ""
    last_name: str = ""
    department_id: str | None = None
    location_id: str | None = None
    fields: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Invitation:
    """`member` as it will be. `writes` begin with those that fail when the person changed meanwhile."""

    member: Member
    writes: list[Write]

    @property
    def mail_about(self) -> dict[str, str]:
        return {"member_id": self.member.member_id, "invite_id": str(self.member.invite_id)}


def refusal(known: Member | None, invite_id: str, clear_blocked: bool = False) -> Code | None:
    """Why this address is not invited; None when it is, or was by the same request before."""
    if known is None or known.invite_id == invite_id:
        return None
    if known.status not in INVITABLE:
        return Code.ALREADY_MEMBER
    return Code.MAIL_BLOCKED if known.mail_blocked and not clear_blocked else None


def invite_id_of(seed: str, email: str) -> str:
    """The same request gives the same invitation."""
    return derived_id(seed, "invite", normalized(email))


def mail_id_of(invite_id: str) -> str:
    return derived_id(invite_id, InvitationMail.INVITATION)


def invitation_of(
    msp_id: str, org_id: str, person: Person, known: Member | None, seed: str, now: datetime, expires_at: datetime
) -> Invitation:
    invite_id = invite_id_of(seed, person.email)
    invited: dict[str, Any] = {
        "status": MemberStatus.PROSPECT.value,
        "email": person.email,
        "group_ids": list(person.group_ids),
        "invite_id": invite_id,
        "invite_hash": None,
        "invite_expires_at": to_text(expires_at),
        "mail_id": mail_id_of(invite_id),
        "mail_blocked": None,
    }
    told: dict[str, Any] = {
        "first_name": person.first_name, "last_name": person.last_name, "department_id": person.department_id,
        "location_id": person.location_id, "fields": person.fields,
    }  # fmt: skip
    if known is None:
        member_id = derived_id(seed, "member", normalized(person.email))
        member = Member(
            members_pk(org_id), member_sk(member_id), member_id=member_id,
            created_at=to_text(now), **invited, **told,
        )  # fmt: skip
        writes = members_store.invited_writes(org_id, member)
    else:
        # What an earlier membership knew stays, unless the new invitation says otherwise.
        member = members_store.changed(known, **invited, **{name: value for name, value in told.items() if value})
        writes = members_store.change_writes(org_id, known, member)
    return Invitation(member, [*writes, store.open_invitation_write(msp_id, org_id, member.member_id, person.email)])
