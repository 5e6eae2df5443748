"""The directory with its filters, and what is done with those who are chosen in it."""

from typing import Any

from chalicelib.core.ids import new_id
from chalicelib.people.invitations import resend_cancel
from chalicelib.people.invitations.schemas import ChangedInvites, MemberIds
from chalicelib.people.members import service as directory
from chalicelib.people.members.schemas import MemberPage, MemberQuery
from chalicelib.people.members.states import MemberStatus
from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.orgs import choices
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Fields, Visit
from chalicelib.tenants.access import service as access
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission
from chalicelib.web.idempotency import idempotent

pages = Pages(Permission.MEMBERS_READ)

LEARNERS = "/orgs/{org_id}/learners"
FILTERS = ("status", "group_id", "department_id", "location_id", "search")


@pages.get(LEARNERS)
def learners(visit: Visit) -> Shown:
    query = query_of(visit, visit.query)
    given = query.model_dump(include=set(FILTERS), exclude_none=True)
    scope = _scope(visit, query.department_id)
    shown = directory.page(scope, query, visit.pager(query), visit.now)
    sees_places = Permission.STRUCTURE_READ in scope.permissions
    places = {
        "groups": choices.groups(scope) if sees_places else [],
        "departments": choices.department_names(scope) if sees_places else [],
        "locations": choices.locations(scope) if sees_places else [],
    }
    facts = {
        "shown": shown,
        "num_matching": _num_matching(visit, scope, query, shown),
        "done": visit.query.one("done"),
        "given": {name: visit.query.one(name) if name in given else "" for name in FILTERS},
        "statuses": list(MemberStatus),
        "names": {one: name for pairs in places.values() for one, name in pairs},
        "is_first": not visit.query.one("cursor"),
        **places,
    }
    return Shown("orgs/learners.html", facts)


@pages.post(LEARNERS + "/chosen", needs=Permission.INVITES)
def change_chosen(visit: Visit) -> GoTo:
    """Sends again or withdraws. What came of it for each person has a page."""
    ids = list(dict.fromkeys(visit.form.many("member_id")))
    if not ids:
        return GoTo(visit.address(f"/orgs/{visit.org_id}/learners"))
    member_ids = visit.read(MemberIds, {"member_ids": ids}).member_ids
    is_resend = visit.form.one("go") == "resend"

    def action(seed: str) -> ChangedInvites:
        if is_resend:
            clear = visit.form.one("clear_blocked") == "yes"
            return resend_cancel.resend(visit.org_scope, member_ids, clear, seed, visit.now)
        return resend_cancel.cancel(visit.org_scope, member_ids, seed, visit.now)

    key = visit.form_key or new_id(visit.now)
    idempotent(visit.call(key), ChangedInvites, action)
    go = "resend" if is_resend else "cancel"
    return GoTo(visit.address(f"/orgs/{visit.org_id}/learners/changed/{key}", go=go))


@pages.get(LEARNERS + "/changed/{changed_id}", needs=Permission.INVITES)
def changed(visit: Visit) -> GoTo | Shown:
    """An address of its own, as that of those added (invite.py)."""
    path = f"/orgs/{visit.org_id}/learners"
    found = visit.answered(f"{path}/chosen", visit.params["changed_id"], ChangedInvites)
    if found is None:
        return GoTo(visit.address(path, done="over"))
    results, is_resend = found.results, visit.query.one("go") == "resend"
    people = {one.member_id: directory.member(visit.org_scope, one.member_id, visit.now) for one in results if one.done}
    facts = {"results": results, "people": people, "is_resend": is_resend}
    return Shown("orgs/changed.html", {**facts, "num_done": sum(one.done for one in results)})


def query_of(visit: Visit, fields: Fields) -> MemberQuery:
    """The filters of the list, as its address or a form has them. Raises Invalid."""
    given: dict[str, Any] = {name: text for name in FILTERS if (text := fields.one(name)[:200])}
    if given.get("status") not in (None, *MemberStatus):
        del given["status"]
    return visit.read(MemberQuery, given)


def _num_matching(visit: Visit, scope: Scope, query: MemberQuery, shown: MemberPage) -> int | None:
    """None where counting takes longer than a page may."""
    from chalicelib.portal.orgs.bulk import num_matching

    is_whole = shown.next_cursor is None and not visit.query.one("cursor")
    return len(shown.items) if is_whole else num_matching(scope, query)


def _scope(visit: Visit, department_id: str | None) -> Scope:
    """Who is limited to departments may ask for one of these and those below, and for no other."""
    if department_id is None:
        return visit.org_scope
    path = directory.department_path(visit.org_id, department_id)
    return access.org(visit.account_id, visit.org_id, visit.needs, path)
