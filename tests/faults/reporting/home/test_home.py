"""The learner's start page with a fault at each of its four calls: it says so, and is the same when asked again."""

from typing import Any

import pytest

from tests.faults.fake_sqs import Request
from tests.faults.harness import FaultHarness
from tests.faults.kinds import GET_MANY, QUERY, READ_MANY, Fault, pairs

# Who asks, and who invites them; what they have; what it is called; their notifications.
CALLS = [READ_MANY, READ_MANY, GET_MANY, QUERY]

EMAIL = "kim@example.com"


def _account(play: FaultHarness) -> str:
    """Somebody with a course in one client, a certificate, and an invitation of another client."""
    world = play.world
    courses = [play.course(), play.course(certificate=True)]
    org_id = play.client(0, courses)
    account = world.account(EMAIL)
    _, member = world.learner(org_id, account_id=account, email=EMAIL)
    play.launch([org_id], [{"course_id": course} for course in courses])
    play.outside.until_quiet()
    assert play.ask(Request("POST", f"/me/courses/{org_id}.{member}.{courses[1]}/complete", account)).status == 200
    inviting = world.org(play.msp_id, "Inviting", subscription="active")
    form = {"group_id": world.group(inviting, "All"), "emails": [EMAIL], "notify": "now"}
    assert play.ask(Request("POST", f"/orgs/{inviting}/invites", play.admin, form, "invite")).status == 201
    play.outside.until_quiet()
    return account


def _home(play: FaultHarness, account: str) -> dict[str, Any]:
    answer = play.ask(Request("GET", "/me/home", account))
    assert answer.status == 200, answer.text
    return dict(answer.json)


def test_the_page_makes_these_calls(play: FaultHarness) -> None:
    account = _account(play)
    with play.injector.watched() as calls:
        home = _home(play, account)
    assert calls == CALLS
    assert (home["num_invitations"], home["num_open_courses"], home["num_certificates"]) == (1, 1, 1)


@pytest.mark.parametrize(("at", "fault"), pairs(CALLS))
def test_a_fault_is_told_and_changes_nothing(play: FaultHarness, at: int, fault: Fault) -> None:
    account = _account(play)
    whole, before = _home(play, account), [play.world.dump(name) for name in ("core", "enrollments", "outbox")]
    with play.injector.fault(at, fault):
        answer = play.outside.ask(Request("GET", "/me/home", account))
    assert play.injector.struck
    # Never a page that lacks what could not be read.
    assert answer is None or answer.status == 503 or answer.json == whole
    assert _home(play, account) == whole
    assert [play.world.dump(name) for name in ("core", "enrollments", "outbox")] == before
