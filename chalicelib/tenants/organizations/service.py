"""Client organizations: their settings, what they are entitled to, and whether they are ready."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from chalicelib.aws.table import Write
from chalicelib.core.clock import to_text
from chalicelib.core.errors import ConditionFailed, FieldError, Invalid, NotFound, refuse_unknown
from chalicelib.core.ids import derived_id
from chalicelib.core.paging import filtered_page
from chalicelib.core.text import normalized
from chalicelib.jobs import due, queue
from chalicelib.tenants.access.models import msp_pk, org_pk
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import log as audit
from chalicelib.tenants.audit.log import AuditEntry
from chalicelib.tenants.courses import service as library
from chalicelib.tenants.organizations import seats, store
from chalicelib.tenants.organizations.events import schedule_moved
from chalicelib.tenants.organizations.models import Org, org_sk
from chalicelib.tenants.organizations.readiness import missing_of, readiness_of
from chalicelib.tenants.organizations.revisions import bump_revision
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

# Those of these courses that the MSP's library does not have.
UnknownCourses = Callable[[str, Sequence[str]], Sequence[str]]

# Each is a check in the transaction of the change, which may have 100 parts.
_MAX_LOWERED = 90

_DECIDES_DATES = frozenset({"time_zone", "enroll_hour"})


class LocalDates(Protocol):
    """What runs by a client's local dates, and so has to hear when its zone or hour changes."""

    def change_writes(self, msp_id: str, org_id: str, now: datetime) -> Sequence[Write]:
        """What to write in the transaction of the change, so that it cannot be missed."""

    def announce(self, msp_id: str, org_id: str, now: datetime) -> None:
        """Called after it, so that nobody waits for the sweep."""


def page(scope: Scope, query: OrgQuery, pager: Pager) -> ClientPage:
    wanted = normalized(query.search or "")

    def keep(org: Org) -> bool:
        return wanted in normalized(org.name) and query.readiness in (None, readiness_of(org))

    searching = bool(wanted or query.readiness)
    found = filtered_page(
        lambda after: store.orgs(scope.msp_id, _SEARCH_PAGE if searching else pager.limit, after),
        keep,
        lambda org: org.sk,
        pager.limit,
        pager.position,
        _SEARCH_READS if searching else 1,
    )
    return ClientPage(items=[_client(org) for org in found.items], next_cursor=pager.cursor(found.next_position))


def create(scope: Scope, asked: OrgCreate, seed: str, now: datetime) -> ClientOut:
    org_id = derived_id(seed, "organization")
    org = Org(
        msp_pk(scope.msp_id),
        org_sk(org_id),
        org_id=org_id,
        msp_id=scope.msp_id,
        name=asked.name,
        time_zone=asked.time_zone,
        created_at=to_text(now),
    )
    change = AuditEntry(scope.account_id, "organization.created", f"organization/{org_id}", after=asked.model_dump())
    try:
        audit.commit(org_pk(org_id), change, store.create_writes(org), now)
    except ConditionFailed:
        # The id comes from the request's seed: an earlier try of the same request made it.
        return _client(_org(replace(scope, org_id=org_id)))
    return _client(org)


def change_client(scope: Scope, asked: OrgPatch, now: datetime) -> ClientOut:
    return _client(_change(scope, asked.model_dump(exclude_unset=True), now))


def settings(scope: Scope) -> SettingsOut:
    return _settings(_org(scope))


def change_settings(scope: Scope, asked: SettingsPatch, now: datetime) -> SettingsOut:
    return _settings(_change(scope, asked.model_dump(exclude_unset=True), now))


def provision(scope: Scope, asked: TrainingAccess, now: datetime) -> TrainingAccessOut:
    org = _org(scope)
    unknown = library.unknown_courses(scope.msp_id, asked.course_ids)
    refuse_unknown("course_ids", asked.course_ids, unknown, "course")
    seats_by_course = {course_id: asked.seats.get(course_id, 0) for course_id in asked.course_ids}
    return _entitle(scope, org, seats_by_course, asked.reply_to, "training_access.provisioned", now)


def withdraw(scope: Scope, now: datetime) -> None:
    """Take away what `provision` gave."""
    _entitle(scope, _org(scope), {}, None, "training_access.withdrawn", now)


def _org(scope: Scope) -> Org:
    org = store.org(scope.msp_id, scope.org)
    if org is None:
        raise NotFound("There is no such organization")
    return org


def _change(scope: Scope, asked: Mapping[str, Any], now: datetime) -> Org:
    org = _org(scope)
    changes = {name: value for name, value in asked.items() if getattr(org, name) != value}
    if not changes:
        return org
    before = {name: getattr(org, name) for name in changes}
    change = AuditEntry(scope.account_id, "organization.changed", f"organization/{org.org_id}", before, changes)
    writes = [store.change_write(org, changes)]
    moves_dates = bool(changes.keys() & _DECIDES_DATES)
    moved = schedule_moved(org.msp_id, org.org_id, now)
    if moves_dates:
        writes.append(due.write(moved))
    audit.commit(scope.tenant_pk, change, writes, now)
    if moves_dates:
        queue.send_soon(moved)
    for name, value in changes.items():
        setattr(org, name, value)
    return org


def _entitle(
    scope: Scope, org: Org, seats_by_course: dict[str, int], reply_to: str | None, action: str, now: datetime
) -> TrainingAccessOut:
    known = store.entitlements(org.org_id)
    before = {"seats_by_course": store.seats_of(known), "reply_to": org.reply_to}
    after = {"seats_by_course": seats_by_course, "reply_to": reply_to}
    if before != after:
        changes = {"num_entitled": len(seats_by_course), "reply_to": reply_to}
        enough = seats.enough_checks(org.org_id, store.seats_of(known), seats_by_course)
        if len(enough) > _MAX_LOWERED:
            problem = f"Seats can be limited for {_MAX_LOWERED} courses at a time; send the others afterwards."
            raise Invalid(FieldError("seats", "too_many", problem))
        writes = [store.change_write(org, changes), store.entitle_write(known, seats_by_course)]
        writes += [bump_revision(org.org_id, "access"), *enough.values()]
        change = AuditEntry(scope.account_id, action, f"organization/{org.org_id}", before, after)
        try:
            audit.commit(scope.tenant_pk, change, writes, now)
        except ConditionFailed as error:
            _refuse_too_few(error, list(enough), len(writes) - len(enough))
            raise
        org.num_entitled, org.reply_to = len(seats_by_course), reply_to
    return TrainingAccessOut(
        readiness=readiness_of(org),
        missing=missing_of(org),
        course_ids=list(seats_by_course),
        reply_to=reply_to or "",
        seats={course_id: number for course_id, number in seats_by_course.items() if number},
    )


def _refuse_too_few(error: ConditionFailed, courses: Sequence[str], first: int) -> None:
    """Name the courses of which more seats are taken than they were to have."""
    problem = "More seats are taken than this, or are about to be; choose as many as are taken, or more."
    few = [
        FieldError(f"seats.{courses[index - first]}", "fewer_than_taken", problem)
        for index in error.failed
        if index >= first
    ]
    if few:
        raise Invalid(*few) from None


def _client(org: Org) -> ClientOut:
    return ClientOut(
        org_id=org.org_id,
        name=org.name,
        readiness=readiness_of(org),
        missing=missing_of(org),
        time_zone=org.time_zone,
        subscription=Subscription(org.subscription),
    )


def _settings(org: Org) -> SettingsOut:
    return SettingsOut(
        **_client(org).model_dump(),
        reply_to=org.reply_to,
        enroll_hour=org.enroll_hour,
        invitation_days=int(org.invitation_days),
    )
