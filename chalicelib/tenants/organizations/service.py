"""Client organizations: their settings, what they are entitled to, and whether they are ready."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from chalicelib.aws.table import Write
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed, Conflict, FieldError, Invalid, NotFound, refuse_unknown
from chalicelib.core.ids import derived_id
from chalicelib.core.paging import filtered_page
from chalicelib.core.text import searchable
from chalicelib.jobs import due, queue
from chalicelib.tenants.access.models import msp_pk, org_pk
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.tenants.courses import service as courses
from chalicelib.tenants.organizations import seat_store, store
from chalicelib.tenants.organizations.events import client_closed, schedule_moved
from chalicelib.tenants.organizations.models import ClientName, Org, org_sk
from chalicelib.tenants.organizations.readiness import missing_of, readiness_of
from chalicelib.tenants.organizations.revision_store import bump_revision
from chalicelib.tenants.organizations.schemas import (
    ClientOut,
    ClientPage,
    OrgCreate,
    OrgPatch,
    OrgQuery,
    SettingsOut,
    SettingsPatch,
    TrainingAccess,
    TrainingAccessOut,
)
from chalicelib.tenants.organizations.states import Subscription
from chalicelib.web.paging import Pager

# A search looks at 1,000 clients a request, which is more than any MSP has; past that, pages are short.
_SEARCH_PAGE, _SEARCH_READS = 250, 4

# Each is a check in the transaction of the change, which may have 100 writes.
_MAX_LOWERED = 90

# Changes of these move the dates of scheduled rows.
_DECIDES_DATES = frozenset({"time_zone", "enroll_hour"})


def page(scope: Scope, query: OrgQuery, pager: Pager) -> ClientPage:
    search = searchable(query.search or "")

    def keep(org: Org) -> bool:
        return search in searchable(org.name) and query.readiness in (None, readiness_of(org))

    is_search = bool(search or query.readiness)
    orgs = filtered_page(
        lambda after: store.orgs(scope.msp_id, _SEARCH_PAGE if is_search else pager.limit, after),
        keep,
        lambda org: org.sk,
        pager.limit,
        pager.position,
        _SEARCH_READS if is_search else 1,
    )
    return ClientPage(items=[_client(org) for org in orgs.items], next_cursor=pager.cursor(orgs.next_position))


def create(scope: Scope, form: OrgCreate, seed: str, now: datetime) -> ClientOut:
    org_id = derived_id(seed, "organization")
    org = Org(
        msp_pk(scope.msp_id),
        org_sk(org_id),
        org_id=org_id,
        msp_id=scope.msp_id,
        name=form.name,
        time_zone=form.time_zone,
        created_at=to_text(now),
    )
    after = form.model_dump(exclude={"same_name"})
    audit_entry = AuditEntry(scope.account_id, "organization.created", f"organization/{org_id}", after=after)
    taken_by, namesake = store.taker_of_name(scope.msp_id, form.name)
    if namesake is not None and namesake.org_id != org_id and not form.same_name:
        raise _name_taken(namesake)
    try:
        audit.commit(org_pk(org_id), audit_entry, store.create_writes(org, taken_by, same_name=form.same_name), now)
    except ConditionFailed as error:
        if 0 in error.failed:
            # The id is derived from the request's seed: an earlier try of the same request created it.
            return _client(_org(replace(scope, org_id=org_id)))
        _, namesake = store.taker_of_name(scope.msp_id, form.name)
        if namesake is None:
            raise
        raise _name_taken(namesake) from None
    return _client(org)


def close(scope: Scope, now: datetime) -> ClientOut:
    """Nothing new starts there, and its people are archived; its records stay. Closing again changes nothing."""
    org = _org(scope)
    if org.closed_at:
        return _client(org)
    event = client_closed(org.msp_id, org.org_id, now)
    changes: dict[str, str | None] = {"closed_at": event.closed_at, "closed_by": scope.account_id}
    _set_closed(scope, org, "organization.closed", changes, [due.write(event)], now)
    queue.send_soon(event)
    return _client(org)


def open_again(scope: Scope, now: datetime) -> ClientOut:
    """Its people stay archived; each can be invited again. Opening what is open changes nothing."""
    org = _org(scope)
    if org.closed_at:
        _set_closed(scope, org, "organization.opened", {"closed_at": None, "closed_by": None}, [], now)
    return _client(org)


def _set_closed(
    scope: Scope, org: Org, action: str, changes: dict[str, str | None], writes: Sequence[Write], now: datetime
) -> None:
    entry = AuditEntry(
        scope.account_id, action, f"organization/{org.org_id}",
        {"closed_at": org.closed_at}, {"closed_at": changes["closed_at"]},
    )  # fmt: skip
    bump = bump_revision(org.org_id, "access")
    audit.commit(org_pk(org.org_id), entry, [store.change_write(org, changes), bump, *writes], now)
    org.closed_at = changes["closed_at"]


def delete(scope: Scope, uses: Sequence[Callable[[str], str | None]], now: datetime) -> None:
    """Only a client that holds nothing. Each of `uses` gives a noun for what there is, or None.

    Raises NotFound, and Conflict `in_use` that names what there is.
    """
    org = _org(scope)
    used_by = ["batches"] if org.num_batches else []
    used_by += [use for uses_of in uses if (use := uses_of(org.org_id)) is not None]
    if used_by:
        raise _in_use(used_by)
    before = {"name": org.name, "time_zone": org.time_zone}
    audit_entry = AuditEntry(scope.account_id, "organization.deleted", f"organization/{org.org_id}", before)
    try:
        audit.commit(msp_pk(scope.msp_id), audit_entry, store.delete_writes(org), now)
    except ConditionFailed as error:
        raise _in_use(["batches"] if 0 in error.failed else ["admins"]) from None


def _in_use(used_by: Sequence[str]) -> Conflict:
    problem = f"Only an empty client can be deleted. This one has {', '.join(used_by)}."
    return Conflict("in_use", problem, extra={"used_by": list(used_by)})


def _name_taken(namesake: Org) -> Conflict:
    problem = f"You already have a client named {namesake.name}. If you want another one with this name, confirm that."
    field = FieldError("name", "name_taken", problem)
    return Conflict("name_taken", problem, [field], {"org_id": namesake.org_id, "name": namesake.name})


def change_client(scope: Scope, patch: OrgPatch, now: datetime) -> ClientOut:
    """Raises Conflict `name_taken`, unless another client of this name is wanted."""
    changes = patch.model_dump(exclude_unset=True, exclude={"same_name"})
    return _client(_change(scope, changes, now, same_name=patch.same_name))


def settings(scope: Scope) -> SettingsOut:
    return _settings(_org(scope))


def change_settings(scope: Scope, patch: SettingsPatch, now: datetime) -> SettingsOut:
    return _settings(_change(scope, patch.model_dump(exclude_unset=True), now))


def provision(scope: Scope, access: TrainingAccess, now: datetime) -> TrainingAccessOut:
    org = _org(scope)
    unknown = courses.unknown_courses(scope.msp_id, access.course_ids)
    refuse_unknown("course_ids", access.course_ids, unknown, "course")
    seats_by_course = {course_id: access.seats.get(course_id, 0) for course_id in access.course_ids}
    return _entitle(scope, org, seats_by_course, access.reply_to, "training_access.provisioned", now)


def withdraw(scope: Scope, now: datetime) -> None:
    """Take away what `provision` gave."""
    _entitle(scope, _org(scope), {}, None, "training_access.withdrawn", now)


def _org(scope: Scope) -> Org:
    org = store.org(scope.msp_id, scope.org)
    if org is None:
        raise NotFound("There is no such organization")
    return org


def _change(scope: Scope, patch: Mapping[str, Any], now: datetime, *, same_name: bool = False) -> Org:
    org = _org(scope)
    changes = {name: value for name, value in patch.items() if getattr(org, name) != value}
    if not changes:
        return org
    before = {name: getattr(org, name) for name in changes}
    audit_entry = AuditEntry(scope.account_id, "organization.changed", f"organization/{org.org_id}", before, changes)
    writes = [store.change_write(org, changes)]
    if "name" in changes:
        taken_by = _taker_if_free(org, changes["name"], same_name=same_name)
        writes.append(store.take_name_write(org.msp_id, org.org_id, changes["name"], taken_by, same_name=same_name))
    moves_dates = bool(changes.keys() & _DECIDES_DATES)
    event = schedule_moved(org.msp_id, org.org_id, now)
    if moves_dates:
        writes.append(due.write(event))
    try:
        audit.commit(scope.tenant_pk, audit_entry, writes, now)
    except ConditionFailed:
        if "name" in changes:
            _taker_if_free(org, changes["name"], same_name=same_name)
        raise
    if moves_dates:
        queue.send_soon(event)
    for name, value in changes.items():
        setattr(org, name, value)
    return org


def _taker_if_free(org: Org, name: str, *, same_name: bool) -> ClientName | None:
    """Who took the name last and has it no more, or this client itself. Raises Conflict `name_taken`."""
    taken_by, namesake = store.taker_of_name(org.msp_id, name)
    if namesake is not None and namesake.org_id != org.org_id and not same_name:
        raise _name_taken(namesake)
    return taken_by


def training_access(scope: Scope) -> TrainingAccessOut:
    """What was provisioned, as a form shows it. Raises NotFound."""
    org = _org(scope)
    return _access_out(org, seat_store.seats_of(seat_store.entitlements(org.org_id)))


def _entitle(
    scope: Scope, org: Org, seats_by_course: dict[str, int], reply_to: str | None, action: str, now: datetime
) -> TrainingAccessOut:
    current = seat_store.entitlements(org.org_id)
    before = {"seats_by_course": seat_store.seats_of(current), "reply_to": org.reply_to}
    after = {"seats_by_course": seats_by_course, "reply_to": reply_to}
    if before != after:
        changes = {"num_entitled": len(seats_by_course), "reply_to": reply_to}
        limit_checks = seat_store.limit_checks(org.org_id, seat_store.seats_of(current), seats_by_course)
        if len(limit_checks) > _MAX_LOWERED:
            problem = f"You can limit seats for {_MAX_LOWERED} courses at a time. Send the others afterwards."
            raise Invalid(FieldError("seats", "too_many", problem))
        writes = [store.change_write(org, changes), seat_store.entitle_write(current, seats_by_course)]
        writes += [bump_revision(org.org_id, "access"), *limit_checks.values()]
        audit_entry = AuditEntry(scope.account_id, action, f"organization/{org.org_id}", before, after)
        try:
            audit.commit(scope.tenant_pk, audit_entry, writes, now)
        except ConditionFailed as error:
            _refuse_low_limits(error, list(limit_checks), len(writes) - len(limit_checks))
            raise
        org.num_entitled, org.reply_to = len(seats_by_course), reply_to
    return _access_out(org, seats_by_course)


def _access_out(org: Org, seats_by_course: Mapping[str, int]) -> TrainingAccessOut:
    return TrainingAccessOut(
        readiness=readiness_of(org),
        missing=missing_of(org),
        course_ids=list(seats_by_course),
        reply_to=org.reply_to or "",
        seats={course_id: number for course_id, number in seats_by_course.items() if number},
    )


def _refuse_low_limits(error: ConditionFailed, course_ids: Sequence[str], first: int) -> None:
    """Raises Invalid that names the courses of which more seats are taken than the new limit.

    `first` is the index of the first limit check among the writes.
    """
    problem = "More seats than this are taken, or are about to be. Choose a higher number."
    errors = [
        FieldError(f"seats.{course_ids[index - first]}", "fewer_than_taken", problem)
        for index in error.failed
        if index >= first
    ]
    if errors:
        raise Invalid(*errors) from None


def _client(org: Org) -> ClientOut:
    return ClientOut(
        org_id=org.org_id,
        name=org.name,
        readiness=readiness_of(org),
        missing=missing_of(org),
        time_zone=org.time_zone,
        subscription=Subscription(org.subscription),
        closed_at=org.closed_at,
    )


def _settings(org: Org) -> SettingsOut:
    return SettingsOut(
        **_client(org).model_dump(),
        reply_to=org.reply_to,
        enroll_hour=org.enroll_hour,
        invitation_days=int(org.invitation_days),
    )
