"""Groups and locations of an organization."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chalicelib.core.clock import to_text
from chalicelib.core.errors import NotFound, refuse_unknown
from chalicelib.core.ids import derived_id
from chalicelib.jobs import queue
from chalicelib.tenants.access.models import org_pk
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.courses import service as courses
from chalicelib.tenants.structure import names, store
from chalicelib.tenants.structure.events import group_courses_applied
from chalicelib.tenants.structure.models import Group, Location, group_sk, location_sk
from chalicelib.tenants.structure.names import Uses
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
from chalicelib.tenants.structure.states import GROUP, LOCATION
from chalicelib.web.paging import Pager

# Groups


def groups(scope: Scope, pager: Pager) -> GroupPage:
    page = store.structure_page(Group, scope.org, group_sk(""), pager.limit, pager.position)
    return GroupPage(items=[_group_out(group) for group in page.items], next_cursor=pager.cursor(page.next_position))


def group(scope: Scope, group_id: str) -> GroupOut:
    return _group_out(_group(scope.org, group_id))


def create_group(scope: Scope, form: GroupCreate, seed: str, now: datetime) -> GroupOut:
    _check_courses(scope, form.course_ids)
    group_id = derived_id(seed, GROUP)
    group = Group(org_pk(scope.org), group_sk(group_id), group_id=group_id, **form.model_dump())
    is_new = names.create(scope, GROUP, group_id, group, form.model_dump(), now)
    return _group_out(group if is_new else _group(scope.org, group_id))


def change_group(scope: Scope, group_id: str, form: GroupPatch, now: datetime) -> GroupOut:
    group = _group(scope.org, group_id)
    patch = form.model_dump(exclude_unset=True, exclude={"apply_to_members"})
    _check_courses(scope, patch.get("course_ids", ()))
    attached = _attached_at(group, patch, now)
    if not form.apply_to_members:
        names.change(scope, GROUP, group_id, group, patch, now, beside=attached)
        return _group_out(group)
    event = group_courses_applied(scope.msp_id, scope.org, group_id, now)
    names.change(scope, GROUP, group_id, group, patch, now, event, {"apply_to_members": True}, attached)
    queue.send_soon(event)
    return _group_out(group)


def _attached_at(group: Group, patch: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """When each course came to the group, as it is after this change of courses."""
    if "course_ids" not in patch or patch["course_ids"] == list(group.course_ids):
        return {}
    before = {course_id: at for course_id, at in (group.attached_at or {}).items() if course_id in patch["course_ids"]}
    new = set(patch["course_ids"]) - set(group.course_ids)
    return {"attached_at": {**before, **dict.fromkeys(sorted(new), to_text(now))}}


def delete_group(scope: Scope, group_id: str, uses: Sequence[Uses], now: datetime) -> None:
    group = _group(scope.org, group_id)
    names.refuse_while_used(uses, scope.org, GROUP, group_id)
    before = {"name": group.name, "course_ids": list(group.course_ids)}
    names.delete(scope, GROUP, group_id, group, before, now)


def _check_courses(scope: Scope, course_ids: Sequence[str]) -> None:
    refuse_unknown("course_ids", course_ids, courses.unknown_courses(scope.msp_id, course_ids), "course")


# Locations


def locations(scope: Scope, pager: Pager) -> LocationPage:
    page = store.structure_page(Location, scope.org, location_sk(""), pager.limit, pager.position)
    items = [_location_out(location) for location in page.items]
    return LocationPage(items=items, next_cursor=pager.cursor(page.next_position))


def location(scope: Scope, location_id: str) -> LocationOut:
    return _location_out(_location(scope.org, location_id))


def create_location(scope: Scope, form: LocationCreate, seed: str, now: datetime) -> LocationOut:
    location_id = derived_id(seed, LOCATION)
    location = Location(org_pk(scope.org), location_sk(location_id), location_id=location_id, name=form.name)
    is_new = names.create(scope, LOCATION, location_id, location, form.model_dump(), now)
    return _location_out(location if is_new else _location(scope.org, location_id))


def change_location(scope: Scope, location_id: str, form: LocationPatch, now: datetime) -> LocationOut:
    location = _location(scope.org, location_id)
    names.change(scope, LOCATION, location_id, location, form.model_dump(exclude_unset=True), now)
    return _location_out(location)


def delete_location(scope: Scope, location_id: str, uses: Sequence[Uses], now: datetime) -> None:
    location = _location(scope.org, location_id)
    names.refuse_while_used(uses, scope.org, LOCATION, location_id)
    names.delete(scope, LOCATION, location_id, location, {"name": location.name}, now)


def _group(org_id: str, group_id: str) -> Group:
    group = store.group(org_id, group_id)
    if group is None:
        raise NotFound("There is no such group")
    return group


def _location(org_id: str, location_id: str) -> Location:
    location = store.location(org_id, location_id)
    if location is None:
        raise NotFound("There is no such location")
    return location


def _group_out(group: Group) -> GroupOut:
    return GroupOut(group_id=group.group_id, name=group.name, course_ids=list(group.course_ids))


def _location_out(location: Location) -> LocationOut:
    return LocationOut(location_id=location.location_id, name=location.name)


def any_of(org_id: str) -> str | None:
    """Whether the organization has groups, departments or locations."""
    found = (("groups", store.groups), ("departments", store.departments), ("locations", store.locations))
    return next((name for name, units in found if units(org_id)), None)
