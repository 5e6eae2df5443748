"""The writes of one invitation: of a new person, or of a member who declined, was cancelled or has left."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chalicelib.aws.table import Write
from chalicelib.core.clock import to_text
from chalicelib.core.ids import derived_id
from chalicelib.core.text import normalized
from chalicelib.people.invitations.states import INVITABLE, Code, InvitationMail
from chalicelib.people.members import store as members_store
from chalicelib.people.members.invited_store import open_invitation_write
from chalicelib.people.members.models import Member, member_sk, members_pk
from chalicelib.people.members.states import MemberStatus


@dataclass(frozen=True)
class Person:
    """The person to invite. The name is shown to nobody before the person accepts."""

    email: str
    group_ids: Sequence[str]
    first_name: str = ""
    last_name: str = ""
    department_id: str | None = None
    location_id: str | None = None
    fields: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Invitation:
    """`member` after the writes. The first of `writes` fail if the person changed since they were read."""

    member: Member
    writes: list[Write]

    @property
    def mail_about(self) -> dict[str, str]:
        return {"member_id": self.member.member_id, "invite_id": str(self.member.invite_id)}


def refusal(member: Member | None, invite_id: str, clear_blocked: bool = False) -> Code | None:
    """Why this address cannot be invited; None when it can, or when the same request has invited it before."""
    if member is None or member.invite_id == invite_id:
        return None
    if member.erase_id is not None:
        return Code.BEING_ERASED
    if member.status not in INVITABLE:
        return Code.ALREADY_MEMBER
    return Code.MAIL_BLOCKED if member.mail_blocked and not clear_blocked else None


def invite_id_of(seed: str, email: str) -> str:
    """The same request gives the same invitation."""
    return derived_id(seed, "invite", normalized(email))


def mail_id_of(invite_id: str) -> str:
    return derived_id(invite_id, InvitationMail.INVITATION)


def invitation_of(
    msp_id: str, org_id: str, person: Person, existing: Member | None, seed: str, now: datetime, expires_at: datetime
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
    profile: dict[str, Any] = {
        "first_name": person.first_name, "last_name": person.last_name, "department_id": person.department_id,
        "location_id": person.location_id, "fields": person.fields,
    }  # fmt: skip
    if existing is None:
        member_id = derived_id(seed, "member", normalized(person.email))
        member = Member(
            members_pk(org_id), member_sk(member_id), member_id=member_id,
            created_at=to_text(now), **invited, **profile,
        )  # fmt: skip
        writes = members_store.invited_writes(org_id, member)
    else:
        # The profile of an earlier membership stays, except for what the new invitation gives.
        given = {name: value for name, value in profile.items() if value}
        member = members_store.copy_with(existing, **invited, **given)
        writes = members_store.change_writes(org_id, existing, member, now)
    return Invitation(member, [*writes, open_invitation_write(msp_id, org_id, member.member_id, person.email)])
