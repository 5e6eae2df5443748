"""HTTP: the directory, and the caller's own account."""

from typing import Any

from chalicelib.people.accounts import login_names
from chalicelib.people.accounts.login_name_schemas import FirstPassword, MemberCreate
from chalicelib.people.members import archive, changes, memberships
from chalicelib.people.members import service as directory
from chalicelib.people.members.schemas import MemberOut, MemberPage, MemberPatch, MemberQuery, MeOut
from chalicelib.tenants.access import service as access
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission
from chalicelib.web.idempotency import idempotent
from chalicelib.web.paging import Pager
from chalicelib.web.routing import Call, Empty, Routes

routes = Routes("Directory", __name__, needs=Permission.MEMBERS_READ, limited=True)

_MEMBER = "/orgs/{org_id}/members/{member_id}"


@routes.add("GET", "/orgs/{org_id}/members", summary="The directory", answer=MemberPage, query=MemberQuery)
def list_members(call: Call[Empty, MemberQuery]) -> MemberPage:
    """Who may see some departments only gets their people, and those of the departments below."""
    org_id, department_id = call.params["org_id"], call.query.department_id
    if department_id:
        scope = access.org(call.account_id, org_id, call.needs, directory.department_path(org_id, department_id))
    else:
        scope = access.org_or_departments(call.account_id, org_id, call.needs)
    return directory.page(scope, call.query, Pager.of(call), call.now)


@routes.add(
    "POST", "/orgs/{org_id}/members", summary="Create a member without an address", answer=MemberOut,
    body=MemberCreate, status=201, idempotent=True, needs=Permission.MEMBERS,
)  # fmt: skip
def create_member(call: Call[MemberCreate, Empty]) -> MemberOut:
    """They log in by login name with this password, which they have to change, and get the courses of their groups."""
    scope = access.org_or_departments(call.account_id, call.params["org_id"], call.needs)

    def action(seed: str) -> MemberOut:
        return directory.member(scope, login_names.create(scope, call.body, seed, call.now), call.now)

    return idempotent(call, MemberOut, action)


@routes.add(
    "PUT", _MEMBER + "/first-password", summary="Set another first password", answer=None, body=FirstPassword,
    status=204, needs=Permission.MEMBERS,
)  # fmt: skip
def set_first_password(call: Call[FirstPassword, Empty]) -> None:
    """Of who has a login name and no address; to be changed at the next log-in, within seven days."""
    login_names.new_first_password(_manager(call), call.params["member_id"], call.body.password, call.now)


@routes.add("GET", _MEMBER, summary="A member", answer=MemberOut)
def read_member(call: Call[Empty, Empty]) -> MemberOut:
    org_id, member_id = call.params["org_id"], call.params["member_id"]
    scope = access.org(call.account_id, org_id, call.needs, directory.department_path_of(org_id, member_id))
    return directory.member(scope, member_id, call.now)


@routes.add("PATCH", _MEMBER, summary="Change a member", body=MemberPatch, answer=MemberOut, needs=Permission.MEMBERS)
def change_member(call: Call[MemberPatch, Empty]) -> MemberOut:
    """Groups that an active member is added to enroll them in their courses. Leaving a group keeps enrollments."""
    scope, member_id = _manager(call), call.params["member_id"]
    changes.change(scope, member_id, call.body, call.now)
    return directory.member(scope, member_id, call.now)


@routes.add(
    "POST",
    _MEMBER + "/archive",
    summary="Archive a member",
    answer=MemberOut,
    idempotent=True,
    needs=Permission.MEMBERS,
)
def archive_member(call: Call[Empty, Empty]) -> MemberOut:
    """The person keeps access to what is in progress, the organization what was completed; the rest is cancelled."""
    org_id, member_id = call.params["org_id"], call.params["member_id"]
    # The same request again finds somebody who is in no department any more.
    scope = access.org(call.account_id, org_id, call.needs, directory.last_department_path_of(org_id, member_id))

    def action(seed: str) -> MemberOut:
        archive.archive(scope, member_id, seed, call.now)
        return directory.member(scope, member_id, call.now)

    return idempotent(call, MemberOut, action)


@routes.add(
    "GET", "/me", summary="The caller's roles and memberships", answer=MeOut, tag="Own account", needs="", limited=False
)
def read_me(call: Call[Empty, Empty]) -> MeOut:
    return memberships.me(call.account_id, access.entries(call.account_id))


def _manager(call: Call[Any, Any]) -> Scope:
    org_id = call.params["org_id"]
    path = directory.department_path_of(org_id, call.params["member_id"])
    return access.org(call.account_id, org_id, call.needs, path)
