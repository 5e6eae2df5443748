"""Attendance and results of many at once, with faults at every AWS call: entered once, and once in the trail."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.faults import later
from tests.faults.fake_sqs import Request
from tests.faults.injector import Injector
from tests.faults.inviting_scenarios import faults_on_writes
from tests.faults.kinds import GET, GET_MANY, PUT, QUERY, TRANSACT, UPDATE, Fault, each
from tests.faults.live_scenarios import Built, Live
from tests.harness import World

_AUDIT = [QUERY, TRANSACT]
_PLACES = [GET_MANY, GET_MANY]
# The key and its claim; the session; attendance of the people, then their results; the answer.
CALLS = [QUERY, GET, PUT, GET, GET_MANY, *_AUDIT, GET_MANY, *_AUDIT, UPDATE]


@pytest.fixture
def live(world: World, hook: Injector, small: None, monkeypatch: pytest.MonkeyPatch) -> Live:
    return Live(world, hook, monkeypatch)


def _enter(live: Live) -> Built[Request]:
    """Ann and Bob have a place, Carol waits; the session has begun."""
    live.enrolled_people()
    live.world.now = datetime(2087, 1, 20, 8, 30, tzinfo=UTC)
    path = f"/{live.item['training_id']}/sessions/{live.item['session_id']}/attendance"
    ann, bob, carol = live.people_ids
    body = {"absent": [ann, bob, carol], "results": [{"member_id": ann, "score": 70, "comment": "Left early"}]}
    return live.scenario(live.admin_request("POST", path, body, "attendance"))


def _enter_limited(live: Live) -> Built[Request]:
    """By who looks after the department that all three are in."""
    request = _enter(live)[0]
    department = live.world.department(live.org_id)
    for member in live.people_ids:
        path = f"/orgs/{live.org_id}/members/{member}"
        assert live.ask(Request("PATCH", path, live.org_admin, {"department_id": department})).status == 200
    head = live.world.org_admin(live.org_id, role="department_admin", department_ids=[department])
    return live.scenario(replace(request, as_=head))


def _entered(live: Live) -> None:
    people = {one["member_id"]: one for one in live.participants()}
    assert [people[one]["status"] for one in live.people_ids] == ["absent", "absent", "waiting"]
    assert [int(people[one].get("score", -1)) for one in live.people_ids] == [70, -1, -1]
    trail = [item["action"] for item in live.dump("core") if "action" in item]
    assert (trail.count("attendance.entered"), trail.count("results.entered")) == (1, 1)


def test_the_request_makes_these_calls(live: Live) -> None:
    request = live.begin_with(_enter)
    with live.injector.watched() as calls:
        answer = live.ask(request)
    assert (answer.status, calls) == (200, CALLS)
    assert [line["done"] for line in answer.json["results"]] == [True, True, False]
    _entered(live)


@pytest.mark.parametrize(("at", "fault"), faults_on_writes(CALLS, 4))
def test_it_is_entered_once_whichever_call_breaks(live: Live, at: int, fault: Fault) -> None:
    later.broken_request(live, live.begin_with(_enter), at, fault, 200)
    _entered(live)


@pytest.mark.parametrize("at", each(CALLS))
def test_a_comment_that_is_entered_meanwhile_is_not_lost(live: Live, at: int) -> None:
    request = live.begin_with(_enter)
    path = f"/{live.item['training_id']}/participants/{live.people_ids[1]}"
    other = live.admin_request("PATCH", path, {"comment": "Was ill"})
    later.while_asking(live, request, at, lambda: live.ask(other))
    _entered(live)
    assert live.participant(1)["comment"] == "Was ill"


# ---------------------------------------------------------------- by who is limited to departments

# Before the people of either: where they are, and their departments.
CALLS_LIMITED = [QUERY, GET, PUT, GET, *_PLACES, GET_MANY, *_AUDIT, *_PLACES, GET_MANY, *_AUDIT, UPDATE]


def test_the_request_of_a_limited_admin_makes_these_calls(live: Live) -> None:
    request = live.begin_with(_enter_limited)
    with live.injector.watched() as calls:
        answer = live.ask(request)
    assert (answer.status, calls) == (200, CALLS_LIMITED)
    _entered(live)


@pytest.mark.parametrize(("at", "fault"), faults_on_writes(CALLS_LIMITED, 4))
def test_a_limited_admin_s_is_entered_once_whichever_call_breaks(live: Live, at: int, fault: Fault) -> None:
    later.broken_request(live, live.begin_with(_enter_limited), at, fault, 200)
    _entered(live)
