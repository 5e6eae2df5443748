"""A member without an address, created, and given another first password: broken at every call in every way."""

import pytest

from tests.faults.fake_sqs import Request
from tests.faults.harness import FaultHarness
from tests.faults.kinds import GET, PUT, QUERY, SEND, TRANSACT, UPDATE, Fault, pairs
from tests.faults.snapshots import built_once

MAKE, LOOK, SET = "cognito-idp.AdminCreateUser", "cognito-idp.AdminGetUser", "cognito-idp.AdminSetUserPassword"

# Who asks, and whose client it is; the key and its claim; is it there already; is the client open; the group; the claim
# of the name; the account; the head of the audit trail, the member; the courses' job; the member as shown; the answer.
CREATE = [QUERY, GET, GET, PUT, GET, GET, GET, TRANSACT, MAKE, QUERY, TRANSACT, SEND, GET, UPDATE]

# The member's department, who asks, whose client it is, the member, other memberships, the audit trail, the account.
# Last, the sessions that began meanwhile.
RESET = [GET, QUERY, GET, GET, QUERY, QUERY, TRANSACT, LOOK, SET, TRANSACT, QUERY, GET]

FIRST, SECOND = "First-password-1", "Second-password-2"


@built_once
def creating(play: FaultHarness) -> tuple[Request, str, str]:
    """The request, the organization and the course that its member gets."""
    course = play.course()
    org_id = play.client(0, [course])
    group = play.world.group(org_id, "Drivers", [course])
    form = {"login_name": "ann.lee", "password": FIRST, "first_name": "Ann", "group_ids": [group]}
    return Request("POST", f"/orgs/{org_id}/members", play.admin, form, "create"), org_id, course


@built_once
def created(play: FaultHarness) -> Request:
    """The request for another first password, of a member who is there."""
    request, org_id, _ = creating(play)
    member_id = play.ask(request).json["member_id"]
    play.outside.until_quiet()
    return Request("PUT", f"/orgs/{org_id}/members/{member_id}/first-password", play.admin, {"password": SECOND})


def _is_first(play: FaultHarness, password: str) -> bool:
    play.world.now = play.world.now.replace(year=play.world.now.year + 1)  # Past every limit on tries.
    answer = play.world.post("/auth/login", body={"login": "ann.lee", "password": password})
    return answer.status == 200 and answer.json["challenge"] == "new_password_required"


def test_creating_makes_these_calls(play: FaultHarness) -> None:
    request, _, _ = creating(play)
    with play.injector.watched() as calls:
        assert play.ask(request).status == 201
    assert calls == CREATE


@pytest.mark.parametrize(("at", "fault"), pairs(CREATE))
def test_one_member_comes_out_whichever_call_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    request, org_id, course = creating(play)
    with play.injector.fault(at, fault):
        first = play.outside.ask(request)
    assert play.injector.struck
    answer = play.outside.ask_until_answered(request)
    assert answer.status == 201, answer.text
    if first is not None and first.status == 201:
        assert first.json == answer.json
    play.outside.until_quiet()
    (member,) = play.world.every(f"/orgs/{org_id}/members", play.admin)
    assert (member["member_id"], member["status"]) == (answer.json["member_id"], "active")
    held = play.world.every(f"/orgs/{org_id}/members/{member['member_id']}/enrollments", play.admin)
    assert [one["course_id"] for one in held] == [course]
    assert _is_first(play, FIRST)


def test_another_first_password_makes_these_calls(play: FaultHarness) -> None:
    request = created(play)
    with play.injector.watched() as calls:
        assert play.ask(request).status == 204
    assert calls == RESET


@pytest.mark.parametrize(("at", "fault"), pairs(RESET))
def test_another_first_password_is_set_whichever_call_breaks(play: FaultHarness, at: int, fault: Fault) -> None:
    request = created(play)
    with play.injector.fault(at, fault):
        play.outside.ask(request)
    assert play.injector.struck
    assert play.outside.ask_until_answered(request).status == 204
    assert _is_first(play, SECOND)
