"""Groups: their names, and the courses that whoever joins gets."""

from typing import Any

from chalicelib.core.errors import Conflict, Invalid, MusterError, NotFound
from chalicelib.people.members.service import uses as members_in
from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.orgs import choices
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.tenants.access.states import Permission
from chalicelib.tenants.structure import service as structure
from chalicelib.tenants.structure.schemas import GroupCreate, GroupOut, GroupPatch
from chalicelib.training.rollouts.target_uses import batch_uses
from chalicelib.web.idempotency import idempotent

pages = Pages(Permission.STRUCTURE)

# Rooms above the structure know what uses a group, department or location.
USES = (members_in, batch_uses)

_GROUPS = "/orgs/{org_id}/groups"
_GROUP = _GROUPS + "/{group_id}"


@pages.get(_GROUPS, needs=Permission.STRUCTURE_READ)
def groups(visit: Visit) -> Shown:
    return _list(visit, None)


@pages.post(_GROUPS)
def create(visit: Visit) -> GoTo | Shown:
    try:
        form = visit.read(GroupCreate, {"name": visit.form.one("name").strip()})
        made = idempotent(
            visit.call(), GroupOut, lambda seed: structure.create_group(visit.org_scope, form, seed, visit.now)
        )
    except (Invalid, Conflict) as error:
        return _list(visit, error)
    return GoTo(visit.address(f"/orgs/{visit.org_id}/groups/{made.group_id}", done="created"))


@pages.get(_GROUP)
def group(visit: Visit) -> Shown:
    return _page(visit, None)


@pages.post(_GROUP)
def change(visit: Visit) -> GoTo | Shown:
    given: dict[str, Any] = {
        "name": visit.form.one("name").strip(),
        "course_ids": visit.form.many("course_id"),
        "apply_to_members": visit.form.one("apply") == "yes",
    }
    try:
        structure.change_group(visit.org_scope, visit.params["group_id"], visit.read(GroupPatch, given), visit.now)
    except (Invalid, Conflict) as error:
        return _page(visit, error)
    return GoTo(visit.address(f"/orgs/{visit.org_id}/groups/{visit.params['group_id']}", done="saved"))


@pages.post(_GROUP + "/delete")
def delete(visit: Visit) -> GoTo | Shown:
    """Refused while something uses it, so that nothing is lost by it."""
    try:
        structure.delete_group(visit.org_scope, visit.params["group_id"], USES, visit.now)
    except Conflict as error:
        return _page(visit, error)
    except NotFound:
        pass
    return GoTo(visit.address(f"/orgs/{visit.org_id}/groups", done="deleted"))


def _list(visit: Visit, error: MusterError | None) -> Shown:
    facts = {
        "shown": structure.groups(visit.org_scope, visit.pager()),
        "is_first": not visit.query.one("cursor"),
        "name": visit.form.one("name"),
        "problem": error,
        "done": visit.query.one("done"),
    }
    return Shown("orgs/groups.html", facts, error.status if error else 200)


def _page(visit: Visit, error: MusterError | None) -> Shown:
    scope, group_id = visit.org_scope, visit.params["group_id"]
    found = structure.group(scope, group_id)
    typed = visit.form if error and "name" in visit.form else None
    facts = {
        "group": found,
        "name": typed.one("name") if typed else found.name,
        "chosen": typed.many("course_id") if typed else found.course_ids,
        "courses": choices.courses(scope),
        "problem": error,
        "done": visit.query.one("done"),
    }
    return Shown("orgs/group.html", facts, error.status if error else 200)
