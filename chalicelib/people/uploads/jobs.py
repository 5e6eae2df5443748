"""Inviting the people of an approved upload, chunk by chunk, any number of times with the same result."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from chalicelib.aws import table
from chalicelib.aws.files import files
from chalicelib.aws.table import Item
from chalicelib.core import observability
from chalicelib.core.clock import to_instant
from chalicelib.core.errors import ConditionFailed
from chalicelib.core.ids import derived_id
from chalicelib.core.text import normalized
from chalicelib.jobs import queue
from chalicelib.notifications import outbox
from chalicelib.people.invitations import invite, store
from chalicelib.people.invitations.states import InvitationMail
from chalicelib.people.invitations.writes import Person, invitation_of, invite_id_of, mail_id_of, refusal
from chalicelib.people.members import store as members_store
from chalicelib.people.members.models import Member
from chalicelib.people.uploads import store as import_store
from chalicelib.people.uploads.messages import ImportChunk, RunImport
from chalicelib.people.uploads.models import Import, file_key
from chalicelib.people.uploads.row_schemas import RowOut, ValuesOut, Verdict
from chalicelib.people.uploads.spreadsheet.columns import TEMPLATE_COLUMNS
from chalicelib.people.uploads.spreadsheet.refusals import explain
from chalicelib.people.uploads.states import ImportStatus, RowOutcome
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.organizations import store as orgs_store
from chalicelib.tenants.organizations.models import Org
from chalicelib.tenants.structure.models import Department, Group, Location, department_sk, group_sk, location_sk

_TRIES = 4

_Outcome = dict[str, Any]


def run(job: RunImport, now: datetime) -> None:
    """Send the chunks that are not done; end the upload when none is left."""
    known = _approved(job.org_id, job.import_id)
    if known is None:
        return
    # Should whoever approved have died before: the file is of no use any more.
    files().delete(file_key(job.org_id, job.import_id))
    done = import_store.chunks_done(job.org_id, job.import_id)
    left = [chunk for chunk in range(int(known.num_chunks)) if chunk not in done]
    if not left:
        import_store.end(known)
        return
    queue.send(
        ImportChunk(msp_id=job.msp_id, org_id=job.org_id, import_id=job.import_id, chunk=chunk) for chunk in left
    )


def run_chunk(job: ImportChunk, now: datetime) -> None:
    """Invite the people of these rows, make their mails or plan them, and note what became of each."""
    _chunk(job, now, invite=True)


def give_up_chunk(job: ImportChunk, now: datetime) -> None:
    """A dead letter: who was invited before it broke stays so, the others fail with the reason."""
    _chunk(job, now, invite=False)


def _chunk(job: ImportChunk, now: datetime, *, invite: bool) -> None:
    known = _approved(job.org_id, job.import_id)
    if known is None or job.chunk in import_store.chunks_done(job.org_id, job.import_id):
        _end_if_done(known)
        return
    org = orgs_store.org(job.msp_id, job.org_id)
    if org is None:
        observability.warning("upload without organization", import_id=job.import_id)
        return
    rows = [RowOut.model_validate(row["verdict"]) for row in _rows(job)]
    wanted = [row for row in rows if row.verdict != Verdict.FAILED]
    outcomes = _invited(known, org, wanted, now) if invite else _settled(known, wanted)
    invited = {str(one["member_id"]): str(one["invite_id"]) for one in outcomes.values() if "invite_id" in one}
    _have_mailed(known, job.chunk, invited, now)
    num_failed = len(wanted) - len(invited)
    try:
        import_store.finish_chunk(known, job.chunk, outcomes, len(invited), num_failed)
    except ConditionFailed:
        observability.info("chunk was finished by another delivery", import_id=job.import_id, chunk=job.chunk)
    _end_if_done(import_store.find(job.org_id, job.import_id))


def _end_if_done(known: Import | None) -> None:
    if known is not None and known.status == ImportStatus.APPROVED and known.chunks_left <= 0:
        import_store.end(known)


def _approved(org_id: str, import_id: str) -> Import | None:
    known = import_store.find(org_id, import_id)
    if known is None:
        observability.warning("upload is not there", import_id=import_id)
        return None
    return known if known.status == ImportStatus.APPROVED else None


def _invited(known: Import, org: Org, rows: Sequence[RowOut], now: datetime) -> dict[str, _Outcome]:
    start = to_instant(known.notify_at) if known.notify_at else to_instant(str(known.decided_at))
    expires_at = start + timedelta(days=int(org.invitation_days))
    gone = _gone(known.org_id, rows)
    members = members_store.member_of_address(known.org_id, [row.values.email for row in rows])
    return {
        str(row.number): _invite(known, row.values, gone, members.get(normalized(row.values.email)), expires_at, now)
        for row in rows
    }


def _settled(known: Import, rows: Sequence[RowOut]) -> dict[str, _Outcome]:
    members = members_store.member_of_address(known.org_id, [row.values.email for row in rows])
    outcomes = {}
    for row in rows:
        member = members.get(normalized(row.values.email))
        invite_id = invite_id_of(known.import_id, row.values.email)
        is_ours = member is not None and (member.invite_id == invite_id or _is_made_here(known, member))
        outcomes[str(row.number)] = _done(member, invite_id) if member and is_ours else _failed("processing_failed")
    return outcomes


def _have_mailed(known: Import, chunk: int, invited: Mapping[str, str], now: datetime) -> None:
    if not invited:
        return
    if known.notify_at is not None:
        wave_id, at = derived_id(known.import_id, "wave", str(chunk)), to_instant(known.notify_at)
        table.transact(store.scheduled_send_writes(known.msp_id, known.org_id, wave_id, at, invited))
        invite.announce_scheduled_send(known.msp_id, known.org_id, wave_id, at)
        return
    about = {"msp_id": known.msp_id, "org_id": known.org_id}
    mails = {
        mail_id_of(invite_id): {**about, "member_id": member_id, "invite_id": invite_id}
        for member_id, invite_id in invited.items()
    }
    outbox.put(InvitationMail.INVITATION, org_pk(known.org_id), mails, now)
    outbox.wake()


def _rows(job: ImportChunk) -> list[import_store.Row]:
    return import_store.rows_of_chunk(job.org_id, job.import_id, job.chunk)


def _gone(org_id: str, rows: Sequence[RowOut]) -> dict[str, str]:
    """Groups, departments and locations of the rows that were deleted since the preview, with the code that says so."""
    wanted: dict[tuple[str, str], tuple[type[Item], str, str]] = {}
    for values in (row.values for row in rows):
        things: list[tuple[type[Item], str, str, str]] = [
            (Group, group_sk(one), one, "group_gone") for one in values.group_ids
        ]
        if values.department_id:
            things.append((Department, department_sk(values.department_id), values.department_id, "department_gone"))
        if values.location_id:
            things.append((Location, location_sk(values.location_id), values.location_id, "location_gone"))
        wanted |= {(org_pk(org_id), sk): (model, thing_id, code) for model, sk, thing_id, code in things}
    found = table.batch_get([(model, *key) for key, (model, _, _) in wanted.items()])
    return {thing_id: code for key, (_, thing_id, code) in wanted.items() if key not in found}


def _invite(
    known: Import,
    values: ValuesOut,
    gone: Mapping[str, str],
    member: Member | None,
    expires_at: datetime,
    now: datetime,
) -> _Outcome:
    """One person. What goes wrong with one stops nobody else; trouble of ours fails the message, which comes again."""
    invite_id = invite_id_of(known.import_id, values.email)
    for _ in range(_TRIES):
        if member is not None and (member.invite_id == invite_id or _is_made_here(known, member)):
            return _done(member, invite_id)
        code = refusal(member, invite_id)
        if code is not None:
            return _failed(code, member)
        for thing_id in (*values.group_ids, values.department_id, values.location_id):
            if thing_id is not None and thing_id in gone:
                return _failed(gone[thing_id])
        person = Person(**values.model_dump())
        invitation = invitation_of(known.msp_id, known.org_id, person, member, known.import_id, now, expires_at)
        try:
            table.transact(invitation.writes)
        except ConditionFailed:
            member = members_store.member_of_address(known.org_id, [values.email]).get(normalized(values.email))
            continue
        return _done(invitation.member, invite_id)
    return _failed("changed_meanwhile")


def _is_made_here(known: Import, member: Member) -> bool:
    """An earlier delivery made this member, and an admin may have sent the invitation again since."""
    made_as = derived_id(known.import_id, "member", normalized(str(member.email)))
    return bool(member.member_id == made_as)


def _done(member: Member, invite_id: str) -> _Outcome:
    return {"outcome": RowOutcome.INVITED, "member_id": member.member_id, "invite_id": invite_id}


def _failed(code: str, member: Member | None = None) -> _Outcome:
    told = explain(code, status=member.status if member else "")
    problem = {"column": TEMPLATE_COLUMNS[0], "code": code, "sentence": told.sentence, "next_step": told.next_step}
    return {"outcome": RowOutcome.FAILED, "problems": [problem]}
