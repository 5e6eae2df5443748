"""What is done with many learners: those of a page, or all that match. First a page that says whom it reaches."""

from typing import Any

from chalicelib.core.errors import Conflict, MusterError
from chalicelib.people.bulk_actions import service
from chalicelib.people.bulk_actions.schemas import BulkActionOut, ManyPeople
from chalicelib.people.bulk_actions.states import BulkKind, BulkStatus
from chalicelib.people.members import service as directory
from chalicelib.people.members.schemas import MemberQuery
from chalicelib.people.search.schemas import Filter
from chalicelib.people.search.search import Search, criteria_of
from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.live import live
from chalicelib.portal.orgs.learners import FILTERS, LEARNERS, query_of
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission
from chalicelib.tenants.admins.names import names_of
from chalicelib.tenants.organizations.lookups import zone_in
from chalicelib.web.idempotency import idempotent

pages = Pages(Permission.MEMBERS_READ)

_ACTION = "/orgs/{org_id}/actions/{action_id}"


@pages.post(LEARNERS + "/actions")
def prepare(visit: Visit) -> GoTo:
    """`which` people: those who are ticked, those of the page, or all that match the filters of the list."""
    scope, form = visit.org_scope, visit.form
    filters = {name: form.one(name) for name in FILTERS}
    if form.one("go") not in set(BulkKind):
        return GoTo(visit.address(f"/orgs/{visit.org_id}/learners", **filters))
    kind = BulkKind(form.one("go"))
    people: dict[str, Any] = {}
    if form.one("which") == "all":
        people["filter"] = filter_of(query_of(visit, form))
    else:
        ids = form.many("shown_id" if form.one("which") == "page" else "member_id")
        people["member_ids"] = list(dict.fromkeys(ids))
        if not ids:
            return GoTo(visit.address(f"/orgs/{visit.org_id}/learners", **filters, done="none"))
    chosen = visit.read(ManyPeople, people)
    clear = form.one("clear_blocked") == "yes"
    made = idempotent(
        visit.call(), BulkActionOut, lambda seed: service.prepare(scope, kind, chosen, clear, seed, visit.now)
    )
    return GoTo(visit.address(f"/orgs/{visit.org_id}/actions/{made.action_id}"))


@pages.get(_ACTION)
def show(visit: Visit) -> Shown:
    return _page(visit, None)


@pages.post(_ACTION)
def run(visit: Visit) -> GoTo | Shown:
    scope, action_id = visit.org_scope, visit.params["action_id"]
    try:
        idempotent(
            visit.call(), BulkActionOut,
            lambda seed: service.run(scope, action_id, frozenset(BulkKind), seed, visit.now),
        )  # fmt: skip
    except Conflict as error:
        return _page(visit, error)
    return GoTo(visit.address(f"/orgs/{visit.org_id}/actions/{action_id}", done="started"))


def filter_of(query: MemberQuery) -> Filter:
    """The filters of the list, for everybody who matches them."""
    given: dict[str, Any] = {"statuses": [query.status] if query.status else []}
    for name in ("group", "department", "location"):
        chosen = getattr(query, f"{name}_id")
        given[f"{name}_ids"] = [chosen] if chosen else []
    return Filter.model_validate({**given, "starts_with": {"any": query.search or ""}})


def num_matching(scope: Scope, query: MemberQuery) -> int | None:
    """As many as a list shows over all its pages; None where counting them takes long."""
    search = Search(scope.org, criteria_of(scope.org, filter_of(query), scope.department_ids))
    if search.is_wide:
        return None
    counted = search.count(_LOOKS)
    return counted.num_matching if counted.position is None else None


# One query, or ten calls.
_LOOKS = 1000


def _page(visit: Visit, error: MusterError | None) -> Shown:
    scope, action_id = visit.org_scope, visit.params["action_id"]
    found = service.read(scope, action_id, visit.now)
    results = service.results(scope, action_id, visit.pager(), visit.now)
    ids = [one.member_id for one in results.items]
    facts = {
        "action": found,
        "live": live(visit, found.status in (BulkStatus.COUNTING, BulkStatus.RUNNING)),
        "shown": results,
        "people": directory.members_by_id(scope, ids, visit.now),
        "names": names_of(scope, [found.created_by, found.run_by]),
        "zone": str(zone_in(scope.msp_id, scope.org)),
        "is_first": not visit.query.one("cursor"),
        "problem": error,
        "done": visit.query.one("done"),
    }
    return Shown("orgs/action.html", facts, error.status if error else 200)
