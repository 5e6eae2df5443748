"""Inviting by hand: a few addresses into a group, their mails now or later."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from chalicelib.aws import table
from chalicelib.aws.scheduler import scheduler
from chalicelib.aws.table import Write
from chalicelib.core import observability
from chalicelib.core.addresses import Email
from chalicelib.core.clock import to_instant, to_text
from chalicelib.core.errors import ConditionFailed, FieldError, Invalid, Unavailable
from chalicelib.core.ids import derived_id
from chalicelib.core.text import normalized
from chalicelib.jobs import queue
from chalicelib.notifications import outbox
from chalicelib.people.invitations import store
from chalicelib.people.invitations.announcement import announcement_of
from chalicelib.people.invitations.explanations import explain
from chalicelib.people.invitations.join_settings import CLOSED_SO
from chalicelib.people.invitations.messages import SendScheduled
from chalicelib.people.invitations.schemas import MAX_BY_HAND, Announcement, InviteForm, InviteResult, InvitesOut
from chalicelib.people.invitations.states import Code, InvitationMail, InviteOutcome
from chalicelib.people.invitations.writes import (
    Invitation,
    Person,
    invitation_of,
    invite_id_of,
    mail_id_of,
    refusal,
)
from chalicelib.people.members import store as members_store
from chalicelib.people.members.models import Member
from chalicelib.people.members.reach import chosen_place_writes, is_within
from chalicelib.people.members.states import MemberStatus
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.tenants.organizations.lookups import open_org_of, org_of
from chalicelib.tenants.structure import store as structure_store

_LATEST_NOTIFY = timedelta(days=366)

_TRIES = 4

# Of the 100 writes of a transaction, those that are not one person's: the group, the place, the queue of mails or the
# scheduled send, and the audit trail.
_OTHER_WRITES = 12

_EMAIL: TypeAdapter[str] = TypeAdapter(Email)


def invite(scope: Scope, form: InviteForm, seed: str, now: datetime) -> InvitesOut:
    """Invite everybody who can be invited, a few at a time, each completely or not at all.

    Raises Invalid for an unknown group or department or a past instant, and for none or another's department when the
    caller is limited to some.
    """
    org = open_org_of(scope.msp_id, scope.org, CLOSED_SO)
    notify_at = instant_of(form.notify, now)
    expires_at = (notify_at or now) + timedelta(days=int(org.invitation_days))
    for _ in range(_TRIES + MAX_BY_HAND):
        if structure_store.group(scope.org, form.group_id) is None:
            raise Invalid(FieldError("group_id", "unknown_group", "There is no such group."))
        place = chosen_place_writes(scope, form.department_id)
        results, invites, invitations = _judge(scope, form, seed, now, expires_at)
        if not invitations:
            _announce(scope, seed, notify_at)
            return InvitesOut(results=results)
        invitations = list(_at_once(invitations))
        entry = AuditEntry(
            scope.account_id, "members.invited", f"group/{form.group_id}",
            after={
                "member_ids": [invitation.member.member_id for invitation in invitations],
                "notify_at": to_text(notify_at) if notify_at else None,
            },
        )  # fmt: skip
        writes = [write for invitation in invitations for write in invitation.writes]
        writes += _notify_writes(scope, invites, invitations, seed, notify_at, now)
        writes += [structure_store.group_check(scope.org, form.group_id), *place]
        try:
            audit.commit(scope.tenant_pk, entry, writes, now)
        except ConditionFailed:
            # One of them was invited by another request, or the group or department went: read and decide again.
            continue
    raise Unavailable()


def _at_once(invitations: Iterable[Invitation]) -> Iterator[Invitation]:
    """As many as one transaction takes: all of them, mostly. Who returns costs up to 13 writes, a new person 7."""
    room = table.MAX_TRANSACTION - _OTHER_WRITES
    for invitation in invitations:
        # With the mail, and its place in the queue.
        room -= len(invitation.writes) + 2
        if room < 0:
            return
        yield invitation


def announcement(scope: Scope) -> Announcement:
    return announcement_of(org_of(scope.msp_id, scope.org))


def _notify_writes(
    scope: Scope,
    invites: Mapping[str, str],
    invitations: Sequence[Invitation],
    seed: str,
    notify_at: datetime | None,
    now: datetime,
) -> list[Write]:
    """The mails of these invitations, or one scheduled send for all invitations of the request."""
    if notify_at is not None:
        return store.scheduled_send_writes(scope.msp_id, scope.org, scheduled_send_id_of(seed), notify_at, invites)
    abouts = {
        str(invitation.member.mail_id): {"msp_id": scope.msp_id, "org_id": scope.org, **invitation.mail_about}
        for invitation in invitations
    }
    return outbox.writes_of_many(InvitationMail.INVITATION, scope.tenant_pk, abouts, now)


def _announce(scope: Scope, seed: str, notify_at: datetime | None) -> None:
    if notify_at is None:
        outbox.wake()
        return
    announce_scheduled_send(scope.msp_id, scope.org, scheduled_send_id_of(seed), notify_at)


def announce_scheduled_send(msp_id: str, org_id: str, send_id: str, notify_at: datetime) -> None:
    """Have the worker make the schedule. If this message is lost, the sweep sends the mails, two minutes late."""
    job = SendScheduled(msp_id=msp_id, org_id=org_id, wave_id=send_id, due_at=to_text(notify_at))
    queue.send_soon(job)


def send_scheduled(job: SendScheduled, now: datetime) -> None:
    """Make the mails, or their schedule if it is too early. Harmless when repeated."""
    scheduled = store.scheduled_send(job.wave_id)
    if scheduled is None:
        observability.warning("scheduled send does not exist", wave_id=job.wave_id)
        return
    at = to_instant(scheduled.notify_at)
    if now < at:
        scheduler().create_once(f"wave-{job.wave_id}", at, job.body())
        return
    abouts = {
        mail_id_of(invite_id): {
            "msp_id": scheduled.msp_id, "org_id": scheduled.org_id, "member_id": member_id, "invite_id": invite_id,
        }
        for member_id, invite_id in scheduled.invites.items()
    }  # fmt: skip
    outbox.put(InvitationMail.INVITATION, org_pk(scheduled.org_id), abouts, now)
    outbox.wake()
    store.end_scheduled_send(job)


def scheduled_send_id_of(seed: str) -> str:
    return derived_id(seed, "wave")


def instant_of(notify: Literal["now"] | datetime, now: datetime) -> datetime | None:
    """When mails go out; None for now. Raises Invalid for an instant that is past, or over a year ahead."""
    if notify == "now":
        return None
    if notify <= now:
        raise Invalid(FieldError("notify", "in_the_past", "This time is in the past. Choose a later one, or now."))
    if notify > now + _LATEST_NOTIFY:
        raise Invalid(FieldError("notify", "too_late", "Choose a time within the next year."))
    return notify.replace(microsecond=0)


def _judge(
    scope: Scope, form: InviteForm, seed: str, now: datetime, expires_at: datetime
) -> tuple[list[InviteResult], dict[str, str], list[Invitation]]:
    """The result for each address; invitation ids by member id, of the whole request; and invitations still to make."""
    addresses = [_address(text) for text in form.emails]
    member_by_address = members_store.members_by_address(scope.org, filter(None, addresses))
    results: list[InviteResult] = []
    invites: dict[str, str] = {}
    invitations: list[Invitation] = []
    seen: set[str] = set()
    for text, address in zip(form.emails, addresses, strict=True):
        if address is None:
            results.append(_refused(text, _address_problem(text), None))
            continue
        if normalized(address) in seen:
            results.append(_refused(text, Code.REPEATED, None))
            continue
        seen.add(normalized(address))
        member = member_by_address.get(normalized(address))
        code = refusal(member, invite_id_of(seed, address), form.clear_blocked)
        if code is not None:
            # Of somebody elsewhere in the organization, who is limited to departments learns no more than that.
            results.append(_refused(text, code, member if member and is_within(scope, member) else None))
            continue
        if member is None or member.invite_id != invite_id_of(seed, address):
            person = Person(address, [form.group_id], department_id=form.department_id)
            invitation = invitation_of(scope.msp_id, scope.org, person, member, seed, now, expires_at)
            invitations.append(invitation)
            member = invitation.member
        invites[member.member_id] = str(member.invite_id)
        results.append(
            InviteResult(
                email=text,
                taken_as=address if address != text else None,
                result=InviteOutcome.INVITED,
                member_id=member.member_id,
                status=MemberStatus(member.status),
            )
        )
    return results, invites, invitations


def _address(text: str) -> str | None:
    try:
        return _EMAIL.validate_python(text)
    except ValidationError:
        return None


def _address_problem(text: str) -> Code:
    try:
        _EMAIL.validate_python(text)
    except ValidationError as error:
        return Code.NOT_MAILABLE if error.errors()[0]["type"] == "not_mailable" else Code.INVALID_EMAIL
    raise ValueError("this address has no problem")


def _refused(email: str, code: Code, member: Member | None) -> InviteResult:
    explanation = explain(code)
    return InviteResult(
        email=email,
        result=InviteOutcome.ALREADY_MEMBER if code == Code.ALREADY_MEMBER else InviteOutcome.FAILED,
        member_id=member.member_id if member else None,
        status=MemberStatus(member.status) if member else None,
        code=code,
        sentence=explanation.sentence,
        next_step=explanation.next_step,
    )
