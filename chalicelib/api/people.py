"""HTTP: changing and archiving members."""

from typing import Any

from chalicelib.people.members.schemas import MemberOut, MemberPatch
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.access.states import Permission
from chalicelib.web.routing import Call, Empty, Routes
from chalicelib.wiring import once, wiring

routes = Routes("Directory", __name__)

_MEMBER = "/orgs/{org_id}/members/{member_id}"


@routes.add("PATCH", _MEMBER, summary="Change a member", body=MemberPatch, answer=MemberOut)
def change_member(call: Call[MemberPatch, Empty]) -> MemberOut:
    """Groups that an active member is added to enroll them in their courses. Leaving a group keeps enrollments."""
    scope, member_id = _scope(call), call.params["member_id"]
    wiring().member_changes.change(scope, member_id, call.body, call.now)
    return wiring().directory.member(scope, member_id, call.now)


@routes.add("POST", _MEMBER + "/archive", summary="Archive a member", answer=MemberOut, once=True)
def archive_member(call: Call[Empty, Empty]) -> MemberOut:
    """The person keeps access to what is in progress, the organization what was completed; the rest is cancelled."""
    scope, member_id = _scope(call), call.params["member_id"]

    def action(seed: str) -> MemberOut:
        wiring().member_archive.archive(scope, member_id, seed, call.now)
        return wiring().directory.member(scope, member_id, call.now)

    return once(call, MemberOut, action)


def _scope(call: Call[Any, Any]) -> Scope:
    org_id = call.params["org_id"]
    path = wiring().directory.department_path_of(org_id, call.params["member_id"])
    return wiring().access.org(call.account_id, org_id, Permission.MEMBERS, path)
