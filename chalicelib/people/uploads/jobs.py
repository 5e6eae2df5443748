"""Inviting the people of an approved upload, chunk by chunk, any number of times with the same result."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from chalicelib.aws.files import files
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
from chalicelib.people.uploads import store as upload_store
from chalicelib.people.uploads.messages import RunUpload, UploadChunk
from chalicelib.people.uploads.models import Upload, file_key
from chalicelib.people.uploads.row_schemas import RowOut, ValuesOut, Verdict
from chalicelib.people.uploads.spreadsheet.columns import TEMPLATE_COLUMNS
from chalicelib.people.uploads.spreadsheet.refusals import explain
from chalicelib.people.uploads.states import RowOutcome, UploadStatus
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.organizations import store as orgs_store
from chalicelib.tenants.organizations.models import Org

_TRIES = 4

_Outcome = dict[str, Any]


def run(job: RunUpload, now: datetime) -> None:
    """Send the chunks that are not done; end the upload when none is left."""
    upload = _approved(job.org_id, job.import_id)
    if upload is None:
        return
    # The approving request may have died before it removed the file.
    files().delete(file_key(job.org_id, job.import_id))
    done = upload_store.chunks_done(job.org_id, job.import_id)
    left = [chunk for chunk in range(int(upload.num_chunks)) if chunk not in done]
    if not left:
        upload_store.end(upload)
        return
    queue.send(
        UploadChunk(msp_id=job.msp_id, org_id=job.org_id, import_id=job.import_id, chunk=chunk) for chunk in left
    )


def run_chunk(job: UploadChunk, now: datetime) -> None:
    """Invite the people of these rows, make their mails or plan them, and note what became of each."""
    _chunk(job, now, invite=True)


def on_dead_letter(job: UploadChunk, now: datetime) -> None:
    """A dead letter: who was invited before it broke stays so, the others fail with the reason."""
    _chunk(job, now, invite=False)


def _chunk(job: UploadChunk, now: datetime, *, invite: bool) -> None:
    upload = _approved(job.org_id, job.import_id)
    if upload is None or job.chunk in upload_store.chunks_done(job.org_id, job.import_id):
        _end_if_done(upload)
        return
    org = orgs_store.org(job.msp_id, job.org_id)
    if org is None:
        observability.warning("upload without organization", import_id=job.import_id)
        return
    rows = [RowOut.model_validate(row["verdict"]) for row in upload_store.rows_of_chunk(upload, job.chunk)]
    invitable = [row for row in rows if row.verdict in (Verdict.OK, Verdict.CORRECTED)]
    if not invite:
        outcomes = _settled(upload, invitable, "processing_failed")
    elif org.closed_at:
        # Since it was approved.
        outcomes = _settled(upload, invitable, "client_closed")
    else:
        outcomes = _invited(upload, org, invitable, now)
    invited = {str(row["member_id"]): str(row["invite_id"]) for row in outcomes.values() if "invite_id" in row}
    _have_mailed(upload, job.chunk, invited, now)
    num_failed = len(invitable) - len(invited)
    try:
        upload_store.finish_chunk(upload, job.chunk, outcomes, len(invited), num_failed)
    except ConditionFailed:
        observability.info("chunk was finished by another delivery", import_id=job.import_id, chunk=job.chunk)
    _end_if_done(upload_store.find(job.org_id, job.import_id))


def _end_if_done(upload: Upload | None) -> None:
    if upload is not None and upload.status == UploadStatus.APPROVED and upload.chunks_left <= 0:
        upload_store.end(upload)


def _approved(org_id: str, import_id: str) -> Upload | None:
    upload = upload_store.find(org_id, import_id)
    if upload is None:
        observability.warning("upload is not there", import_id=import_id)
        return None
    return upload if upload.status == UploadStatus.APPROVED else None


def _invited(upload: Upload, org: Org, rows: Sequence[RowOut], now: datetime) -> dict[str, _Outcome]:
    start = to_instant(upload.notify_at) if upload.notify_at else to_instant(str(upload.decided_at))
    expires_at = start + timedelta(days=int(org.invitation_days))
    gone = upload_store.deleted_since(upload.org_id, [row.values for row in rows])
    members = members_store.members_by_address(upload.org_id, [row.values.email for row in rows])
    return {
        str(row.number): _invite(upload, row.values, gone, members.get(normalized(row.values.email)), expires_at, now)
        for row in rows
    }


def _settled(upload: Upload, rows: Sequence[RowOut], code: str) -> dict[str, _Outcome]:
    """Who was invited by an earlier delivery is; the others fail for this reason."""
    members = members_store.members_by_address(upload.org_id, [row.values.email for row in rows])
    outcomes = {}
    for row in rows:
        member = members.get(normalized(row.values.email))
        invite_id = invite_id_of(upload.import_id, row.values.email)
        is_ours = member is not None and (member.invite_id == invite_id or _is_made_here(upload, member))
        outcomes[str(row.number)] = _done(member, invite_id) if member and is_ours else _failed(code)
    return outcomes


def _have_mailed(upload: Upload, chunk: int, invited: Mapping[str, str], now: datetime) -> None:
    if not invited:
        return
    if upload.notify_at is not None:
        send_id, at = derived_id(upload.import_id, "wave", str(chunk)), to_instant(upload.notify_at)
        store.put_scheduled_send(upload.msp_id, upload.org_id, send_id, at, invited)
        invite.announce_scheduled_send(upload.msp_id, upload.org_id, send_id, at)
        return
    about = {"msp_id": upload.msp_id, "org_id": upload.org_id}
    mails = {
        mail_id_of(invite_id): {**about, "member_id": member_id, "invite_id": invite_id}
        for member_id, invite_id in invited.items()
    }
    outbox.put(InvitationMail.INVITATION, org_pk(upload.org_id), mails, now)
    outbox.wake()


def _invite(
    upload: Upload,
    values: ValuesOut,
    gone: Mapping[str, str],
    member: Member | None,
    expires_at: datetime,
    now: datetime,
) -> _Outcome:
    """One person. What goes wrong with one stops nobody else; trouble of ours fails the message, which comes again."""
    invite_id = invite_id_of(upload.import_id, values.email)
    for _ in range(_TRIES):
        if member is not None and (member.invite_id == invite_id or _is_made_here(upload, member)):
            return _done(member, invite_id)
        code = refusal(member, invite_id)
        if code is not None:
            return _failed(code, member)
        for item_id in (*values.group_ids, values.department_id, values.location_id):
            if item_id is not None and item_id in gone:
                return _failed(gone[item_id])
        person = Person(**values.model_dump())
        invitation = invitation_of(upload.msp_id, upload.org_id, person, member, upload.import_id, now, expires_at)
        try:
            store.commit(invitation.writes)
        except ConditionFailed:
            member = members_store.members_by_address(upload.org_id, [values.email]).get(normalized(values.email))
            continue
        return _done(invitation.member, invite_id)
    return _failed("changed_meanwhile")


def _is_made_here(upload: Upload, member: Member) -> bool:
    """An earlier delivery made this member, and an admin may have sent the invitation again since."""
    made_as = derived_id(upload.import_id, "member", normalized(str(member.email)))
    return bool(member.member_id == made_as)


def _done(member: Member, invite_id: str) -> _Outcome:
    return {"outcome": RowOutcome.INVITED, "member_id": member.member_id, "invite_id": invite_id}


def _failed(code: str, member: Member | None = None) -> _Outcome:
    explanation = explain(code, status=member.status if member else "")
    problem = {
        "column": TEMPLATE_COLUMNS[0],
        "code": code,
        "sentence": explanation.sentence,
        "next_step": explanation.next_step,
    }
    return {"outcome": RowOutcome.FAILED, "problems": [problem]}
