"""Reads and writes of invitations."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import cast

from chalicelib.aws import table
from chalicelib.aws.table import Write, put_new
from chalicelib.core.clock import to_text
from chalicelib.jobs import due
from chalicelib.people.invitations.messages import SendScheduled
from chalicelib.people.invitations.models import (
    JOIN_PAGE_SK,
    REGISTERING_SK,
    RENEWED_SK,
    SCHEDULED_SEND_SK,
    TICKET_SK,
    JoinPage,
    Registering,
    RenewedLink,
    ScheduledSend,
    StepTicket,
    registering_pk,
    renewed_pk,
    scheduled_send_pk,
    ticket_pk,
)
from chalicelib.people.members.models import Member, OpenInvite, member_ref
from chalicelib.tenants.access.models import OrgPointer, org_pk, org_pointer_ref
from chalicelib.tenants.organizations.models import Org, org_ref

_SEND_KEPT_FOR = timedelta(days=30)

# As long as Cognito's code is good.
_REGISTERING_KEPT_FOR = timedelta(days=1)
_RENEWED_KEPT_FOR = timedelta(days=1)


def scheduled_send_writes(
    msp_id: str, org_id: str, send_id: str, notify_at: datetime, invites: Mapping[str, str]
) -> list[Write]:
    """For mails at that instant, with the due entry by which the sweep finds them."""
    instant = to_text(notify_at)
    item = ScheduledSend(
        scheduled_send_pk(send_id), SCHEDULED_SEND_SK, msp_id=msp_id, org_id=org_id, notify_at=instant,
        invites=dict(invites), ttl=int((notify_at + _SEND_KEPT_FOR).timestamp()),
    )  # fmt: skip
    # To put it again, after an answer was lost, is harmless: the mails will have the same ids.
    return [Write("put", item), due.write(SendScheduled(msp_id=msp_id, org_id=org_id, wave_id=send_id, due_at=instant))]


def put_scheduled_send(msp_id: str, org_id: str, send_id: str, notify_at: datetime, invites: Mapping[str, str]) -> None:
    table.transact(scheduled_send_writes(msp_id, org_id, send_id, notify_at, invites))


def end_scheduled_send(job: SendScheduled) -> None:
    table.transact([due.done(job)])


def scheduled_send(send_id: str) -> ScheduledSend | None:
    return table.get(ScheduledSend, scheduled_send_pk(send_id), SCHEDULED_SEND_SK)


def put_ticket(
    secret_hash: str, org_id: str, member: Member, step: Mapping[str, str | None], expires_at: datetime
) -> None:
    item = StepTicket(
        ticket_pk(secret_hash), TICKET_SK, org_id=org_id, member_id=member.member_id, invite_id=str(member.invite_id),
        step=dict(step), expires_at=to_text(expires_at), ttl=int(expires_at.timestamp()),
    )  # fmt: skip
    table.transact([put_new(item)])


def ticket(secret_hash: str) -> StepTicket | None:
    return table.get(StepTicket, ticket_pk(secret_hash), TICKET_SK)


def put_registering(invite_id: str, registration_id: str, now: datetime) -> None:
    """Replaces an earlier one."""
    ttl = int((now + _REGISTERING_KEPT_FOR).timestamp())
    item = Registering(registering_pk(invite_id), REGISTERING_SK, registration_id=registration_id, ttl=ttl)
    table.transact([Write("put", item)])


def registering(invite_id: str) -> str | None:
    """The latest registration that was begun for this invitation."""
    found = table.get(Registering, registering_pk(invite_id), REGISTERING_SK)
    return str(found.registration_id) if found else None


def renewed_write(secret_hash: str, org_id: str, member_id: str, now: datetime) -> Write:
    ttl = int((now + _RENEWED_KEPT_FOR).timestamp())
    return Write("put", RenewedLink(renewed_pk(secret_hash), RENEWED_SK, org_id=org_id, member_id=member_id, ttl=ttl))


def renewed(secret_hash: str) -> RenewedLink | None:
    return table.get(RenewedLink, renewed_pk(secret_hash), RENEWED_SK)


def commit(writes: Sequence[Write]) -> None:
    """Raises ConditionFailed when the member changed since it was read (index 0), or its address is taken (1)."""
    table.transact(writes)


def member_and_pointer(org_id: str, member_id: str) -> tuple[Member | None, OrgPointer | None]:
    """The member, and what knows the organization's MSP: one call."""
    return table.fetch(member_ref(org_id, member_id), org_pointer_ref(org_id))


def org_and_member(msp_id: str, org_id: str, member_id: str) -> tuple[Org | None, Member | None]:
    """One call."""
    return table.fetch(org_ref(msp_id, org_id), member_ref(org_id, member_id))


def orgs_and_members(invitations: Sequence[OpenInvite]) -> list[tuple[Org | None, Member | None]]:
    """Organization and member of each invitation, in one call per 50 invitations."""
    refs = [
        ref
        for invitation in invitations
        for ref in (
            org_ref(invitation.msp_id, invitation.org_id),
            member_ref(invitation.org_id, invitation.member_id),
        )
    ]
    found = table.batch_get([(ref.model, ref.pk, ref.sk) for ref in refs]) if refs else {}
    items = [found.get((ref.pk, ref.sk)) for ref in refs]
    return [(cast(Org | None, items[n]), cast(Member | None, items[n + 1])) for n in range(0, len(items), 2)]


def join_page(org_id: str) -> JoinPage:
    """Off, and without an address, if it was never set."""
    page = table.get(JoinPage, org_pk(org_id), JOIN_PAGE_SK)
    return page or JoinPage(org_pk(org_id), JOIN_PAGE_SK, enabled=False, allowed_domains=[], revision=0)
