"""Groups, departments and locations of an organization."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from chalicelib.aws.table import Write
from chalicelib.core.errors import NotFound, refuse_unknown
from chalicelib.core.ids import derived_id
from chalicelib.jobs import due, queue
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.courses import service as library
from chalicelib.tenants.structure import names
from chalicelib.tenants.structure import store as structure_store
from chalicelib.tenants.structure.events import group_courses_applied
from chalicelib.tenants.structure.models import Group, Location, group_sk, location_sk
from chalicelib.tenants.structure.names import GROUP, LOCATION, Uses
from chalicelib.tenants.structure.schemas import (
    GroupCreate,
    GroupOut,
    GroupPage,
    GroupPatch,
    LocationCreate,
    LocationOut,
    LocationPage,
    LocationPatch,
)
from chalicelib.web.paging import Pager


class Joiners(Protocol):
    """What enrolls the members of a group: writes for the transaction that asks for it, and a job to send after it."""

    def applied_writes(self, msp_id: str, org_id: str, group_id: str, now: datetime) -> tuple[list[Write], Any]: ...

    def send(self, job: Any) -> None: ...


# Groups


def groups(scope: Scope, pager: Pager) -> GroupPage:
    found = structure_store.structure_page(Group, scope.org, group_sk(""), pager.limit, pager.position)
    return GroupPage(items=[_group_out(one) for one in found.items], next_cursor=pager.cursor(found.next_position))


def create_group(scope: Scope, asked: GroupCreate, seed: str, now: datetime) -> GroupOut:
    _check_courses(scope, asked.course_ids)
    group_id = derived_id(seed, GROUP)
    made = Group(org_pk(scope.org), group_sk(group_id), group_id=group_id, **asked.model_dump())
    is_new = names.create(scope, GROUP, group_id, made, asked.model_dump(), now)
    return _group_out(made if is_new else _group(scope.org, group_id))


def change_group(scope: Scope, group_id: str, asked: GroupPatch, now: datetime) -> GroupOut:
    known = _group(scope.org, group_id)
    given = asked.model_dump(exclude_unset=True, exclude={"apply_to_members"})
    _check_courses(scope, given.get("course_ids", ()))
    if not asked.apply_to_members:
        names.change(scope, GROUP, group_id, known, given, now)
        return _group_out(known)
    applied = group_courses_applied(scope.msp_id, scope.org, group_id, now)
    names.change(scope, GROUP, group_id, known, given, now, [due.write(applied)], {"apply_to_members": True})
    queue.send_soon(applied)
    return _group_out(known)


def delete_group(scope: Scope, group_id: str, uses: Sequence[Uses], now: datetime) -> None:
    known = _group(scope.org, group_id)
    names.refuse_while_used(uses, scope.org, GROUP, group_id)
    before = {"name": known.name, "course_ids": list(known.course_ids)}
    names.delete(scope, GROUP, group_id, known, before, now)


def _check_courses(scope: Scope, course_ids: Sequence[str]) -> None:
    refuse_unknown("course_ids", course_ids, library.unknown_courses(scope.msp_id, course_ids), "course")


# Departments


def unknown_departments(org_id: str, department_ids: Sequence[str]) -> list[str]:
    known = structure_store.known_departments(org_id, department_ids)
    return [department_id for department_id in department_ids if department_id not in known]


# Locations


def locations(scope: Scope, pager: Pager) -> LocationPage:
    found = structure_store.structure_page(Location, scope.org, location_sk(""), pager.limit, pager.position)
    return LocationPage(
        items=[_location_out(one) for one in found.items], next_cursor=pager.cursor(found.next_position)
    )


def create_location(scope: Scope, asked: LocationCreate, seed: str, now: datetime) -> LocationOut:
    location_id = derived_id(seed, LOCATION)
    made = Location(org_pk(scope.org), location_sk(location_id), location_id=location_id, name=asked.name)
    is_new = names.create(scope, LOCATION, location_id, made, asked.model_dump(), now)
    return _location_out(made if is_new else _location(scope.org, location_id))


def change_location(scope: Scope, location_id: str, asked: LocationPatch, now: datetime) -> LocationOut:
    known = _location(scope.org, location_id)
    names.change(scope, LOCATION, location_id, known, asked.model_dump(exclude_unset=True), now)
    return _location_out(known)


def delete_location(scope: Scope, location_id: str, uses: Sequence[Uses], now: datetime) -> None:
    known = _location(scope.org, location_id)
    names.refuse_while_used(uses, scope.org, LOCATION, location_id)
    names.delete(scope, LOCATION, location_id, known, {"name": known.name}, now)


def _group(org_id: str, group_id: str) -> Group:
    found = structure_store.group(org_id, group_id)
    if found is None:
        raise NotFound("There is no such group")
    return found


def _location(org_id: str, location_id: str) -> Location:
    found = structure_store.location(org_id, location_id)
    if found is None:
        raise NotFound("There is no such location")
    return found


def _group_out(one: Group) -> GroupOut:
    return GroupOut(group_id=one.group_id, name=one.name, course_ids=list(one.course_ids))


def _location_out(one: Location) -> LocationOut:
    return LocationOut(location_id=one.location_id, name=one.name)
