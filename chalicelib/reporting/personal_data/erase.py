"""Erasing: the request marks the person, the job takes them out of everything, and last out of the member itself.

What is counted stays counted: the member remains as an id with a status, groups and courses.
"""

from datetime import datetime

from chalicelib.aws.files import files
from chalicelib.aws.identity import identity
from chalicelib.core import observability
from chalicelib.core.clock import to_text
from chalicelib.core.errors import Conflict
from chalicelib.core.ids import derived_id
from chalicelib.core.settle import until_settled
from chalicelib.jobs import due, queue
from chalicelib.people.members import store as members_store
from chalicelib.people.members.archive import archive
from chalicelib.people.members.changes import member_of
from chalicelib.people.members.invited_store import close_invitation_write
from chalicelib.people.members.states import INVITED, MemberStatus
from chalicelib.reporting.exports.models import file_key
from chalicelib.reporting.exports.states import ending_of
from chalicelib.reporting.personal_data import store
from chalicelib.reporting.personal_data.erasers import STEPS, Person
from chalicelib.reporting.personal_data.messages import EraseAccount, EraseMember
from chalicelib.reporting.personal_data.schemas import AccountErasureOut, ErasureOut
from chalicelib.reporting.personal_data.traces import Traces
from chalicelib.tenants.access import service as access
from chalicelib.tenants.access.models import AccountEntry
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.training.certificates import erase as certificates


def erase(scope: Scope, member_id: str, seed: str, now: datetime) -> ErasureOut:
    """Begin to erase; the person leaves the organization with it. Erasing again changes nothing.

    Raises NotFound, and Conflict for an admin of the organization. The account stays when somebody else holds it.
    """
    member = member_of(scope.org, member_id)
    if member.account_id is not None and member.erase_id is None:
        _refuse_admins([entry for entry in access.entries(member.account_id) if entry.org_id == scope.org])
    if member.erase_id is None and member.status == MemberStatus.ACTIVE:
        archive(scope, member_id, seed, now)
    job = until_settled(lambda: _begin(scope, member_id, derived_id(seed, "erase"), now))
    if job is not None:
        queue.send_soon(job)
    return ErasureOut(member_id=member_id, erased_at=member.erased_at)


def _begin(scope: Scope, member_id: str, erase_id: str, now: datetime) -> EraseMember | None:
    """Raises ConditionFailed when the member changed since it was read."""
    member = member_of(scope.org, member_id)
    if member.erase_id is not None:
        # Begun before. Its entry sees to it, unless this is that very request.
        is_ours = member.erase_id == erase_id and member.erased_at is None
        return _job(scope, member_id, erase_id, now) if is_ours else None
    changes: dict[str, str | None] = {"erase_id": erase_id}
    if member.status in INVITED:
        changes |= {"status": MemberStatus.CANCELLED.value, "invite_hash": None, "invite_expires_at": None}
    after = members_store.copy_with(member, **changes)
    job = _job(scope, member_id, erase_id, now)
    writes = [*members_store.change_writes(scope.org, member, after, now), due.write(job, sent_at=now)]
    if member.email:
        writes.append(close_invitation_write(scope.org, member_id, member.email))
    entry = AuditEntry(
        scope.account_id, "member.erased", f"member/{member_id}", {"status": member.status}, {"status": after.status}
    )
    audit.commit(scope.tenant_pk, entry, writes, now)
    return job


def _job(scope: Scope, member_id: str, erase_id: str, now: datetime) -> EraseMember:
    return EraseMember(
        msp_id=scope.msp_id, org_id=scope.org, member_id=member_id, erase_id=erase_id, due_at=to_text(now)
    )


def run(job: EraseMember, now: datetime) -> None:
    """Any number of times: step by step, page by page, and the member at the end."""
    member = members_store.member(job.org_id, job.member_id)
    if member is None or member.erase_id != job.erase_id:
        due.close(job)
        return
    if member.erased_at is not None:
        certificates.erase_member(job.org_id, job.member_id, now)
        due.close(job)
        return
    addresses = store.earlier_addresses(member.account_id) if member.account_id else []
    person = Person(job.msp_id, job.org_id, member, Traces.of(member, addresses), now)
    first, _, after = (job.position or "").partition("|")
    names = [name for name, _ in STEPS]
    start = names.index(first) if first else 0
    for name, step in STEPS[start:]:
        position = step(person, after or None)
        after = ""
        if position is not None:
            more = due.advance(job, f"{name}|{position}", now)
            if more is not None:
                queue.send_soon(more)
            return
    _finish(job, person, now)


def _finish(job: EraseMember, person: Person, now: datetime) -> None:
    """The member and what leads to it, together with the job for an account that nobody else holds."""
    member = person.member
    if member.login_name:
        store.release_login_name(member.login_name, member.member_id)
    after = members_store.copy_with(
        member, email=None, login_name=None, first_name="", last_name="", fields={}, account_id=None,
        invite_id=None, invite_hash=None, invite_expires_at=None, mail_blocked=None, erased_at=to_text(now),
    )  # fmt: skip
    after.mail_id, after.earlier_mail_ids = None, None
    if member.last_change and "fields" in member.last_change["before"]:
        # As of the changes before it: what decides enrollments stays, but for the fields.
        after.last_change = {**member.last_change, "before": {**member.last_change["before"], "fields": {}}}
    writes = [*members_store.erase_writes(job.org_id, member, after)]
    account = _released_account(job, member.account_id, now)
    if member.account_id is not None:
        writes.append(store.drop_membership(member.account_id, job.org_id, member.member_id))
    if account is not None:
        writes.append(due.write(account, sent_at=now))
    # ConditionFailed: archiving came to its end meanwhile. The message comes again.
    store.end(job, writes)
    # Once more: what was completed while this ran was certified under the name that was still there.
    certificates.erase_member(job.org_id, job.member_id, now)
    # Who restores a table from an earlier state finds here what is to be erased again.
    observability.info("member erased", org_id=job.org_id, member_id=job.member_id)
    if account is not None:
        queue.send_soon(account)


def _released_account(job: EraseMember, account_id: str | None, now: datetime) -> EraseAccount | None:
    """The account that nobody holds any more, once this membership is gone."""
    if account_id is None:
        return None
    others = [entry for entry in access.entries(account_id) if entry.member_id != job.member_id]
    if others or store.has_courses_of_its_own(account_id):
        return None
    return EraseAccount(account_id=account_id, due_at=to_text(now))


# ---------------------------------------------------------------- the account


def erase_account(account_id: str, seed: str, now: datetime) -> AccountErasureOut:
    """Asked for by its owner: every membership, at each organization, and then the account.

    Raises Conflict for admins.
    """
    entries = access.entries(account_id)
    _refuse_admins(entries)
    job = EraseAccount(account_id=account_id, asked=True, due_at=to_text(now))
    store.put(due.write(job, sent_at=now))
    memberships = []
    for entry in entries:
        scope = Scope(account_id, entry.msp_id, entry.org_id)
        memberships.append(erase(scope, str(entry.member_id), seed, now))
    queue.send_soon(job)
    return AccountErasureOut(memberships=memberships)


def run_account(job: EraseAccount, now: datetime) -> None:
    """Any number of times. While organizations still hold it, nothing: the sweep sends the message again."""
    if not due.is_written(job):
        observability.warning("erasure of an account that nobody asked for", account_id=job.account_id)
        return
    entries = access.entries(job.account_id)
    if entries and job.asked and _all_leave(entries):
        return
    if entries or (not job.asked and store.has_courses_of_its_own(job.account_id)):
        observability.warning("account is in use again and stays", account_id=job.account_id)
        due.close(job)
        return
    identity().delete(job.account_id)
    after: str | None = None
    while True:
        page = store.notices(job.account_id, after)
        store.drop_notices(page.items)
        after = page.next_position
        if after is None:
            break
    for export in store.exports_of_account(job.account_id):
        files().delete(file_key(job.account_id, export.export_id, ending_of(export.selection["kind"])))
        store.drop_export(export)
    certificates.erase_account(job.account_id, now)
    store.drop_account_items(job.account_id)
    observability.info("account erased", account_id=job.account_id)
    due.close(job)


def _all_leave(entries: list[AccountEntry]) -> bool:
    """Every membership is being erased, and there is nothing else."""
    _, members = members_store.names_and_members(entries)
    return not any(entry.role for entry in entries) and all(member.erase_id for member in members.values())


def _refuse_admins(entries: list[AccountEntry]) -> None:
    if any(entry.role for entry in entries):
        raise Conflict("is_admin", "This person is an admin. Remove them as an admin first.")
