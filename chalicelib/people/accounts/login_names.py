"""Members without an address: an admin gives them a login name, and a first password that they have to change."""

from datetime import datetime

from chalicelib.aws.identity import identity
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed, Conflict, FieldError, Invalid
from chalicelib.core.ids import derived_id
from chalicelib.jobs import due, queue
from chalicelib.people.accounts import login_name_store
from chalicelib.people.accounts.login_name_schemas import MemberCreate
from chalicelib.people.accounts.passwords import refuse_weak_first
from chalicelib.people.members import store as members_store
from chalicelib.people.members.changes import member_of, refuse_unknown_places
from chalicelib.people.members.events import member_joined
from chalicelib.people.members.models import Member, member_sk, members_pk
from chalicelib.people.members.reach import chosen_place_writes, place_writes
from chalicelib.people.members.states import MemberStatus
from chalicelib.tenants.access import store as access_store
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.tenants.organizations.lookups import open_org_of
from chalicelib.web.sessions import service as sessions

# In the audit trail, which keeps nothing personal.
_PLACES = ("group_ids", "department_id", "location_id")


def create(scope: Scope, form: MemberCreate, seed: str, now: datetime) -> str:
    """An active member with an account, who gets the courses of the groups; gives the id. The same request makes one.

    The name is claimed first, then the account is made, then the member. Who comes again after a failure in between,
    with the same name in the same organization, goes on from there.
    Raises Invalid for places that are not there or not the caller's, a weak password, and a name that is taken;
    Conflict for a client that was closed.
    """
    name, member_id = form.login_name, derived_id(seed, "member", form.login_name)
    if members_store.member(scope.org, member_id) is not None:
        return member_id
    open_org_of(scope.msp_id, scope.org)
    refuse_weak_first(form.password, "password")
    places = {field: getattr(form, field) for field in _PLACES}
    place = chosen_place_writes(scope, form.department_id)
    refuse_unknown_places(scope, places)
    _claim(scope, name, member_id)
    account_id = identity().account_named(name, form.password)
    if account_id is None:
        raise _taken()
    member = Member(
        members_pk(scope.org), member_sk(member_id), member_id=member_id, status=MemberStatus.ACTIVE.value,
        login_name=name, account_id=account_id, first_name=form.first_name or "", last_name=form.last_name or "",
        fields=form.fields, created_at=to_text(now), **places,
    )  # fmt: skip
    job = member_joined(scope.msp_id, scope.org, member_id, now)
    entry = AuditEntry(scope.account_id, "member.created", f"member/{member_id}", after=places)
    writes = [*members_store.member_writes(scope.msp_id, scope.org, member), *place]
    writes += [login_name_store.claim_check(name, member_id), due.write(job)]
    try:
        audit.commit(scope.tenant_pk, entry, writes, now)
    except ConditionFailed as error:
        if 0 in error.failed:
            # Another try of the same request was faster.
            return member_id
        if 1 in error.failed:
            raise _taken() from None
        raise
    queue.send_soon(job)
    return member_id


def new_first_password(scope: Scope, member_id: str, password: str, now: datetime) -> None:
    """For who has forgotten theirs, or let the seven days pass. Setting it again is harmless.

    Raises NotFound; Invalid for a weak password; Conflict when the person has an address, or is somebody elsewhere too:
    no admin gets into what is not this organization's.
    """
    member = member_of(scope.org, member_id)
    refuse_weak_first(password, "password")
    if member.login_name is None or member.account_id is None or member.status != MemberStatus.ACTIVE:
        raise Conflict("no_login_name", "This person has no login name from your organization.")
    entries = access_store.entries_of(member.account_id)
    if member.email or any(entry.role or entry.member_id != member_id for entry in entries):
        raise _has_own()
    entry = AuditEntry(scope.account_id, "member.first_password", f"member/{member_id}")
    checks = [members_store.unchanged_check(member), *place_writes(scope, member.department_id)]
    audit.commit(scope.tenant_pk, entry, [*checks, sessions.end_all_write(member.account_id, now)], now)
    if identity().set_first_password(member.login_name, password) != member.account_id:
        raise _has_own()
    # Those too that began by the old password meanwhile.
    sessions.end_all(member.account_id, now)


def _claim(scope: Scope, name: str, member_id: str) -> None:
    """Raises Invalid when the name is somebody's."""
    claimed = login_name_store.claim(name, scope.org, member_id)
    if claimed is None or claimed.member_id == member_id:
        return
    if claimed.org_id != scope.org or members_store.member(scope.org, claimed.member_id) is not None:
        raise _taken()
    login_name_store.take_over(claimed, member_id)


def _taken() -> Invalid:
    return Invalid(FieldError("login_name", "login_name_taken", "This login name is taken. Choose another."))


def _has_own() -> Conflict:
    problem = "This person can reset their own password: they have an email address or are in another organization."
    return Conflict("not_yours_to_set", problem)
