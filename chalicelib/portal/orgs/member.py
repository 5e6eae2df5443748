"""One person: who and where they are, and archiving them."""

from typing import Any

from chalicelib.core.errors import Conflict, Invalid, MusterError
from chalicelib.people.members import archive, changes
from chalicelib.people.members import service as directory
from chalicelib.people.members.schemas import MemberOut, MemberPatch
from chalicelib.people.members.states import NAME_SHOWN
from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.orgs import choices
from chalicelib.portal.orgs.learners import LEARNERS
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.tenants.access import service as access
from chalicelib.tenants.access.states import Permission
from chalicelib.web.idempotency import idempotent

pages = Pages(Permission.MEMBERS_READ)

_MEMBER = LEARNERS + "/{member_id}"
_IN_THE_FORM = {"first_name", "last_name", "department_id", "location_id", "group_ids"}


@pages.get(_MEMBER)
def member(visit: Visit) -> Shown:
    return _page(visit, None)


@pages.post(_MEMBER, needs=Permission.MEMBERS)
def change(visit: Visit) -> GoTo | Shown:
    """What the form does not have stays: names of who has not accepted, groups of who may not see them."""
    given: dict[str, Any] = {}
    for name in ("first_name", "last_name"):
        if name in visit.form:
            given[name] = visit.form.one(name).strip()
    for name in ("department_id", "location_id"):
        if name in visit.form:
            given[name] = visit.form.one(name) or None
    if "has_groups" in visit.form:
        given["group_ids"] = visit.form.many("group_id")
    try:
        patch = visit.read(MemberPatch, given)
        changes.change(visit.org_scope, visit.params["member_id"], patch, visit.now)
    except (Invalid, Conflict) as error:
        return _page(visit, error, given)
    return _back(visit, "saved")


@pages.get(_MEMBER + "/archive", needs=Permission.MEMBERS)
def ask_archive(visit: Visit) -> Shown:
    return Shown("orgs/archive.html", {"person": _person(visit)})


@pages.post(_MEMBER + "/archive", needs=Permission.MEMBERS)
def archive_member(visit: Visit) -> GoTo:
    member_id = visit.params["member_id"]
    # The same form again finds somebody who is in no department any more.
    path = directory.last_department_path_of(visit.org_id, member_id)
    scope = access.org(visit.account_id, visit.org_id, visit.needs, path)

    def action(seed: str) -> MemberOut:
        archive.archive(scope, member_id, seed, visit.now)
        return directory.member(scope, member_id, visit.now)

    idempotent(visit.call(), MemberOut, action)
    if scope.department_ids is not None:
        # Whose page it was is nobody of theirs now.
        return GoTo(visit.address(f"/orgs/{visit.org_id}/learners"))
    return _back(visit, "archived")


def _person(visit: Visit) -> MemberOut:
    return directory.member(visit.org_scope, visit.params["member_id"], visit.now)


def _back(visit: Visit, done: str) -> GoTo:
    return GoTo(visit.address(f"/orgs/{visit.org_id}/learners/{visit.params['member_id']}", done=done))


def _page(visit: Visit, error: MusterError | None, typed: dict[str, Any] | None = None) -> Shown:
    """`typed` is what was sent in a form that was refused."""
    scope = visit.org_scope
    sees_places = Permission.STRUCTURE_READ in scope.permissions
    person = _person(visit)
    facts = {
        "person": person,
        "given": {**person.model_dump(include=_IN_THE_FORM), **(typed or {})},
        "may_change": Permission.MEMBERS in scope.permissions and person.status in ("active", "pending", "prospect"),
        "may_invite": Permission.INVITES in scope.permissions and person.invitation is not None,
        "shows_name": person.status in NAME_SHOWN,
        "sees_places": sees_places,
        "groups": choices.groups(scope) if sees_places else [],
        "departments": choices.department_names(scope) if sees_places else [],
        "locations": choices.locations(scope) if sees_places else [],
        "problem": error,
        "done": visit.query.one("done"),
    }
    return Shown("orgs/member.html", facts, error.status if error else 200)
