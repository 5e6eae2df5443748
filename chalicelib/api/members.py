"""HTTP: the directory, and the caller's own account."""

from collections.abc import Sequence

from chalicelib.core.errors import Forbidden
from chalicelib.people.members.schemas import MemberOut, MemberPage, MemberQuery, MeOut
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission
from chalicelib.web.paging import Pager
from chalicelib.web.routing import Call, Empty, Routes
from chalicelib.wiring import wiring

routes = Routes("Directory", __name__)


@routes.add("GET", "/orgs/{org_id}/members", summary="The directory", answer=MemberPage, query=MemberQuery)
def list_members(call: Call[Empty, MemberQuery]) -> MemberPage:
    """Who may see some departments only gets their people, and those of the departments below."""
    org_id, department_id = call.params["org_id"], call.query.department_id
    if department_id:
        scope = _reader(call.account_id, org_id, wiring().directory.department_path(org_id, department_id))
    else:
        scope = _reader_of_some(call.account_id, org_id)
    return wiring().directory.page(scope, call.query, Pager.of(call), call.now)


@routes.add("GET", "/orgs/{org_id}/members/{member_id}", summary="A member", answer=MemberOut)
def read_member(call: Call[Empty, Empty]) -> MemberOut:
    org_id, member_id = call.params["org_id"], call.params["member_id"]
    directory = wiring().directory
    scope = _reader(call.account_id, org_id, directory.department_path_of(org_id, member_id))
    return directory.member(scope, member_id, call.now)


@routes.add("GET", "/me", summary="The caller's roles and memberships", answer=MeOut, tag="Own account")
def read_me(call: Call[Empty, Empty]) -> MeOut:
    return wiring().directory.me(call.account_id, wiring().access.entries(call.account_id))


def _reader(account_id: str, org_id: str, department_path: Sequence[str]) -> Scope:
    return wiring().access.org(account_id, org_id, Permission.MEMBERS_READ, department_path)


def _reader_of_some(account_id: str, org_id: str) -> Scope:
    """Whoever may see all members, or those of some departments."""
    try:
        return _reader(account_id, org_id, ())
    except Forbidden:
        here = [entry for entry in wiring().access.entries(account_id) if entry.org_id == org_id]
        own = [department_id for entry in here for department_id in entry.department_ids or ()]
        return _reader(account_id, org_id, own)
